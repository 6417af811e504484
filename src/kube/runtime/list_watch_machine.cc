#include "kube/runtime/list_watch_machine.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "kube/core/object.h"
#include "kube/runtime/backoff.h"

namespace holmes::kube {
namespace {

constexpr BackoffOptions kFailureBackoff{};
constexpr BackoffOptions kMissingTypeBackoff{.first = std::chrono::seconds(2),
                                             .cap = std::chrono::seconds(8)};

// The version itself is the trouble, so that asking again from it is no use.
bool needs_list(ErrorCode code) {
  return code == ErrorCode::kGone || code == ErrorCode::kNotFound || code == ErrorCode::kInvalid ||
         code == ErrorCode::kTooLarge || code == ErrorCode::kProtocol;
}

}  // namespace

std::string_view to_string(ListWatchState state) {
  switch (state) {
    case ListWatchState::kListing:
      return "listing";
    case ListWatchState::kListingWhole:
      return "listing whole";
    case ListWatchState::kWatching:
      return "watching";
    case ListWatchState::kBackingOff:
      return "backing off";
    case ListWatchState::kMissingType:
      return "missing type";
  }
  return "?";
}

ListWatchStep ListWatchMachine::next() const {
  switch (state_) {
    case ListWatchState::kListing:
      return ListStep{continue_token_, kListPageItems};
    case ListWatchState::kListingWhole:
      return ListStep{"", 0};
    case ListWatchState::kWatching:
      return WatchStep{version_};
    case ListWatchState::kBackingOff:
    case ListWatchState::kMissingType:
      break;
  }
  return WaitStep{delay_};
}

bool ListWatchMachine::page_arrived(std::string version, std::string continue_token) {
  missing_lists_ = 0;
  continue_token_ = std::move(continue_token);
  if (!continue_token_.empty()) return false;
  version_ = std::move(version);
  synced_ = true;
  state_ = ListWatchState::kWatching;
  return true;
}

void ListWatchMachine::list_failed(const Error& error, MonoTime now) {
  if (error.code == ErrorCode::kGone && !continue_token_.empty()) {
    continue_token_.clear();
    state_ = ListWatchState::kListingWhole;
    return;
  }
  if (error.code == ErrorCode::kNotFound) {
    ++missing_lists_;
    continue_token_.clear();
    state_ = ListWatchState::kMissingType;
    delay_ = backoff_delay(kMissingTypeBackoff, missing_lists_, random_);
    return;
  }
  missing_lists_ = 0;
  after_wait_ = state_;
  back_off(now, &error);
}

bool ListWatchMachine::advanced(std::string version) {
  const auto order = compare_resource_versions(version, version_);
  version_ = std::move(version);
  if (order != std::strong_ordering::less) return true;
  must_list();
  return false;
}

void ListWatchMachine::watch_ended(const WatchEnd& end, MonoTime now) {
  const bool relist = state_ != ListWatchState::kWatching ||  // must_list() was called meanwhile
                      (end.error.has_value() && needs_list(end.error->code)) ||
                      (!end.brought_something && end.lasted >= kSilentWatch);
  if (relist) must_list();
  after_wait_ = state_;

  const bool fruitless = !end.brought_something && end.lasted < kShortWatch;
  fruitless_watches_ = fruitless ? fruitless_watches_ + 1 : 0;
  const bool at_once = !end.error.has_value() || end.error->code == ErrorCode::kGone ||
                       end.error->code == ErrorCode::kNotFound;
  if (at_once && fruitless_watches_ < kMaxFruitlessWatches) return;
  back_off(now, end.error.has_value() ? &*end.error : nullptr);
}

void ListWatchMachine::waited() {
  if (state_ == ListWatchState::kBackingOff) state_ = after_wait_;
  if (state_ == ListWatchState::kMissingType) state_ = ListWatchState::kListing;
}

void ListWatchMachine::must_list() {
  continue_token_.clear();
  state_ = ListWatchState::kListing;
}

void ListWatchMachine::back_off(MonoTime now, const Error* error) {
  if (last_failure_.has_value() && now - *last_failure_ >= kCalm) failures_ = 0;
  last_failure_ = now;
  delay_ = backoff_delay(kFailureBackoff, ++failures_, random_);
  if (error != nullptr && error->retry_after.has_value()) {
    delay_ =
        std::max(delay_, std::min<std::chrono::nanoseconds>(*error->retry_after, kMaxRetryAfter));
  }
  state_ = ListWatchState::kBackingOff;
}

}  // namespace holmes::kube
