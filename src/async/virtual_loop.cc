#include "async/virtual_loop.h"

namespace holmes {

VirtualLoop::VirtualLoop()
    : mono_(std::chrono::hours(1)),
      wall_(std::chrono::sys_days(std::chrono::year(2024) / std::chrono::January / 1)) {}

TimerId VirtualLoop::call_at(MonoTime when, Callback callback) {
  return timers_.add(when, std::move(callback));
}

void VirtualLoop::run_until_idle() {
  while (true) {
    if (!ready_.empty()) {
      Callback next = std::move(ready_.front());
      ready_.pop_front();
      next();
    } else if (auto due = timers_.take_due(mono_)) {
      (*due)();
    } else {
      return;
    }
  }
}

void VirtualLoop::advance(std::chrono::nanoseconds duration) {
  const MonoTime end = mono_ + duration;
  run_until_idle();
  while (timers_.next().has_value() && *timers_.next() <= end) {
    move_to(*timers_.next());
    run_until_idle();
  }
  move_to(end);
}

bool VirtualLoop::step() {
  if (!ready_.empty()) {
    Callback next = std::move(ready_.front());
    ready_.pop_front();
    next();
    return true;
  }
  if (!timers_.next().has_value()) return false;
  move_to(std::max(mono_, *timers_.next()));
  if (auto due = timers_.take_due(mono_)) (*due)();
  return true;
}

void VirtualLoop::move_to(MonoTime when) {
  wall_ += std::chrono::duration_cast<std::chrono::microseconds>(when - mono_);
  mono_ = when;
}

}  // namespace holmes
