#include "kube/runtime/list_watch_machine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "kube/core/object.h"
#include "kube/runtime/backoff.h"

namespace holmes::kube {
namespace {

constexpr BackoffOptions kFailureBackoff{};
constexpr BackoffOptions kMissingTypeBackoff{.first = std::chrono::seconds(2),
                                             .cap = std::chrono::seconds(8)};

// The version itself is the trouble, so that asking again from it is no use.
bool doubts_version(ErrorCode code) {
  return code == ErrorCode::kGone || code == ErrorCode::kNotFound || code == ErrorCode::kInvalid;
}
// The next event is the trouble: only a list gets past it.
bool stumbles(ErrorCode code) {
  return code == ErrorCode::kTooLarge || code == ErrorCode::kProtocol;
}

}  // namespace

std::string_view to_string(ListWatchState state) {
  switch (state) {
    case ListWatchState::kStreaming:
      return "streaming";
    case ListWatchState::kListing:
      return "listing";
    case ListWatchState::kListingWhole:
      return "listing whole";
    case ListWatchState::kWatching:
      return "watching";
    case ListWatchState::kAsking:
      return "asking";
    case ListWatchState::kBackingOff:
      return "backing off";
    case ListWatchState::kMissingType:
      return "missing type";
  }
  return "?";
}

std::optional<Error> WatchEnd::failure() const {
  if (error.has_value() || brought_something || lasted >= kShortWatch) return error;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(lasted);
  return Error(ErrorCode::kUnavailable,
               fmt::format("the watch ended after {} ms without an event", ms.count()));
}

ListWatchStep ListWatchMachine::next() const {
  switch (state_) {
    case ListWatchState::kStreaming:
      return StreamStep{not_older_than()};
    case ListWatchState::kListing:
      return ListStep{continue_token_.empty() ? not_older_than() : "", continue_token_,
                      kListPageItems};
    case ListWatchState::kListingWhole:
      return ListStep{"", "", 0};
    case ListWatchState::kWatching:
      return WatchStep{version_};
    case ListWatchState::kAsking:
      return AskStep{};
    case ListWatchState::kBackingOff:
    case ListWatchState::kMissingType:
      break;
  }
  return WaitStep{delay_};
}

bool ListWatchMachine::page_arrived(std::string version, std::string continue_token) {
  missing_lists_ = 0;
  same_failures_ = 0;
  continue_token_ = std::move(continue_token);
  if (!continue_token_.empty()) return false;
  complete(std::move(version));
  return true;
}

void ListWatchMachine::list_failed(const Error& error, MonoTime now) {
  if (error.code == ErrorCode::kGone) {
    if (!continue_token_.empty()) {
      continue_token_.clear();
      state_ = ListWatchState::kListingWhole;
      return;
    }
    if (!doubtful_) return doubt();
  }
  if (error.code == ErrorCode::kNotFound) {
    ++missing_lists_;
    continue_token_.clear();
    doubt();
    state_ = ListWatchState::kMissingType;
    delay_ = backoff_delay(kMissingTypeBackoff, missing_lists_, random_);
    return;
  }
  missing_lists_ = 0;
  // A page's token may be of no use any more, and everything at once may be too much.
  const bool hopeless =
      state_ == ListWatchState::kListingWhole || error.code == ErrorCode::kInvalid;
  if (error.code != ErrorCode::kRefused && (hopeless || ++same_failures_ >= kMaxSameFailures)) {
    begin_list();
  }
  after_wait_ = state_;
  back_off(now, &error);
}

void ListWatchMachine::initial_events_ended(std::string version) {
  missing_lists_ = 0;
  silent_streams_ = 0;
  complete(std::move(version));
}

bool ListWatchMachine::advanced(std::string version) {
  const auto order = compare_resource_versions(version, version_);
  version_ = std::move(version);
  if (order == std::strong_ordering::less) doubt();
  return order != std::strong_ordering::less;
}

void ListWatchMachine::watch_ended(const WatchEnd& end, MonoTime now) {
  if (state_ == ListWatchState::kStreaming) return stream_failed(end, now);
  const std::optional<Error> failure = end.failure();
  const bool silent = !end.brought_something && end.lasted >= kSilentWatch;
  if (silent || (failure && doubts_version(failure->code))) doubt();
  const bool refused = failure && failure->code == ErrorCode::kRefused;
  if (!failure || end.brought_something) same_failures_ = 0;
  const bool stuck = failure && !refused && ++same_failures_ >= kMaxSameFailures;
  if (doubtful_ || stuck || (failure && stumbles(failure->code))) {
    begin_list();
  } else if (end.broke || (failure && !end.opened)) {
    state_ = ListWatchState::kAsking;
  }
  after_wait_ = state_;
  if (doubtful_ && !failure_waits(failure, now)) return;
  if (failure || doubtful_) back_off(now, failure ? &*failure : nullptr);
}

// Whether the list that follows a version that is gone, or a history that went back, must wait: the
// first few need not.
bool ListWatchMachine::failure_waits(const std::optional<Error>& failure, MonoTime now) {
  const bool gone =
      !failure || failure->code == ErrorCode::kGone || failure->code == ErrorCode::kNotFound;
  if (!gone) return true;
  if (last_gone_ && now - *last_gone_ >= kCalm) gone_watches_ = 0;
  last_gone_ = now;
  return ++gone_watches_ >= kMaxGoneWatches;
}

// Pages make progress where a stream does not come to its end.
void ListWatchMachine::stream_failed(const WatchEnd& end, MonoTime now) {
  const ErrorCode code = end.error.has_value() ? end.error->code : ErrorCode::kProtocol;
  const bool silent = end.opened && code == ErrorCode::kTimeout;
  if (silent && ++silent_streams_ >= kMaxSilentStreams) streams_ = false;
  if (code == ErrorCode::kInvalid) streams_ = false;
  if (code == ErrorCode::kInvalid || silent || stumbles(code)) {
    state_ = ListWatchState::kListing;
  } else {
    list_failed(*end.error, now);
  }
}

bool ListWatchMachine::asked(const std::string& version) {
  state_ = ListWatchState::kWatching;
  if (compare_resource_versions(version, version_) != std::strong_ordering::less) return true;
  must_list();
  return false;
}

void ListWatchMachine::waited() {
  if (state_ == ListWatchState::kBackingOff) state_ = after_wait_;
  if (state_ == ListWatchState::kMissingType) begin_list();
}

void ListWatchMachine::must_list() {
  doubt();
  begin_list();
}

void ListWatchMachine::wrote(const std::string& version) {
  const auto order = compare_resource_versions(version, written_);
  if (written_.empty() || order == std::strong_ordering::greater) written_ = version;
}

std::string ListWatchMachine::not_older_than() const {
  if (doubtful_) return "";
  const auto order = compare_resource_versions(written_, version_);
  return order == std::strong_ordering::greater ? written_ : version_;
}

void ListWatchMachine::complete(std::string version) {
  version_ = std::move(version);
  synced_ = true;
  doubtful_ = false;
  state_ = ListWatchState::kWatching;
}

void ListWatchMachine::begin_list() {
  same_failures_ = 0;
  continue_token_.clear();
  state_ = streams_ ? ListWatchState::kStreaming : ListWatchState::kListing;
}

void ListWatchMachine::doubt() {
  doubtful_ = true;
  written_.clear();
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
