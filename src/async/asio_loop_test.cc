#include "async/asio_loop.h"

#include <csignal>
#include <thread>

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

TEST(AsioLoop, TakesPostsFromOtherThreads) {
  AsioLoop loop;
  Event event(loop);
  std::thread other([&] { loop.post([&] { event.set(); }); });
  const StopSource limit({}, loop, loop.mono_now() + std::chrono::seconds(20));
  EXPECT_TRUE(loop.run(wait_with_deadline(event, limit.stop())).has_value());
  other.join();
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

}  // namespace
}  // namespace holmes
