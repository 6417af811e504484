#include "kube/runtime/event.h"

#include "base/strings.h"

namespace holmes::kube {
namespace {

const ResourceType kEventResource{
    .group = "events.k8s.io", .version = "v1", .plural = "events", .kind = "Event"};
const std::string kClusterScoped = "default";  // the namespace of their events

std::string limited(std::string_view text, size_t bytes_max) {
  return cut(to_valid_utf8(text), bytes_max);
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

json::object to_json(const EventRepeats& repeats) {
  return {{"count", repeats.count}, {"lastObservedTime", format_rfc3339_micros(repeats.last)}};
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

const std::string& EventRecord::ns() const {
  return spec.regarding.ns.empty() ? kClusterScoped : spec.regarding.ns;
}

const ResourceType& event_resource() {
  return kEventResource;
}

json::object to_json(const EventRecord& event, const EventSource& source) {
  const EventSpec& spec = event.spec;
  json::object object{
      {"apiVersion", event_resource().api_version()},
      {"kind", event_resource().kind},
      {"metadata", {{"name", event.name}, {"namespace", event.ns()}}},
      {"eventTime", format_rfc3339_micros(event.time)},
      {"reportingController", limited(source.controller, kMaxEventFieldBytes)},
      {"reportingInstance", limited(source.instance, kMaxEventFieldBytes)},
      {"action", limited(spec.action.empty() ? spec.reason : spec.action, kMaxEventFieldBytes)},
      {"reason", limited(spec.reason, kMaxEventFieldBytes)},
      {"type", spec.type == EventType::kNormal ? "Normal" : "Warning"},
      {"regarding", to_json(spec.regarding)},
      {"note", limited(spec.note, kMaxEventNoteBytes)}};
  if (event.repeats) object["series"] = to_json(*event.repeats);
  return object;
}

json::object repeats_patch(const EventRepeats& repeats) {
  return {{"series", to_json(repeats)}};
}

}  // namespace holmes::kube
