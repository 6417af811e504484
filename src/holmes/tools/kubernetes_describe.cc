// kubernetes_describe: one object with its events and, for a workload, its pods.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "async/task_scope.h"
#include "base/strings.h"
#include "holmes/tools/health.h"
#include "holmes/tools/kubernetes_tool.h"
#include "holmes/tools/projection.h"
#include "holmes/tools/redact.h"

namespace holmes {
namespace {

constexpr int64_t kMaxEventsRead = 500;
constexpr size_t kMaxEventsShown = 20;
constexpr int64_t kMaxPods = 50;
constexpr std::string_view kEveryName = "*";
constexpr auto kWorkloads = std::to_array<std::string_view>(
    {"deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"});

constexpr std::array kParameters{kKindParameter, kNameParameter, kNamespaceParameter};

const kube::ResourceType& pods_type() {
  static const kube::ResourceType type{"", "v1", "pods", "Pod", true};
  return type;
}
const kube::ResourceType& events_type() {
  static const kube::ResourceType type{"", "v1", "events", "Event", true};
  return type;
}

// spec.selector as a label selector; empty when there is none. A Service's is a plain map.
std::string selector_text(const json::object& object) {
  std::vector<std::string> terms;
  const json::object* labels = json_object(object, {"spec", "selector", "matchLabels"});
  if (labels == nullptr && json_string(object, {"kind"}) == "Service") {
    labels = json_object(object, {"spec", "selector"});
  }
  if (labels != nullptr) {
    for (const auto& [key, value] : *labels) {
      if (!value.is_string()) continue;
      terms.push_back(
          fmt::format("{}={}", std::string_view(key), std::string_view(value.get_string())));
    }
  }
  if (const json::array* list = json_array(object, {"spec", "selector", "matchExpressions"})) {
    for (const json::value& item : *list) {
      const std::string key = json_string_or(item, {"key"});
      const std::string how = json_string_or(item, {"operator"});
      std::vector<std::string> values;
      if (const json::array* texts = json_array(item, {"values"})) {
        for (const json::value& text : *texts) {
          if (text.is_string()) values.emplace_back(text.get_string());
        }
      }
      if (how == "Exists") terms.push_back(key);
      if (how == "DoesNotExist") terms.push_back("!" + key);
      if (how == "In") terms.push_back(fmt::format("{} in ({})", key, fmt::join(values, ",")));
      if (how == "NotIn")
        terms.push_back(fmt::format("{} notin ({})", key, fmt::join(values, ",")));
    }
  }
  return fmt::format("{}", fmt::join(terms, ","));
}

kube::ListOptions events_of(const json::object& object) {
  kube::ListOptions options;
  options.ns = json_string_or(object, {"metadata", "namespace"});
  options.limit = kMaxEventsRead;
  options.field_selector =
      fmt::format("involvedObject.name={},involvedObject.kind={}",
                  json_string_or(object, {"metadata", "name"}), json_string_or(object, {"kind"}));
  // The kubelet writes a node's name where its UID belongs.
  const std::string uid = json_string_or(object, {"metadata", "uid"});
  if (!options.ns.empty() && !uid.empty()) options.field_selector += ",involvedObject.uid=" + uid;
  return options;
}

// What is shown of a list beside the object, made once and then cut to ever tighter limits.
struct Related {
  std::string_view name;  // "events", "pods"
  json::value shown;      // an array; a text when the list could not be read
  size_t left_out = 0;
  bool more_exist = false;  // ... and their number is not known
};

// How many items the list's next pages hold. The server does not count with a selector; then there
// is only a token for the next page.
void add_next_pages(const json::object& list, Related& related) {
  const int64_t remaining = json_int(list, {"metadata", "remainingItemCount"}).value_or(0);
  if (remaining > 0) related.left_out += static_cast<size_t>(remaining);
  related.more_exist = remaining <= 0 && !json_string_or(list, {"metadata", "continue"}).empty();
}

size_t item_count(const json::object& list) {
  const json::array* items = json_array(list, {"items"});
  return items == nullptr ? 0 : items->size();
}

// What cannot be read is said in its place; the object itself was.
Related related_events(const Result<json::object>& list) {
  Related events{"events", {}};
  if (!list) {
    events.shown = to_tool_result(list.error()).text;
    return events;
  }
  json::array newest = summarize_events(*list, kMaxEventsShown);
  events.left_out = item_count(*list) - newest.size();
  events.shown = std::move(newest);
  add_next_pages(*list, events);
  return events;
}

Related related_pods(const Result<json::object>& list) {
  Related pods{"pods", {}};
  if (!list) {
    pods.shown = to_tool_result(list.error()).text;
    return pods;
  }
  json::array summaries;
  if (const json::array* items = json_array(*list, {"items"})) {
    for (const json::value& item : *items) {
      if (item.is_object()) summaries.push_back(summarize_pod(item.get_object()));
    }
  }
  pods.shown = std::move(summaries);
  add_next_pages(*list, pods);
  return pods;
}

// The last ones, which are the newest of events: {"pods": [...], "podsLeftOut": 7} or
// {"pods": [...], "podsMoreExist": true}.
void add_related(const Related& related, const ProjectionLimits& limits, json::object& out) {
  size_t left_out = related.left_out;
  json::value shown = related.shown;
  if (json::array* array = shown.if_array(); array != nullptr && array->size() > limits.items_max) {
    const size_t surplus = array->size() - limits.items_max;
    left_out += surplus;
    array->erase(array->begin(), array->begin() + static_cast<std::ptrdiff_t>(surplus));
  }
  out[related.name] = std::move(shown);
  const std::string name(related.name);
  if (left_out > 0) out[name + "LeftOut"] = left_out;
  if (related.more_exist) out[name + "MoreExist"] = true;
}

// Of a workload: kubernetes_get has it, and the pods are what it has led to.
void leave_out_template(json::object& object) {
  json::value* spec = object.if_contains("spec");
  if (spec != nullptr && spec->is_object()) spec->get_object().erase("template");
}

bool names_pods(std::string_view kind) {
  constexpr auto kNames = std::to_array<std::string_view>({"pod", "pods", "po"});
  return std::ranges::any_of(
      kNames, [&](std::string_view name) { return equals_ignoring_case(name, kind); });
}

class KubernetesDescribe final : public KubernetesTool {
 public:
  explicit KubernetesDescribe(std::shared_ptr<KubernetesView> view)
      : KubernetesTool(
            std::move(view), "kubernetes_describe",
            "Reads how one object is: health, status, events; of a workload also its pods.",
            kParameters) {}

 protected:
  Task<Result<std::string>> answer(Arguments arguments, ToolContext context, Stop stop) override {
    const kube::ObjectKey key{arguments.text("namespace", context.ns), arguments.text("name")};
    if (key.name == kEveryName) {
      co_return co_await list_as_text(view(), arguments.text("kind"), {.ns = key.ns}, stop);
    }
    HOLMES_CO_TRY(json::object object, co_await find(arguments.text("kind"), key, stop));
    std::vector<Task<Result<json::object>>> reads;
    reads.push_back(view().list(events_type(), events_of(object), stop));
    kube::ListOptions pods;
    pods.ns = json_string_or(object, {"metadata", "namespace"});
    pods.limit = kMaxPods;
    pods.label_selector = selector_text(object);
    if (!pods.ns.empty() && !pods.label_selector.empty()) {
      reads.push_back(view().list(pods_type(), pods, stop));
    }
    const std::vector<Result<json::object>> lists =
        co_await when_all(view().loop(), std::move(reads));
    if (stop.requested()) co_return fail(stop.error("reading events"));

    redact_json(object);
    leave_out_template(object);
    std::vector<Related> related{related_events(lists[0])};
    std::string pods_health;
    if (lists.size() > 1) {
      related.push_back(related_pods(lists[1]));
      if (related[1].shown.is_array()) pods_health = pods_line(related[1].shown.get_array());
    }
    co_return fitting_text(output_bytes_max(), [&](const ProjectionLimits& limits) {
      json::object out = with_health(object, {{"object", project_object(object, limits)}});
      if (json::value* health = out.if_contains("health"); health && !pods_health.empty()) {
        *health = json_string_or(out, {"health"}) + "; " + pods_health;
      }
      for (const Related& one : related) add_related(one, limits, out);
      return out;
    });
  }

 private:
  // The name of a workload is often given for that of its pods: then the workload, whose kind the
  // answer tells, as it has them.
  Task<Result<json::object>> find(std::string kind, kube::ObjectKey key, Stop stop) {
    const Result<json::object> object = co_await view().get(kind, key, stop);
    const bool absent = !object && object.error().code == ErrorCode::kNotFound;
    if (!absent || !names_pods(kind)) co_return object;
    for (const std::string_view workload : kWorkloads) {
      const Result<json::object> found = co_await view().find(std::string(workload), key, stop);
      if (found) co_return found;
    }
    co_return object;
  }
};

}  // namespace

std::unique_ptr<Tool> make_kubernetes_describe(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesDescribe>(std::move(view));
}

}  // namespace holmes
