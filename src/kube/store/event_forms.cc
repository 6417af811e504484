#include "kube/store/event_forms.h"

#include <array>
#include <string_view>
#include <utility>

namespace holmes::kube {
namespace {

struct Names {
  std::string_view core;
  std::string_view events_group;
};

constexpr std::array<Names, 7> kNames{{
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"reportingComponent", "reportingController"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
}};

void rename(json::object& event, std::string_view from, std::string_view to) {
  json::value* value = event.if_contains(from);
  if (value == nullptr) return;
  json::value moved = std::move(*value);
  event.erase(from);
  event[to] = std::move(moved);
}

}  // namespace

void event_to_core(json::object& event) {
  for (const Names& names : kNames) rename(event, names.events_group, names.core);
  event["apiVersion"] = "v1";
}

void event_to_events_group(json::object& event) {
  for (const Names& names : kNames) rename(event, names.core, names.events_group);
  event["apiVersion"] = "events.k8s.io/v1";
}

}  // namespace holmes::kube
