#include "async/stop.h"

#include <algorithm>

#include "base/assert.h"

namespace holmes {

Error Stop::error(std::string_view what) const {
  HOLMES_ASSERT(requested());
  if (reason() == StopReason::kDeadline) {
    return {ErrorCode::kTimeout, std::string(what) + ": the deadline passed"};
  }
  return {ErrorCode::kCancelled, std::string(what) + ": cancelled"};
}

StopCallback::StopCallback(const Stop& stop, std::function<void(StopReason)> callback)
    : callback_(std::move(callback)) {
  if (stop.state_ == nullptr) return;
  if (stop.requested()) {
    callback_(stop.reason());
    return;
  }
  state_ = stop.state_;
  next_ = state_->first;
  if (next_ != nullptr) next_->previous_ = this;
  state_->first = this;
}

StopCallback::~StopCallback() {
  unlink();
}

void StopCallback::unlink() {
  if (state_ == nullptr) return;
  if (previous_ != nullptr) previous_->next_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (state_->first == this) state_->first = next_;
  previous_ = nullptr;
  next_ = nullptr;
  state_.reset();
}

StopSource::StopSource() : state_(std::make_shared<stop_internal::State>()) {}

StopSource::StopSource(const Stop& parent) : StopSource() {
  state_->deadline = parent.deadline();
  parent_.emplace(parent, [this](StopReason reason) { request_stop(reason); });
}

StopSource::StopSource(const Stop& parent, Loop& loop, MonoTime deadline) : StopSource(parent) {
  state_->deadline = std::min(deadline, state_->deadline.value_or(deadline));
  deadline_ = Timer(loop, deadline, [this] { request_stop(StopReason::kDeadline); });
}

void StopSource::request_stop(StopReason reason) {
  HOLMES_ASSERT(reason != StopReason::kNone);
  const std::shared_ptr<stop_internal::State> state = state_;  // a callback may destroy *this
  if (state->reason != StopReason::kNone) return;
  state->reason = reason;
  while (state->first != nullptr) {
    StopCallback* const callback = state->first;
    callback->unlink();
    const std::function<void(StopReason)> run = std::move(callback->callback_);
    run(reason);
  }
}

}  // namespace holmes
