#include "kube/runtime/event.h"

#include "base/json_text.h"
#include "base/strings.h"

namespace holmes::kube {
namespace {

const ResourceType kEventResource{
    .group = "events.k8s.io", .version = "v1", .plural = "events", .kind = "Event"};
const std::string kClusterScoped = "default";  // the namespace of their events

std::string limited(std::string_view text, size_t bytes_max) {
  return cut(to_valid_utf8(text), bytes_max);
}

void write_members(JsonText& to, const ObjectReference& reference) {
  const auto write = [&to](std::string_view name, const std::string& value) {
    if (!value.empty()) to.text(name, value);
  };
  write("apiVersion", reference.api_version);
  write("kind", reference.kind);
  write("namespace", reference.ns);
  write("name", reference.name);
  write("uid", reference.uid);
  write("resourceVersion", reference.resource_version);
}

json::object series(const EventRepeats& repeats) {
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

std::string event_text(const EventRecord& event, const EventSource& source) {
  const EventSpec& spec = event.spec;
  return JsonText::of([&](JsonText& to) {
    const auto write = [&to](std::string_view name, std::string_view value, size_t bytes_max) {
      to.text(name, limited(value, bytes_max));
    };
    to.text("apiVersion", event_resource().api_version());
    to.text("kind", event_resource().kind);
    to.object("metadata", [&] {
      to.text("name", event.name);
      to.text("namespace", event.ns());
    });
    to.text("eventTime", format_rfc3339_micros(event.time));
    write("reportingController", source.controller, kMaxEventFieldBytes);
    write("reportingInstance", source.instance, kMaxEventFieldBytes);
    write("action", spec.action.empty() ? spec.reason : spec.action, kMaxEventFieldBytes);
    write("reason", spec.reason, kMaxEventFieldBytes);
    to.text("type", spec.type == EventType::kNormal ? "Normal" : "Warning");
    to.object("regarding", [&] { write_members(to, spec.regarding); });
    write("note", spec.note, kMaxEventNoteBytes);
    if (event.repeats) to.tree("series", series(*event.repeats));
  });
}

json::object repeats_patch(const EventRepeats& repeats) {
  return {{"series", series(repeats)}};
}

}  // namespace holmes::kube
