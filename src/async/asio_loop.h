// The real loop, over Boost.Asio. Asio itself is seen by async's and net's .cc files only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "async/loop.h"
#include "async/task.h"

namespace boost::asio {
class io_context;
}

namespace holmes {

// Waking up costs as much CPU as a small request: others have used the caches meanwhile. A
// loop that rests sleeps, under load, for a rest before it looks again, and then finds all ready
// that came meanwhile. So whatever is not a timer is served at most one rest later, also each step
// of a long chain of quick answers; timers are not late. Load is when a burst of wake-ups came
// faster than one in the time of each rest: a loop that wakes up seldom never rests. For processes
// that do much for nobody who waits; while somebody does, they are in haste.
inline constexpr std::chrono::milliseconds kLoopRest{16};
inline constexpr std::chrono::milliseconds kLoopRestInHaste{4};
inline constexpr int kLoopWakeUpBurst = 32;  // a check or two, from the tick to the result

class AsioLoop final : public Loop {
 public:
  // Serves everything at once, or rests so long.
  explicit AsioLoop(std::chrono::milliseconds rest = {});
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  // Asked before each rest, which is at most kLoopRestInHaste long while it says true. What it
  // refers to must live as long as the loop runs.
  void set_haste(std::function<bool()> in_haste);

  [[nodiscard]] WallTime wall_now() const override;
  [[nodiscard]] MonoTime mono_now() const override;
  void post(Callback callback) override;
  TimerId call_at(MonoTime when, Callback callback) override;
  void cancel(TimerId id) override;

  // Runs the loop on the calling thread until the task has ended, and returns its value. Work that
  // is still queued then runs at the next run() or is dropped with the loop.
  template <class T>
  T run(Task<T> task);

  // Calls back on the loop's thread for each of these signals, from now on until the loop goes.
  void on_signals(const std::vector<int>& signals, std::function<void(int)> callback);

  // For net: where sockets are registered.
  boost::asio::io_context& context();

 private:
  struct Impl;
  void run_task(Task<> task);
  template <class T>
  static Task<> store(Task<T> task, std::optional<T>& value) {
    value.emplace(co_await std::move(task));
  }

  std::unique_ptr<Impl> impl_;
};

template <class T>
T AsioLoop::run(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    run_task(std::move(task));
  } else {
    std::optional<T> value;
    run_task(store(std::move(task), value));
    return std::move(*value);
  }
}

}  // namespace holmes
