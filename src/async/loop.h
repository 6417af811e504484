// The seams of time and of the event loop. One thread runs a loop and owns all domain state.
//
// AsioLoop (asio_loop.h) is the real one; VirtualLoop (virtual_loop.h) is for tests: its time only
// moves when told or when nothing else is left to do.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/time.h"

namespace holmes {

class Clock {
 public:
  virtual ~Clock() = default;
  // For people and for fields of custom resources; may jump.
  [[nodiscard]] virtual WallTime wall_now() const = 0;
  // For waits and intervals; never goes back, and goes on while process or machine stand still.
  [[nodiscard]] virtual MonoTime mono_now() const = 0;
};

using Callback = std::move_only_function<void()>;
using TimerId = uint64_t;

class Loop : public Clock {
 public:
  // Runs the callback later on the loop's thread, in the order of the calls. The only function of a
  // loop that other threads may call.
  virtual void post(Callback callback) = 0;
  // Runs the callback at or after `when`. Ties run in the order of the calls.
  virtual TimerId call_at(MonoTime when, Callback callback) = 0;
  // The callback will not run any more. An id that ran or was cancelled before is ignored.
  virtual void cancel(TimerId id) = 0;
};

// A timer that is cancelled when it goes out of scope.
class Timer {
 public:
  Timer() = default;
  Timer(Loop& loop, MonoTime when, Callback callback)
      : loop_(&loop), id_(loop.call_at(when, std::move(callback))) {}
  Timer(Timer&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
  Timer& operator=(Timer&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Timer() { cancel(); }

  void cancel() {
    if (loop_ != nullptr) std::exchange(loop_, nullptr)->cancel(id_);
  }

 private:
  Loop* loop_ = nullptr;
  TimerId id_ = 0;
};

}  // namespace holmes
