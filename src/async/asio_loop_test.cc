#include "async/asio_loop.h"

#include <atomic>
#include <csignal>
#include <ctime>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/wait.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;

Task<int> short_then_long(AsioLoop& loop) {
  // The later timer is armed first: the loop must re-arm for the earlier one.
  Event late(loop);
  const Timer timer(loop, loop.mono_now() + std::chrono::hours(1), [&] { late.set(); });
  const Status slept = co_await sleep_for(loop, milliseconds(5), {});
  co_return slept ? 1 : 0;
}

Task<Status> wait_with_deadline(Event& event, Stop stop) {
  return event.wait(std::move(stop));
}

TEST(AsioLoop, RunsAnEarlierTimerThatWasAddedLater) {
  AsioLoop loop;
  EXPECT_EQ(loop.run(short_then_long(loop)), 1);
}

TEST(AsioLoop, ItsClockCountsTheTimeAMachineIsSuspended) {
  const auto boot_time = [] {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const AsioLoop loop;
  const auto before = boot_time();
  const auto now = loop.mono_now().time_since_epoch();
  EXPECT_GE(now, before);
  EXPECT_LE(now, boot_time());
}

TEST(AsioLoop, TakesPostsFromOtherThreads) {
  AsioLoop loop;
  Event event(loop);
  std::thread other([&] { loop.post([&] { event.set(); }); });
  const StopSource limit({}, loop, loop.mono_now() + std::chrono::seconds(20));
  EXPECT_TRUE(loop.run(wait_with_deadline(event, limit.stop())).has_value());
  other.join();
}

Task<> post_also_from_a_thread(AsioLoop& loop, std::vector<int>& ran) {
  OneShot<bool> last(loop);
  loop.post([&] { ran.push_back(2); });
  std::thread([&] { loop.post([&] { ran.push_back(3); }); }).join();
  loop.post([&] {
    ran.push_back(4);
    last.set(true);
  });
  co_await last.get({});
}

TEST(AsioLoop, RunsPostsInTheOrderOfTheCallsWhoeverMakesThem) {
  AsioLoop loop;
  std::vector<int> ran;
  loop.post([&] { ran.push_back(1); });
  loop.run(post_also_from_a_thread(loop, ran));
  EXPECT_EQ(ran, std::vector({1, 2, 3, 4}));
}

TEST(AsioLoop, APostThatPostsAgainStarvesNeitherTimersNorSignalsNorOtherThreads) {
  AsioLoop loop(kLoopRest);
  const MonoTime limit = loop.mono_now() + std::chrono::seconds(20);
  std::function<void()> again = [&] {
    if (loop.mono_now() < limit) loop.post([&] { again(); });
  };
  again();
  EXPECT_TRUE(loop.run(sleep_for(loop, milliseconds(5), {})).has_value());
  Event signalled(loop);
  loop.on_signals({SIGUSR1}, [&](int) { signalled.set(); });
  std::raise(SIGUSR1);
  EXPECT_TRUE(loop.run(wait_with_deadline(signalled, {})).has_value());
  Event posted(loop);
  std::thread other([&] { loop.post([&] { posted.set(); }); });
  EXPECT_TRUE(loop.run(wait_with_deadline(posted, {})).has_value());
  other.join();
  EXPECT_LT(loop.mono_now(), limit);
}

TEST(AsioLoop, DropsWhatIsStillPostedEvenWhenThatPostsAgain) {
  int dropped = 0;
  int ran = 0;
  auto owner = std::make_unique<AsioLoop>();
  AsioLoop& loop = *owner;
  const auto post = [&](auto& self) -> void {
    std::shared_ptr<void> last(nullptr, [&](void*) {
      if (++dropped < 3) self(self);
    });
    loop.post([&ran, last = std::move(last)] { ++ran; });
  };
  post(post);
  owner.reset();
  EXPECT_EQ(dropped, 3);
  EXPECT_EQ(ran, 0);
}

TEST(AsioLoop, HandsSignalsToTheLoopThread) {
  AsioLoop loop;
  Event event(loop);
  int seen = 0;
  loop.on_signals({SIGUSR1}, [&](int signal) {
    seen = signal;
    event.set();
  });
  std::raise(SIGUSR1);
  const StopSource limit({}, loop, loop.mono_now() + std::chrono::seconds(20));
  EXPECT_TRUE(loop.run(wait_with_deadline(event, limit.stop())).has_value());
  EXPECT_EQ(seen, SIGUSR1);
}

// What another thread posts at this pace until it is told to stop.
class Load {
 public:
  Load(AsioLoop& loop, std::chrono::microseconds pace)
      : loop_(loop), thread_([this, &loop, pace] {
          while (!stop_) {
            loop.post([this, &loop] {
              came_at_.push_back(loop.mono_now());
              if (served_ != nullptr && came_at_.size() == awaited_) served_->set();
            });
            std::this_thread::sleep_for(pace);
          }
        }) {}
  ~Load() { end(); }
  void end() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  // Runs the loop until so many more have run, and returns how long that took, without the time in
  // which this machine let it not run.
  [[nodiscard]] std::chrono::nanoseconds serve(size_t more) {
    constexpr milliseconds kStall{100};
    const MonoTime begin = loop_.mono_now();
    const size_t first = came_at_.size();
    Event served(loop_);
    served_ = &served;
    awaited_ = came_at_.size() + more;
    const StopSource limit({}, loop_, begin + std::chrono::seconds(20));
    EXPECT_TRUE(loop_.run(wait_with_deadline(served, limit.stop())).has_value());
    served_ = nullptr;
    std::chrono::nanoseconds took = loop_.mono_now() - begin;
    for (size_t i = std::max<size_t>(first, 1); i < came_at_.size(); ++i) {
      const auto gap = came_at_[i] - came_at_[i - 1];
      if (gap > kStall) took -= gap;
    }
    return took;
  }

  // In the order in which they ran. Read on the loop's thread.
  [[nodiscard]] const std::vector<MonoTime>& came_at() const { return came_at_; }
  // Groups with a pause before each, a quarter of a rest or longer.
  [[nodiscard]] size_t groups(std::chrono::milliseconds rest) const {
    size_t count = came_at_.empty() ? 0 : 1;
    for (size_t i = 1; i < came_at_.size(); ++i) {
      if (came_at_[i] - came_at_[i - 1] > rest / 4) ++count;
    }
    return count;
  }

 private:
  AsioLoop& loop_;
  std::vector<MonoTime> came_at_;
  Event* served_ = nullptr;
  size_t awaited_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

constexpr milliseconds kLoadPace{1};  // each post would be a wake-up of its own
constexpr size_t kLoad = 1500;        // some 100 whole rests, or 400 in haste

size_t rests_in(std::chrono::nanoseconds time, std::chrono::milliseconds rest) {
  return static_cast<size_t>(time / rest + kLoopWakeUpBurst);
}

TEST(AsioLoop, UnderLoadOneWakeUpServesWhatCameInARest) {
  AsioLoop loop(kLoopRest);
  Load load(loop, kLoadPace);
  const auto took = load.serve(kLoad);
  load.end();
  // A busy machine may cut a group in two now and then.
  EXPECT_LE(load.groups(kLoopRest), rests_in(took, kLoopRest) * 3 / 2);
}

TEST(AsioLoop, InHasteItRestsForAShortTime) {
  AsioLoop loop(kLoopRest);
  bool in_haste = true;
  loop.set_haste([&] { return in_haste; });
  Load load(loop, kLoadPace);
  auto took = load.serve(kLoad);
  const size_t groups = load.groups(kLoopRestInHaste);
  EXPECT_GE(groups, static_cast<size_t>(took / kLoopRestInHaste) / 2);  // whole rests: a quarter
  EXPECT_LE(groups, rests_in(took, kLoopRestInHaste) * 3 / 2);

  in_haste = false;
  took = load.serve(kLoad);
  load.end();
  EXPECT_LE(load.groups(kLoopRestInHaste) - groups, rests_in(took, kLoopRest) * 3 / 2);
}

TEST(AsioLoop, ARestDoesNotMakeATimerLate) {
  AsioLoop loop(kLoopRest);
  const Load load(loop, std::chrono::microseconds(300));
  EXPECT_TRUE(loop.run(sleep_for(loop, 10 * kLoopRest, {})).has_value());  // it rests by now
  std::chrono::nanoseconds late = std::chrono::seconds(1);  // the least of many: others run too
  for (int i = 0; i < 50; ++i) {
    const MonoTime due = loop.mono_now() + kLoopRest / 4;
    EXPECT_TRUE(loop.run(sleep_until(loop, due, {})).has_value());
    late = std::min<std::chrono::nanoseconds>(late, loop.mono_now() - due);
  }
  EXPECT_LT(late, kLoopRest / 4);
}

TEST(AsioLoop, DoesNotRestForTheSakeOfSingleEvents) {
  AsioLoop loop(kLoopRest);
  std::chrono::nanoseconds late = std::chrono::seconds(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(loop.run(sleep_for(loop, 2 * kLoopRest, {})).has_value());
    OneShot<MonoTime> ran(loop);
    MonoTime posted;
    std::thread other([&] {
      posted = loop.mono_now();
      loop.post([&] { ran.set(loop.mono_now()); });
    });
    const Result<MonoTime> at = loop.run(ran.get({}));
    other.join();
    late = std::min<std::chrono::nanoseconds>(late, *at - posted);
  }
  EXPECT_LT(late, kLoopRest / 4);
}

}  // namespace
}  // namespace holmes
