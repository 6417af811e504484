// A loop for tests: time stands still until it is advanced, or until nothing else is left to do.
#pragma once

#include <deque>

#include "async/detached.h"
#include "async/task.h"
#include "async/timer_queue.h"

namespace holmes {

class VirtualLoop final : public Loop {
 public:
  // Begins at 2024-01-01T00:00:00Z.
  VirtualLoop();

  [[nodiscard]] WallTime wall_now() const override { return wall_; }
  [[nodiscard]] MonoTime mono_now() const override { return mono_; }
  void post(Callback callback) override { ready_.push_back(std::move(callback)); }
  TimerId call_at(MonoTime when, Callback callback) override;
  void cancel(TimerId id) override { timers_.cancel(id); }

  // Runs everything that can run without time passing.
  void run_until_idle();
  // Lets this much time pass; timers run in order at their own times.
  void advance(std::chrono::nanoseconds duration);
  // Time passes and nothing runs, as for a process that was stopped (SIGSTOP) or suspended.
  void stand_still(std::chrono::nanoseconds duration) { move_to(mono_ + duration); }
  // Moves the wall clock only, as an administrator or NTP would.
  void jump_wall(std::chrono::microseconds by) { wall_ += by; }

  // Runs the task to its end, jumping from timer to timer. Asserts that it can end.
  template <class T>
  T run(Task<T> task);

 private:
  bool step();  // one callback or one jump; false when nothing is left
  void move_to(MonoTime when);

  MonoTime mono_;
  WallTime wall_;
  std::deque<Callback> ready_;
  TimerQueue timers_;
};

namespace virtual_loop_internal {
template <class T>
Detached drive(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}
inline Detached drive(Task<> task, std::optional<bool>& done) {
  co_await std::move(task);
  done = true;
}
}  // namespace virtual_loop_internal

template <class T>
T VirtualLoop::run(Task<T> task) {
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  virtual_loop_internal::drive(std::move(task), value);
  while (!value.has_value()) {
    const bool moved = step();
    HOLMES_ASSERT(moved);  // the task waits for something that can never come
  }
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

}  // namespace holmes
