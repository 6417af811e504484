// Cancellation as an argument. A StopSource says stop; a Stop is what a waiting function takes.
//
// A source may be linked to a parent (it stops when the parent does) and may have a deadline: one
// mechanism for "the user gave up" and "the time is over", told apart by the reason.
// Threads: all on the loop's thread. Callbacks run inside request_stop, at most once each.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/loop.h"
#include "base/error.h"

namespace holmes {

enum class StopReason { kNone, kCancelled, kDeadline };

class StopCallback;

namespace stop_internal {
struct State {
  StopReason reason = StopReason::kNone;
  StopCallback* first = nullptr;  // doubly linked, newest first
  std::optional<MonoTime> deadline;
};
}  // namespace stop_internal

// Copyable. A default-constructed Stop never stops.
class Stop {
 public:
  Stop() = default;

  [[nodiscard]] bool requested() const { return reason() != StopReason::kNone; }
  [[nodiscard]] StopReason reason() const { return state_ ? state_->reason : StopReason::kNone; }
  // When it stops by itself at the latest; nullopt: not by time.
  [[nodiscard]] std::optional<MonoTime> deadline() const {
    return state_ ? state_->deadline : std::nullopt;
  }
  // What a wait returns when it ended because of this: kCancelled or kTimeout.
  // Precondition: requested().
  [[nodiscard]] Error error(std::string_view what) const;

 private:
  friend class StopSource;
  friend class StopCallback;
  explicit Stop(std::shared_ptr<stop_internal::State> state) : state_(std::move(state)) {}

  std::shared_ptr<stop_internal::State> state_;
};

// Runs `callback` when the stop is requested, at once if it was already. Never runs after it is
// destroyed. The callback may destroy this object.
class StopCallback {
 public:
  StopCallback(const Stop& stop, std::function<void(StopReason)> callback);
  ~StopCallback();
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  friend class StopSource;
  void unlink();

  std::shared_ptr<stop_internal::State> state_;
  std::function<void(StopReason)> callback_;
  StopCallback* previous_ = nullptr;
  StopCallback* next_ = nullptr;
};

class StopSource {
 public:
  StopSource();
  explicit StopSource(const Stop& parent);
  // Stops with kDeadline at `deadline`.
  StopSource(const Stop& parent, Loop& loop, MonoTime deadline);
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  [[nodiscard]] Stop stop() const { return Stop(state_); }
  // The first request decides the reason.
  void request_stop(StopReason reason = StopReason::kCancelled);

 private:
  std::shared_ptr<stop_internal::State> state_;
  std::optional<StopCallback> parent_;
  Timer deadline_;
};

}  // namespace holmes
