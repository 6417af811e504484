#include "sim/process_loop.h"

#include <deque>
#include <memory>

namespace holmes::sim {

using std::chrono::nanoseconds;

ProcessLoop::ProcessLoop(Loop& world, double rate)
    : world_(world), rate_(rate), began_(world.mono_now()), began_wall_(world.wall_now()) {}

nanoseconds ProcessLoop::passed() const {
  const nanoseconds real = world_.mono_now() - began_;
  if (rate_ == 1.0) return real;
  return nanoseconds(static_cast<int64_t>(static_cast<double>(real.count()) * rate_));
}

WallTime ProcessLoop::wall_now() const {
  return began_wall_ + std::chrono::duration_cast<std::chrono::microseconds>(passed()) + offset_;
}

MonoTime ProcessLoop::mono_now() const {
  return began_ + passed();
}

void ProcessLoop::post(Callback callback) {
  world_.post([this, callback = std::move(callback)]() mutable { run(0, std::move(callback)); });
}

TimerId ProcessLoop::call_at(MonoTime when, Callback callback) {
  MonoTime at = when;
  if (rate_ != 1.0) {
    const auto wait = static_cast<double>((when - mono_now()).count()) / rate_;
    // Rounded up: a timer never rings early.
    at = world_.mono_now() + nanoseconds(static_cast<int64_t>(wait) + 2);
  }
  // The callback has to know its own id, so that it can be cancelled while it is held.
  auto id = std::make_shared<TimerId>(0);
  *id = world_.call_at(
      at, [this, id, callback = std::move(callback)]() mutable { run(*id, std::move(callback)); });
  return *id;
}

void ProcessLoop::cancel(TimerId id) {
  world_.cancel(id);
  if (!held_.empty()) std::erase_if(held_, [id](const auto& held) { return held.first == id; });
}

void ProcessLoop::run(TimerId id, Callback callback) {
  if (paused_) {
    held_.emplace_back(id, std::move(callback));
  } else {
    callback();
  }
}

void ProcessLoop::resume() {
  paused_ = false;
  // One by one: a callback may cancel a later one, or pause again.
  while (!paused_ && !held_.empty()) {
    Callback callback = std::move(held_.front().second);
    held_.pop_front();
    callback();
  }
}

}  // namespace holmes::sim
