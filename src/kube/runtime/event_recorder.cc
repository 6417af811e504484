#include "kube/runtime/event_recorder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "kube/core/request.h"
#include "kube/runtime/backoff.h"

namespace holmes::kube {
namespace {

const ResourceType kEventResource{
    .group = "events.k8s.io", .version = "v1", .plural = "events", .kind = "Event"};
constexpr BackoffOptions kSendBackoff{.first = std::chrono::seconds(1),
                                      .cap = std::chrono::seconds(10)};
constexpr size_t kMaxNameBytes = 253;
constexpr std::chrono::milliseconds kYieldPause{100};

std::string limited(std::string_view text, size_t bytes_max) {
  return cut(to_valid_utf8(text), bytes_max);
}

bool worth_another_try(const Error& error) {
  return error.code == ErrorCode::kRefused || error.code == ErrorCode::kUnavailable ||
         error.code == ErrorCode::kTimeout || error.code == ErrorCode::kUnauthenticated;
}

json::object to_json(const ObjectReference& reference) {
  json::object object;
  const auto add = [&object](std::string_view name, const std::string& value) {
    if (!value.empty()) object.emplace(name, value);
  };
  add("apiVersion", reference.api_version);
  add("kind", reference.kind);
  add("namespace", reference.ns);
  add("name", reference.name);
  add("uid", reference.uid);
  add("resourceVersion", reference.resource_version);
  return object;
}

}  // namespace

ObjectReference reference_to(const ResourceType& type, const ObjectMeta& meta) {
  return {.api_version = type.api_version(),
          .kind = type.kind,
          .ns = meta.ns,
          .name = meta.name,
          .uid = meta.uid,
          .resource_version = meta.resource_version};
}

EventRecorder::EventRecorder(Loop& loop, Random& random, Transport& transport, Logger logger,
                             RuntimeMetrics& metrics, EventRecorderOptions options)
    : loop_(loop),
      random_(random),
      transport_(transport),
      logger_(std::move(logger)),
      metrics_(metrics),
      options_(std::move(options)),
      senders_(loop),
      idle_(loop) {
  idle_.set();
  HOLMES_ASSERT(options_.senders > 0);
}

void EventRecorder::record(EventSpec spec) {
  const std::string ns = spec.regarding.ns.empty() ? "default" : spec.regarding.ns;
  Pending event{.ns = ns,
                .name = unique_name(spec.regarding.name),
                .time = loop_.wall_now(),
                .since = loop_.mono_now(),
                .spec = std::move(spec)};
  if (queue_.size() >= kMaxQueuedEvents) {
    return give_up("queue_full", event, {{"reason", event.spec.reason}});
  }
  queue_.push_back(std::move(event));
  idle_.reset();
  senders_.release_one();
}

Task<> EventRecorder::run(Stop stop) {
  TaskScope tasks(loop_, stop);
  for (size_t i = 0; i < options_.senders; ++i) tasks.spawn(send_all(tasks.stop()));
  const Status drained = co_await tasks.drain({});
  HOLMES_ASSERT(drained.has_value());
  for (const Pending& event : queue_) give_up("stopped", event, {});
  queue_.clear();
  idle_.set();
}

Task<Status> EventRecorder::flush(Stop stop) {
  return idle_.wait(std::move(stop));
}

Task<> EventRecorder::send_all(Stop stop) {
  while (!stop.requested()) {
    if (queue_.empty()) {
      static_cast<void>(co_await senders_.park(stop));
      continue;
    }
    if (yields()) {
      static_cast<void>(co_await sleep_for(loop_, kYieldPause, stop));
      continue;
    }
    Pending event = std::move(queue_.front());
    queue_.pop_front();
    ++in_flight_;
    co_await send(std::move(event), stop);
    --in_flight_;
    if (queue_.empty() && in_flight_ == 0) idle_.set();
  }
}

bool EventRecorder::yields() const {
  return options_.yield && queue_.size() < kMaxYieldingEvents &&
         loop_.mono_now() - queue_.front().since < kMaxEventYield && options_.yield();
}

json::object EventRecorder::to_object(const Pending& event) const {
  const EventSpec& spec = event.spec;
  return {{"apiVersion", kEventResource.api_version()},
          {"kind", kEventResource.kind},
          {"metadata", {{"name", event.name}, {"namespace", event.ns}}},
          {"eventTime", format_rfc3339_micros(event.time)},
          {"reportingController", limited(options_.reporting_controller, kMaxEventFieldBytes)},
          {"reportingInstance", limited(options_.reporting_instance, kMaxEventFieldBytes)},
          {"action", limited(spec.action.empty() ? spec.reason : spec.action, kMaxEventFieldBytes)},
          {"reason", limited(spec.reason, kMaxEventFieldBytes)},
          {"type", spec.type == EventType::kNormal ? "Normal" : "Warning"},
          {"regarding", to_json(spec.regarding)},
          {"note", limited(spec.note, kMaxEventNoteBytes)}};
}

Task<> EventRecorder::send(Pending event, Stop stop) {
  for (unsigned tries = 1;; ++tries) {
    const StopSource bounded(stop, loop_, loop_.mono_now() + kEventSendTimeout);
    const Result<Response> sent = co_await transport_.send(
        create_request(kEventResource, event.ns, to_object(event)), bounded.stop());
    // Names are unique: one that exists is an earlier try whose answer was lost.
    if (sent || sent.error().code == ErrorCode::kAlreadyExists) {
      metrics_.events_sent.add({});
      co_return;
    }
    if (stop.requested()) co_return give_up("stopped", event, {});
    if (!worth_another_try(sent.error()) || tries == kMaxEventTries) {
      co_return give_up("rejected", event, {{"error", sent.error()}});
    }
    std::chrono::nanoseconds delay = backoff_delay(kSendBackoff, tries, random_);
    const auto asked = sent.error().retry_after.value_or(std::chrono::milliseconds(0));
    delay = std::max(delay, std::min<std::chrono::nanoseconds>(asked, kMaxEventRetryAfter));
    static_cast<void>(co_await sleep_for(loop_, delay, stop));
  }
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

void EventRecorder::give_up(const char* reason, const Pending& event, LogFields fields) {
  metrics_.events_dropped.add({reason});
  fields.emplace_back("event", event.ns + "/" + event.name);
  fields.emplace_back("why", reason);
  logger_.warning("event is not written", std::move(fields));
}

}  // namespace holmes::kube
