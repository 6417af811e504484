#include "async/asio_loop.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "async/detached.h"
#include "async/timer_queue.h"
#include "base/assert.h"

namespace holmes {
namespace {

constexpr int kStepsInARow = 64;

// Counts the time that the machine is suspended, which steady_clock (CLOCK_MONOTONIC) does not: a
// deadline that passed meanwhile has passed. A timer counts only the time awake, so after a sleep
// it may run late, as it may under load: what must be known for sure is asked of the clock.
MonoTime boot_time() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return MonoTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Detached drive(Task<> task, bool& done) {
  co_await std::move(task);
  done = true;
}

}  // namespace

struct AsioLoop::Impl {
  explicit Impl(std::chrono::milliseconds how_long) : rest_time(how_long) {}

  std::mutex posted_mutex;
  std::deque<Callback> posted;
  int handlers_in_a_row = 0;
  int posts_in_a_row = 0;
  std::atomic<std::thread::id> runner;
  // One thread runs the context, but posts may come from others: no concurrency hint of 1.
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  boost::asio::steady_timer timer{context};
  std::optional<MonoTime> armed;
  TimerQueue timers;
  const std::chrono::milliseconds rest_time;
  std::function<bool()> in_haste;
  // Time without anything to do that is not spent yet: a wake-up costs as much as a rest would
  // take.
  std::chrono::nanoseconds idle = kLoopWakeUpBurst * rest_time;
  std::optional<boost::asio::signal_set> signals;
  std::function<void(int)> on_signal;

  void arm() {
    const std::optional<MonoTime> next = timers.next();
    if (!next || (armed && *armed <= *next)) return;
    armed = next;
    timer.expires_after(*next - boot_time());  // Asio has no clock that counts suspend
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;  // re-armed for an earlier time
      armed.reset();
      const MonoTime now = boot_time();
      while (auto due = timers.take_due(now)) (*due)();
      arm();
    });
  }

  void post(Callback callback) {
    {
      const std::scoped_lock lock(posted_mutex);
      posted.push_back(std::move(callback));
    }
    const bool awake = runner.load() == std::this_thread::get_id();
    if (!awake) boost::asio::post(context, [] {});
  }

  // Null when there is none.
  Callback take_posted() {
    const std::scoped_lock lock(posted_mutex);
    if (posted.empty()) return nullptr;
    Callback first = std::move(posted.front());
    posted.pop_front();
    return first;
  }

  // One step: what has come is handled first and then what was posted, each up to so many in a row.
  void run_one() {
    const bool looked = posts_in_a_row == 0 && handlers_in_a_row < kStepsInARow;
    if (looked && context.poll_one() > 0) {
      ++handlers_in_a_row;
      return;
    }
    if (posts_in_a_row < kStepsInARow) {
      if (Callback callback = take_posted()) {
        ++posts_in_a_row;
        callback();
        return;
      }
    }
    handlers_in_a_row = posts_in_a_row = 0;
    if (looked && !(rest() && context.poll_one() > 0)) wait();
  }

  // Sleeps when there were too many wake-ups lately; false when there were not. Neither the time of
  // work nor that of rests allows for more of them, so load on other processes does not, either.
  bool rest() {
    if (rest_time.count() == 0) return false;
    const bool quick = in_haste && in_haste();
    const std::chrono::nanoseconds length =
        quick ? std::min(rest_time, kLoopRestInHaste) : rest_time;
    if (idle >= length) {
      idle -= length;
      return false;
    }
    const MonoTime now = boot_time();
    const MonoTime end = std::min(now + length, timers.next().value_or(MonoTime::max()));
    if (end > now) std::this_thread::sleep_for(end - now);
    return true;
  }

  void wait() {
    const MonoTime before = boot_time();
    context.run_one();  // the first handler's time counts as well: it is short
    idle = std::min<std::chrono::nanoseconds>(idle + (boot_time() - before),
                                              kLoopWakeUpBurst * rest_time);
  }

  void wait_for_signal() {
    signals->async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      on_signal(signal);
      wait_for_signal();
    });
  }
};

AsioLoop::AsioLoop(std::chrono::milliseconds rest) : impl_(std::make_unique<Impl>(rest)) {}
AsioLoop::~AsioLoop() {
  while (impl_->take_posted()) continue;  // may post again
}

void AsioLoop::set_haste(std::function<bool()> in_haste) {
  impl_->in_haste = std::move(in_haste);
}

WallTime AsioLoop::wall_now() const {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

MonoTime AsioLoop::mono_now() const {
  return boot_time();
}

void AsioLoop::post(Callback callback) {
  impl_->post(std::move(callback));
}

TimerId AsioLoop::call_at(MonoTime when, Callback callback) {
  const TimerId id = impl_->timers.add(when, std::move(callback));
  impl_->arm();
  return id;
}

void AsioLoop::cancel(TimerId id) {
  impl_->timers.cancel(id);
}

void AsioLoop::on_signals(const std::vector<int>& signals, std::function<void(int)> callback) {
  HOLMES_ASSERT(!impl_->signals.has_value());
  impl_->signals.emplace(impl_->context);
  for (const int signal : signals) impl_->signals->add(signal);
  impl_->on_signal = std::move(callback);
  impl_->wait_for_signal();
}

boost::asio::io_context& AsioLoop::context() {
  return impl_->context;
}

void AsioLoop::run_task(Task<> task) {
  const std::thread::id before = impl_->runner.exchange(std::this_thread::get_id());
  bool done = false;
  drive(std::move(task), done);
  while (!done) impl_->run_one();
  impl_->runner = before;
}

}  // namespace holmes
