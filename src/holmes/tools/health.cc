#include "holmes/tools/health.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "holmes/tools/projection.h"
#include "holmes/tools/tool.h"

namespace holmes {
namespace {

constexpr size_t kMaxConditions = 10;
constexpr size_t kMaxLineBytes = 400;

int64_t number(const json::object& object, JsonPath path, int64_t otherwise = 0) {
  return json_int(object, path).value_or(otherwise);
}

std::string condition_text(const json::value& condition) {
  std::string text = fmt::format("{}={}", json_string_or(condition, {"type"}),
                                 json_string_or(condition, {"status"}));
  const std::string reason = json_string_or(condition, {"reason"});
  return reason.empty() ? text : fmt::format("{} ({})", text, reason);
}

const json::value* find_condition(const json::object& object, std::string_view type) {
  const json::array* conditions = json_array(object, {"status", "conditions"});
  if (conditions == nullptr) return nullptr;
  const auto found = std::ranges::find_if(*conditions, [&](const json::value& condition) {
    return json_string(condition, {"type"}) == type;
  });
  return found == conditions->end() ? nullptr : &*found;
}

bool holds(const json::value* condition) {
  return condition != nullptr && json_string(*condition, {"status"}) == "True";
}

std::string conditions_line(const json::object& object) {
  const json::array* conditions = json_array(object, {"status", "conditions"});
  std::vector<std::string> texts;
  for (const json::value& condition : conditions == nullptr ? json::array() : *conditions) {
    if (texts.size() < kMaxConditions) texts.push_back(condition_text(condition));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// Deployment, StatefulSet, ReplicaSet.
std::string replicas_line(const json::object& object) {
  std::string line = fmt::format(
      "{} of {} replicas ready, {} available", number(object, {"status", "readyReplicas"}),
      number(object, {"spec", "replicas"}, 1), number(object, {"status", "availableReplicas"}));
  if (json_string(object, {"kind"}) != "ReplicaSet") {
    line += fmt::format(", {} updated", number(object, {"status", "updatedReplicas"}));
  }
  if (number(object, {"status", "observedGeneration"}) <
      number(object, {"metadata", "generation"})) {
    line += ", its last change is not yet worked on";
  }
  if (const json::value* progress = find_condition(object, "Progressing");
      progress != nullptr && !holds(progress)) {
    line += ", " + condition_text(*progress);
  }
  return line;
}

std::string daemon_set_line(const json::object& object) {
  const int64_t misplaced = number(object, {"status", "numberMisscheduled"});
  std::string line =
      fmt::format("{} of {} nodes have a ready pod", number(object, {"status", "numberReady"}),
                  number(object, {"status", "desiredNumberScheduled"}));
  return misplaced == 0 ? line : line + fmt::format(", {} where none should be", misplaced);
}

std::string job_line(const json::object& object) {
  std::string state = "not finished";
  if (holds(find_condition(object, "Complete"))) state = "complete";
  if (holds(find_condition(object, "Suspended"))) state = "suspended";
  if (const json::value* failed = find_condition(object, "Failed"); holds(failed)) {
    state = fmt::format("failed ({})", json_string_or(*failed, {"reason"}));
  }
  return fmt::format("{}, {} of {} completions, {} pods active, {} pods failed", state,
                     number(object, {"status", "succeeded"}),
                     number(object, {"spec", "completions"}, 1),
                     number(object, {"status", "active"}), number(object, {"status", "failed"}));
}

std::string cron_job_line(const json::object& object) {
  const bool suspended = json_bool(object, {"spec", "suspend"}).value_or(false);
  const auto time = [&](std::string_view name) {
    const std::string at = json_string_or(object, {"status", name});
    return at.empty() ? std::string("never") : at;
  };
  return fmt::format("{}, last scheduled {}, last successful {}",
                     suspended ? "suspended" : "not suspended", time("lastScheduleTime"),
                     time("lastSuccessfulTime"));
}

std::string pod_line(const json::object& object) {
  const json::object pod = summarize_pod(object);
  std::string ready = json_string_or(pod, {"ready"});
  if (const size_t slash = ready.find('/'); slash != std::string::npos) {
    ready.replace(slash, 1, " of ");
  }
  std::string line = fmt::format("{}, {} containers ready, {} restarts",
                                 json_string_or(pod, {"phase"}), ready, number(pod, {"restarts"}));
  const std::string reason = json_string_or(pod, {"reason"});
  if (!reason.empty()) line += ", " + reason;
  if (const json::value* scheduled = find_condition(object, "PodScheduled");
      scheduled != nullptr && !holds(scheduled)) {
    line += fmt::format(", not scheduled: {}", json_string_or(*scheduled, {"message"}));
  }
  if (pod.contains("deleting")) line += ", being deleted";
  return line;
}

std::string node_line(const json::object& object) {
  const json::value* ready = find_condition(object, "Ready");
  std::string line = holds(ready)       ? "Ready"
                     : ready == nullptr ? "not ready"
                                        : fmt::format("not ready: {}", condition_text(*ready));
  const std::string others = node_conditions(object);
  if (!others.empty()) line += ", " + others;
  if (json_bool(object, {"spec", "unschedulable"}).value_or(false)) line += ", cordoned";
  return line;
}

std::string claim_line(const json::object& object) {
  const std::string capacity = json_string_or(object, {"status", "capacity", "storage"});
  std::string line = json_string_or(object, {"status", "phase"});
  return capacity.empty() ? line : fmt::format("{}, capacity {}", line, capacity);
}

std::string line_of(const json::object& object) {
  const std::string kind = json_string_or(object, {"kind"});
  if (!object.contains("status")) return "";
  if (kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet") {
    return replicas_line(object);
  }
  if (kind == "DaemonSet") return daemon_set_line(object);
  if (kind == "Job") return job_line(object);
  if (kind == "CronJob") return cron_job_line(object);
  if (kind == "Pod") return pod_line(object);
  if (kind == "Node") return node_line(object);
  if (kind == "PersistentVolumeClaim") return claim_line(object);
  return conditions_line(object);
}

}  // namespace

std::string health_line(const json::object& object) {
  return cut(redact(line_of(object)), kMaxLineBytes);
}

std::string pods_line(const json::array& pods) {
  if (pods.empty()) return "";
  std::map<std::string, size_t> states;
  const json::value* restarted = nullptr;
  int64_t most_restarts = 0;
  for (const json::value& pod : pods) {
    std::string state = json_string_or(pod, {"reason"});
    if (state.empty()) state = json_string_or(pod, {"phase"});
    ++states[state.empty() ? "Unknown" : state];
    const int64_t restarts = json_int(pod, {"restarts"}).value_or(0);
    if (restarts <= most_restarts) continue;
    most_restarts = restarts;
    restarted = &pod;
  }
  std::vector<std::string> counts;
  for (const auto& [state, count] : states) counts.push_back(fmt::format("{} {}", count, state));
  std::string line = fmt::format("{} pods: {}", pods.size(), fmt::join(counts, ", "));
  if (restarted != nullptr) {
    line += fmt::format("; {} has restarted {} times", json_string_or(*restarted, {"name"}),
                        most_restarts);
  }
  return cut(redact(line), kMaxLineBytes);
}

json::object with_health(const json::object& object, const json::object& shown) {
  const std::string line = health_line(object);
  if (line.empty()) return shown;
  json::object out{{"health", line}};
  for (const auto& [name, value] : shown) out[name] = value;
  return out;
}

std::string node_conditions(const json::object& node) {
  const json::array* conditions = json_array(node, {"status", "conditions"});
  std::vector<std::string> texts;
  for (const json::value& condition : conditions == nullptr ? json::array() : *conditions) {
    const std::string type = json_string_or(condition, {"type"});
    if (type == "Ready" || texts.size() >= kMaxConditions) continue;
    texts.push_back(fmt::format("{}={}", type, json_string_or(condition, {"status"})));
  }
  return fmt::format("{}", fmt::join(texts, ","));
}

}  // namespace holmes
