#include "holmes/tools/projection.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/tools/redact.h"
#include "holmes/tools/tool.h"

namespace holmes {
namespace {

// Members of spec and status, at any depth, that tell nothing about health.
constexpr auto kNoise = std::to_array<std::string_view>({"terminationMessagePath",
                                                         "terminationMessagePolicy",
                                                         "imagePullPolicy",
                                                         "dnsPolicy",
                                                         "schedulerName",
                                                         "enableServiceLinks",
                                                         "preemptionPolicy",
                                                         "serviceAccount",
                                                         "volumeMounts",
                                                         "containerID",
                                                         "imageID",
                                                         "podIPs",
                                                         "hostIPs",
                                                         "revisionHistoryLimit",
                                                         "internalTrafficPolicy",
                                                         "ipFamilies",
                                                         "ipFamilyPolicy",
                                                         "clusterIPs",
                                                         "sessionAffinity",
                                                         "daemonEndpoints",
                                                         "volumesInUse",
                                                         "lastProbeTime",
                                                         "lastHeartbeatTime",
                                                         "lastUpdateTime",
                                                         "managedFields",
                                                         "bootID",
                                                         "machineID",
                                                         "systemUUID",
                                                         "podCIDR",
                                                         "podCIDRs",
                                                         "uncountedTerminatedPods",
                                                         "caBundle"});
constexpr auto kNoiseWhenEmpty = std::to_array<std::string_view>(
    {"securityContext", "resources", "metadata", "labels", "annotations", "lastState"});
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view kTokenVolume = "kube-api-access-";  // every pod has one
constexpr std::string_view kNodeTaint = "node.kubernetes.io/";
constexpr size_t kMaxAnnotations = 20;
constexpr size_t kMaxAnnotationBytes = 200;
constexpr size_t kMaxEventMessageBytes = 500;
constexpr size_t kMaxPodMessageBytes = 300;
// Tried one after the other.
constexpr auto kTighterLimits = std::to_array<ProjectionLimits>(
    {{2000, 50, 20}, {500, 20, 16}, {200, 10, 12}, {80, 5, 8}, {40, 3, 5}});

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& set, std::string_view text) {
  return std::ranges::find(set, text) != set.end();
}

bool is_empty(const json::value& value) {
  if (const json::object* object = value.if_object()) return object->empty();
  if (const json::array* array = value.if_array()) return array->empty();
  return value.is_null();
}

// What Kubernetes adds to every pod.
bool is_added_by_kubernetes(std::string_view list, const json::value& item) {
  if (list == "volumes") return json_string_or(item, {"name"}).starts_with(kTokenVolume);
  if (list == "tolerations") return json_string_or(item, {"key"}).starts_with(kNodeTaint);
  return false;
}

std::string more_text(size_t count) {
  return fmt::format("... {} more", count);
}

json::object cut_texts(const json::object& map, size_t entries_max, size_t bytes_max) {
  json::object out;
  size_t left_out = 0;
  for (const auto& [key, value] : map) {
    if (key == kLastApplied || !value.is_string()) continue;
    if (out.size() >= entries_max) {
      ++left_out;
      continue;
    }
    out[key] = cut(value.get_string(), bytes_max);
  }
  if (left_out > 0) out["..."] = more_text(left_out);
  return out;
}

void copy_members(const json::object& from, std::initializer_list<std::string_view> names,
                  json::object& to) {
  for (const std::string_view name : names) {
    const json::value* value = from.if_contains(name);
    if (value != nullptr && !value->is_null()) to[name] = *value;
  }
}

json::array project_owners(const json::array& owners) {
  json::array out;
  for (const json::value& owner : owners) {
    json::object one;
    if (owner.is_object()) copy_members(owner.get_object(), {"kind", "name"}, one);
    out.push_back(std::move(one));
  }
  return out;
}

json::object project_metadata(const json::object& metadata, const ProjectionLimits& limits) {
  json::object out;
  copy_members(metadata, {"name", "namespace"}, out);
  if (out.empty()) copy_members(metadata, {"generateName"}, out);
  if (const json::object* labels = json_object(metadata, {"labels"})) {
    out["labels"] = cut_texts(*labels, limits.items_max, limits.text_bytes_max);
  }
  if (const json::object* annotations = json_object(metadata, {"annotations"})) {
    json::object kept = cut_texts(*annotations, std::min(kMaxAnnotations, limits.items_max),
                                  std::min(kMaxAnnotationBytes, limits.text_bytes_max));
    if (!kept.empty()) out["annotations"] = std::move(kept);
  }
  copy_members(metadata, {"creationTimestamp", "deletionTimestamp", "generation"}, out);
  if (const json::array* owners = json_array(metadata, {"ownerReferences"})) {
    out["ownerReferences"] = project_owners(*owners);
  }
  if (out.contains("deletionTimestamp")) copy_members(metadata, {"finalizers"}, out);
  return out;
}

class Cleaner {
 public:
  // `drop_noise` is off where the names are the user's, as in a ConfigMap.
  Cleaner(const ProjectionLimits& limits, bool drop_noise)
      : limits_(limits), drop_noise_(drop_noise) {}

  [[nodiscard]] json::value clean(std::string_view name, const json::value& value,
                                  size_t depth) const {
    if (value.is_string()) return json::value(cut(value.get_string(), limits_.text_bytes_max));
    if (!value.is_structured()) return value;
    if (depth >= limits_.depth_max) return "... deeper levels are left out";
    if (const json::array* array = value.if_array()) return clean_array(name, *array, depth);
    if (drop_noise_ && name == "metadata") return project_metadata(value.get_object(), limits_);
    return clean_object(value.get_object(), depth);
  }

 private:
  [[nodiscard]] json::value clean_array(std::string_view name, const json::array& array,
                                        size_t depth) const {
    json::array out;
    size_t left_out = 0;
    for (const json::value& item : array) {
      if (drop_noise_ && is_added_by_kubernetes(name, item)) continue;
      if (out.size() >= limits_.items_max) {
        ++left_out;
        continue;
      }
      out.push_back(clean("", item, depth + 1));
    }
    if (left_out > 0) out.push_back(json::value(more_text(left_out)));
    return out;
  }

  [[nodiscard]] json::value clean_object(const json::object& object, size_t depth) const {
    json::object out;
    size_t left_out = 0;
    for (const auto& [key, value] : object) {
      if (value.is_null() || (drop_noise_ && is_one_of(kNoise, key))) continue;
      if (out.size() >= 2 * limits_.items_max) {
        ++left_out;
        continue;
      }
      json::value cleaned = clean(key, value, depth + 1);
      const bool was_list = value.is_array() && !value.get_array().empty();
      const bool noise = is_one_of(kNoiseWhenEmpty, key) || was_list;
      if (drop_noise_ && noise && is_empty(cleaned)) continue;
      out[key] = std::move(cleaned);
    }
    if (left_out > 0) out["..."] = more_text(left_out);
    return out;
  }

  const ProjectionLimits& limits_;
  bool drop_noise_;
};

std::string size_text(const json::value& value) {
  const std::string_view text = value.is_string() ? value.get_string() : std::string_view();
  if (text == kRedacted) return std::string(kRedacted);
  return fmt::format("<{} base64 characters>", text.size());
}

// The time an event was last seen, in any of the forms in use.
std::string last_seen(const json::object& event) {
  for (const JsonPath path :
       {JsonPath{"lastTimestamp"}, JsonPath{"series", "lastObservedTime"}, JsonPath{"eventTime"},
        JsonPath{"firstTimestamp"}, JsonPath{"metadata", "creationTimestamp"}}) {
    const std::string time = json_string_or(event, path);
    if (!time.empty()) return time;
  }
  return "";
}

int64_t event_count(const json::object& event) {
  return json_int(event, {"count"}).value_or(json_int(event, {"series", "count"}).value_or(1));
}

json::object summarize_event(const json::object& event) {
  json::object out{
      {"type", json_string_or(event, {"type"})},
      {"reason", json_string_or(event, {"reason"})},
      {"count", event_count(event)},
      {"lastSeen", last_seen(event)},
      {"message", cut(redact(json_string_or(event, {"message"})), kMaxEventMessageBytes)}};
  std::string source = json_string_or(event, {"source", "component"});
  if (source.empty()) source = json_string_or(event, {"reportingComponent"});
  if (!source.empty()) out["source"] = source;
  return out;
}

// Why a container does not run, if it does not.
void add_container_state(const json::object& container, json::object& summary) {
  for (const std::string_view state : {"waiting", "terminated"}) {
    const std::string reason = json_string_or(container, {"state", state, "reason"});
    if (reason.empty() || reason == "Completed" || summary.contains("reason")) continue;
    summary["reason"] = reason;
    const std::string message = json_string_or(container, {"state", state, "message"});
    if (!message.empty()) summary["message"] = cut(redact(message), kMaxPodMessageBytes);
  }
  const json::object* last = json_object(container, {"lastState", "terminated"});
  if (last == nullptr || summary.contains("lastTermination")) return;
  json::object kept;
  copy_members(*last, {"reason", "exitCode", "finishedAt"}, kept);
  summary["lastTermination"] = std::move(kept);
}

}  // namespace

json::object project_object(const json::object& redacted, const ProjectionLimits& limits) {
  json::object out;
  for (const auto& [key, value] : redacted) {
    if (value.is_null()) continue;
    const bool is_secret_data =
        json_string(redacted, {"kind"}) == "Secret" && (key == "data" || key == "stringData");
    if (is_secret_data) continue;
    if (key == "metadata" && value.is_object()) {
      out[key] = project_metadata(value.get_object(), limits);
    } else if (key == "binaryData" && value.is_object()) {
      json::object sizes;
      for (const auto& [name, data] : value.get_object()) sizes[name] = size_text(data);
      out[key] = Cleaner(limits, false).clean(key, sizes, 0);
    } else {
      out[key] = Cleaner(limits, key != "data").clean(key, value, 0);
    }
  }
  if (json::value* status = out.if_contains("status");
      status != nullptr && status->is_object() && json_string(redacted, {"kind"}) == "Node") {
    status->get_object().erase("images");  // hundreds of them
  }
  return out;
}

json::object summarize_pod(const json::object& pod) {
  json::object out{{"name", json_string_or(pod, {"metadata", "name"})},
                   {"phase", json_string_or(pod, {"status", "phase"})}};
  size_t ready = 0;
  int64_t restarts = 0;
  const json::array* containers = json_array(pod, {"spec", "containers"});
  for (const std::string_view list : {"containerStatuses", "initContainerStatuses"}) {
    const json::array* statuses = json_array(pod, {"status", list});
    if (statuses == nullptr) continue;
    for (const json::value& container : *statuses) {
      if (!container.is_object()) continue;
      const bool is_init = list == "initContainerStatuses";
      if (!is_init && json_bool(container, {"ready"}).value_or(false)) ++ready;
      restarts += json_int(container, {"restartCount"}).value_or(0);
      add_container_state(container.get_object(), out);
    }
  }
  out["ready"] = fmt::format("{}/{}", ready, containers == nullptr ? 0 : containers->size());
  out["restarts"] = restarts;
  const std::string reason = json_string_or(pod, {"status", "reason"});  // Evicted, ...
  if (!reason.empty() && !out.contains("reason")) out["reason"] = reason;
  const std::string node = json_string_or(pod, {"spec", "nodeName"});
  if (!node.empty()) out["node"] = node;
  if (json_string(pod, {"metadata", "deletionTimestamp"})) out["deleting"] = true;
  return out;
}

json::array summarize_events(const json::object& event_list, size_t events_max) {
  // By time; RFC 3339 in UTC sorts as text. Equal ones stay in the server's order.
  std::multimap<std::string, const json::object*> events;
  if (const json::array* items = json_array(event_list, {"items"})) {
    for (const json::value& item : *items) {
      if (!item.is_object()) continue;
      events.emplace(last_seen(item.get_object()), &item.get_object());
    }
  }
  while (events.size() > events_max) events.erase(events.begin());
  json::array out;
  for (const auto& [time, event] : events) out.push_back(summarize_event(*event));
  return out;
}

std::string fitting_text(size_t bytes_max,
                         const std::function<json::object(const ProjectionLimits&)>& build) {
  std::string text;
  for (const ProjectionLimits& limits : kTighterLimits) {
    text = to_text(build(limits));
    if (text.size() <= bytes_max) return text;
  }
  return cut(text, bytes_max);
}

}  // namespace holmes
