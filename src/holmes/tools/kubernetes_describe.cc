// kubernetes_describe: one object with its events and, for a workload, its pods.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "async/task_scope.h"
#include "holmes/tools/kubernetes_tool.h"
#include "holmes/tools/projection.h"

namespace holmes {
namespace {

constexpr int64_t kMaxEventsRead = 500;
constexpr size_t kMaxEventsShown = 20;
constexpr int64_t kMaxPods = 50;

constexpr std::array kParameters{kKindParameter, kNameParameter, kNamespaceParameter,
                                 kApiVersionParameter};

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

class KubernetesDescribe final : public KubernetesTool {
 public:
  explicit KubernetesDescribe(std::shared_ptr<KubernetesView> view)
      : KubernetesTool(std::move(view), "kubernetes_describe",
                       "Reads one Kubernetes object as JSON with its recent events (newest last) "
                       "and, for a workload or Service, a summary of its pods.",
                       kParameters) {}

 protected:
  Task<Result<std::string>> answer(Arguments arguments, Stop stop) override {
    const kube::ObjectKey key{arguments.text("namespace", kDefaultNamespace),
                              arguments.text("name")};
    HOLMES_CO_TRY(
        const json::object object,
        co_await view().get(arguments.text("kind"), arguments.text("api_version"), key, stop));
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

    co_return fitting_text(output_bytes_max(), [&](const ProjectionLimits& limits) {
      json::object out{{"object", project_object(object, limits)}};
      add_events(lists[0], limits, out);
      if (lists.size() > 1) add_pods(lists[1], limits, out);
      return out;
    });
  }

 private:
  // What cannot be read is said in its place; the object itself was.
  static void add_events(const Result<json::object>& list, const ProjectionLimits& limits,
                         json::object& out) {
    if (!list) {
      out["events"] = to_tool_result(list.error()).text;
      return;
    }
    out["events"] = summarize_events(*list, std::min(kMaxEventsShown, limits.items_max));
  }

  static void add_pods(const Result<json::object>& list, const ProjectionLimits& limits,
                       json::object& out) {
    if (!list) {
      out["pods"] = to_tool_result(list.error()).text;
      return;
    }
    json::array pods;
    size_t left_out = static_cast<size_t>(
        std::max<int64_t>(0, json_int(*list, {"metadata", "remainingItemCount"}).value_or(0)));
    if (const json::array* items = json_array(*list, {"items"})) {
      for (const json::value& item : *items) {
        if (!item.is_object()) continue;
        if (pods.size() < limits.items_max) {
          pods.push_back(summarize_pod(item.get_object()));
        } else {
          ++left_out;
        }
      }
    }
    out["pods"] = std::move(pods);
    if (left_out > 0) out["podsLeftOut"] = left_out;
  }
};

}  // namespace

std::unique_ptr<Tool> make_kubernetes_describe(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesDescribe>(std::move(view));
}

}  // namespace holmes
