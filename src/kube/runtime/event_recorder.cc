#include "kube/runtime/event_recorder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "kube/core/request.h"
#include "kube/runtime/backoff.h"

namespace holmes::kube {
namespace {

constexpr BackoffOptions kSendBackoff{.first = std::chrono::seconds(1),
                                      .cap = std::chrono::seconds(10)};
constexpr size_t kMaxNameBytes = 253;
constexpr std::chrono::milliseconds kYieldPause{100};
constexpr std::chrono::minutes kSeriesCheck{1};

bool worth_another_try(const Error& error) {
  return error.code == ErrorCode::kRefused || error.code == ErrorCode::kUnavailable ||
         error.code == ErrorCode::kTimeout || error.code == ErrorCode::kUnauthenticated;
}

}  // namespace

EventRecorder::EventRecorder(Loop& loop, Random& random, Transport& transport, Logger logger,
                             RuntimeMetrics& metrics, EventRecorderOptions options)
    : loop_(loop),
      random_(random),
      transport_(transport),
      logger_(std::move(logger)),
      dropped_(metrics.events_dropped),
      sent_(metrics.events_sent.bind({})),
      options_(std::move(options)),
      may_send_(loop),
      idle_(loop) {
  idle_.set();
  HOLMES_ASSERT(options_.in_flight_max > 0);
}

void EventRecorder::record(EventSpec spec) {
  const MonoTime now = loop_.mono_now();
  if (!series_.counts(spec) && !spam_.allow(spec.regarding, now)) {
    dropped_.add({"spam"});
    return logger_.debug("event is not written: too many about this object",
                         {{"object", spec.regarding.name}, {"reason", spec.reason}});
  }
  std::string name = unique_name(spec.regarding.name);
  enqueue(series_.observe(std::move(spec), std::move(name), loop_.wall_now(), now));
}

void EventRecorder::enqueue(std::vector<EventRecord> events) {
  for (EventRecord& event : events) {
    if (queue_.size() >= kMaxQueuedEvents) {
      give_up("queue_full", event);
      continue;
    }
    queue_.push_back({.event = std::move(event), .since = loop_.mono_now()});
    idle_.reset();
    may_send_.set();
  }
}

Task<> EventRecorder::run(Stop stop) {
  TaskScope tasks(loop_, stop);
  tasks.spawn(send_all(tasks));
  tasks.spawn(keep_series(tasks.stop()));
  const Status drained = co_await tasks.drain({});
  HOLMES_ASSERT(drained.has_value());
  for (const Pending& pending : queue_) give_up("stopped", pending.event);
  queue_.clear();
  idle_.set();
}

Task<Status> EventRecorder::flush(Stop stop) {
  enqueue(series_.end_all());
  return idle_.wait(std::move(stop));
}

Task<> EventRecorder::send_all(TaskScope& tasks) {
  const Stop stop = tasks.stop();
  while (!stop.requested()) {
    if (queue_.empty() || in_flight_ == options_.in_flight_max) {
      may_send_.reset();
      static_cast<void>(co_await may_send_.wait(stop));
    } else if (yields()) {
      static_cast<void>(co_await sleep_for(loop_, kYieldPause, stop));
    } else {
      ++in_flight_;
      tasks.spawn(send_one(std::move(queue_.front().event), stop));
      queue_.pop_front();
    }
  }
}

Task<> EventRecorder::send_one(EventRecord event, Stop stop) {
  co_await send(std::move(event), std::move(stop));
  --in_flight_;
  may_send_.set();
  if (queue_.empty() && in_flight_ == 0) idle_.set();
}

bool EventRecorder::yields() const {
  return options_.yield && queue_.size() < kMaxYieldingEvents &&
         loop_.mono_now() - queue_.front().since < kMaxEventYield && options_.yield();
}

Task<> EventRecorder::keep_series(Stop stop) {
  while (co_await sleep_for(loop_, kSeriesCheck, stop)) enqueue(series_.due(loop_.mono_now()));
}

Task<> EventRecorder::send(EventRecord event, Stop stop) {
  for (unsigned tries = 1;; ++tries) {
    const Result<Response> sent = co_await write(event, stop);
    if (sent) {
      sent_.add();
      co_return;
    }
    if (stop.requested()) co_return give_up("stopped", event);
    if (!worth_another_try(sent.error()) || tries == kMaxEventTries) {
      co_return give_up("rejected", event, {{"error", sent.error()}});
    }
    std::chrono::nanoseconds delay = backoff_delay(kSendBackoff, tries, random_);
    const auto asked = sent.error().retry_after.value_or(std::chrono::milliseconds(0));
    delay = std::max(delay, std::min<std::chrono::nanoseconds>(asked, kMaxEventRetryAfter));
    static_cast<void>(co_await sleep_for(loop_, delay, stop));
  }
}

// One try. A series is a patch of the Event that exists; when it does not (any more), it is made.
Task<Result<Response>> EventRecorder::write(const EventRecord& event, Stop stop) {
  if (event.repeats) {
    const ObjectKey key{event.ns(), event.name};
    Result<Response> patched = co_await request(
        patch_request(event_resource(), key, PatchType::kMerge, repeats_patch(*event.repeats)),
        stop);
    if (patched || patched.error().code != ErrorCode::kNotFound) co_return patched;
  }
  Result<Response> made = co_await request(
      create_request_of(event_resource(), event.ns(), event_text(event, options_.source)), stop);
  if (made || made.error().code != ErrorCode::kAlreadyExists) co_return made;
  // Names are unique: one that exists is an earlier try whose answer was lost. But a series may
  // have met its own first event on its way, and is to be patched then.
  if (event.repeats) co_return fail(ErrorCode::kUnavailable, made.error().message);
  co_return Response{};
}

Task<Result<Response>> EventRecorder::request(Request request, Stop stop) {
  request.accept = kMetadataAccept;  // nobody reads the answer
  const StopSource bounded(stop, loop_, loop_.mono_now() + kEventSendTimeout);
  co_return co_await transport_.send(std::move(request), bounded.stop());
}

// "<object>.<time in microseconds, hex><4 random hex digits>"; times never repeat in a process.
std::string EventRecorder::unique_name(std::string_view regarding) {
  const int64_t now = loop_.wall_now().time_since_epoch().count();
  last_micros_ = std::max(now, last_micros_ + 1);
  const std::string suffix = fmt::format("{:x}{:04x}", last_micros_, random_.next() & 0xffffU);
  std::string_view prefix = regarding.substr(0, kMaxNameBytes - suffix.size() - 1);
  while (prefix.ends_with('-') || prefix.ends_with('.')) prefix.remove_suffix(1);
  return fmt::format("{}.{}", prefix, suffix);
}

void EventRecorder::give_up(const char* reason, const EventRecord& event, LogFields fields) {
  dropped_.add({reason});
  fields.emplace_back("event", event.ns() + "/" + event.name);
  fields.emplace_back("reason", event.spec.reason);
  fields.emplace_back("why", reason);
  logger_.warning("event is not written", std::move(fields));
}

}  // namespace holmes::kube
