#include "kube/runtime/event_series.h"

#include <utility>

namespace holmes::kube {
namespace {

std::string key_of(const EventSpec& spec) {
  const ObjectReference& object = spec.regarding;
  std::string key = spec.type == EventType::kNormal ? "Normal" : "Warning";
  for (const std::string* part :
       {&spec.reason, &spec.action, &object.api_version, &object.kind, &object.ns, &object.name,
        &object.uid, &object.resource_version}) {
    key += '\0';
    key += *part;
  }
  return key;
}

}  // namespace

bool EventSeries::counts(const EventSpec& spec) {
  const Seen* seen = events_.use(key_of(spec));
  return seen != nullptr && seen->event.repeats.has_value();
}

std::vector<EventRecord> EventSeries::observe(EventSpec spec, std::string name, WallTime wall,
                                              MonoTime now) {
  std::string key = key_of(spec);
  if (Seen* seen = events_.use(key); seen != nullptr) {
    seen->last_seen = now;
    const bool begins = !seen->event.repeats.has_value();
    const int64_t count = begins ? 2 : seen->event.repeats->count + 1;
    seen->event.repeats = EventRepeats{.count = count, .last = wall};
    if (!begins) return {};
    seen->written = now;
    seen->written_count = count;
    return {seen->event};
  }
  std::vector<EventRecord> to_write;
  if (events_.full()) end_oldest(to_write);
  const Seen& seen = events_.add(
      std::move(key),
      {.event = {.name = std::move(name), .time = wall, .spec = std::move(spec), .repeats = {}},
       .last_seen = now,
       .written = now});
  to_write.push_back(seen.event);
  return to_write;
}

std::vector<EventRecord> EventSeries::due(MonoTime now) {
  std::vector<EventRecord> to_write;
  while (!events_.empty() && now - events_.oldest().last_seen >= kSeriesIdle) {
    end_oldest(to_write);
  }
  events_.for_each([&](Seen& seen) {
    if (!seen.event.repeats || now - seen.written < kSeriesRefresh) return;
    seen.written = now;
    seen.written_count = seen.event.repeats->count;
    to_write.push_back(seen.event);
  });
  return to_write;
}

std::vector<EventRecord> EventSeries::end_all() {
  std::vector<EventRecord> to_write;
  while (!events_.empty()) end_oldest(to_write);
  return to_write;
}

void EventSeries::end_oldest(std::vector<EventRecord>& to_write) {
  Seen seen = events_.take_oldest();
  const std::optional<EventRepeats>& repeats = seen.event.repeats;
  if (repeats && repeats->count > seen.written_count) to_write.push_back(std::move(seen.event));
}

}  // namespace holmes::kube
