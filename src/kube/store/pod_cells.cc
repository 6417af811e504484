#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "kube/store/age.h"
#include "kube/store/builtin_cells.h"

namespace holmes::kube::cells {
namespace {

// How often containers were started again, and when the last time.
struct Restarts {
  int64_t number = 0;
  std::optional<WallTime> last{};

  void add(const json::object& container) {
    number += count(container, {"restartCount"});
    const auto ended = json_string(container, {"lastState", "terminated", "finishedAt"});
    if (!ended) return;
    if (const auto time = parse_rfc3339(*ended); time && (!last || *last < *time)) last = *time;
  }

  [[nodiscard]] std::string text(WallTime now) const {
    if (number == 0 || !last) return fmt::format("{}", number);
    return fmt::format("{} ({} ago)", number, human_duration(now - *last));
  }
};

// Why a container ended: its own reason, or "<prefix>Signal:9", "<prefix>ExitCode:1".
std::string end_text(const json::object& terminated) {
  const std::string reason = json_string_or(terminated, {"reason"});
  if (!reason.empty()) return reason;
  const int64_t signal = count(terminated, {"signal"});
  return signal != 0 ? fmt::format("Signal:{}", signal)
                     : fmt::format("ExitCode:{}", count(terminated, {"exitCode"}));
}

class PodSummary {
 public:
  explicit PodSummary(const json::object& pod) : pod_(pod) {
    total_ = objects(pod, {"spec", "containers"}).size();
    phase_ = json_string_or(pod, {"status", "phase"}, "Pending");
    reason_ = json_string_or(pod, {"status", "reason"}, phase_);
    for (const json::object* condition : objects(pod, {"status", "conditions"})) {
      if (json_string(*condition, {"type"}) == "PodScheduled" &&
          json_string(*condition, {"reason"}) == "SchedulingGated") {
        reason_ = "SchedulingGated";
      }
    }
    const bool initializing = look_at_init_containers();
    if (!initializing || has_condition(pod, "Initialized")) look_at_containers();
    if (json_find(pod, {"metadata", "deletionTimestamp"}) != nullptr) deleting();
  }

  [[nodiscard]] std::string ready() const { return fmt::format("{}/{}", ready_, total_); }
  [[nodiscard]] std::string status() const { return reason_; }
  [[nodiscard]] std::string restarts(WallTime now) const { return restarts_.text(now); }

 private:
  // A container that is started before the others and keeps running (KEP-753).
  [[nodiscard]] bool is_sidecar(const std::string& name) const {
    return std::ranges::any_of(objects(pod_, {"spec", "initContainers"}),
                               [&](const json::object* container) {
                                 return json_string(*container, {"name"}) == name &&
                                        json_string(*container, {"restartPolicy"}) == "Always";
                               });
  }

  // Whether the pod has not come further than them.
  bool look_at_init_containers() {
    const auto specs = objects(pod_, {"spec", "initContainers"});
    for (const json::object* spec : specs) {
      if (json_string(*spec, {"restartPolicy"}) == "Always") ++total_;
    }
    const auto statuses = objects(pod_, {"status", "initContainerStatuses"});
    for (size_t i = 0; i < statuses.size(); ++i) {
      const json::object& container = *statuses[i];
      const bool sidecar = is_sidecar(json_string_or(container, {"name"}));
      restarts_.add(container);
      if (sidecar) sidecar_restarts_.add(container);
      const json::object* terminated = json_object(container, {"state", "terminated"});
      const std::string waiting = json_string_or(container, {"state", "waiting", "reason"});
      if (terminated != nullptr && count(*terminated, {"exitCode"}) == 0) continue;
      if (sidecar && json_bool(container, {"started"}) == true) {
        if (json_bool(container, {"ready"}) == true) ++ready_;
        continue;
      }
      reason_ = "Init:" + (terminated != nullptr ? end_text(*terminated)
                           : !waiting.empty() && waiting != "PodInitializing"
                               ? waiting
                               : fmt::format("{}/{}", i, specs.size()));
      return true;
    }
    return false;
  }

  void look_at_containers() {
    restarts_ = sidecar_restarts_;
    bool running = false;
    std::string error;
    auto statuses = objects(pod_, {"status", "containerStatuses"});
    std::ranges::reverse(statuses);  // the first one has the last word
    for (const json::object* container : statuses) {
      restarts_.add(*container);
      const std::string waiting = json_string_or(*container, {"state", "waiting", "reason"});
      const json::object* terminated = json_object(*container, {"state", "terminated"});
      if (!waiting.empty()) {
        reason_ = waiting;
      } else if (terminated != nullptr) {
        reason_ = end_text(*terminated);
        if (count(*terminated, {"exitCode"}) != 0) error = reason_;
      } else if (json_bool(*container, {"ready"}) == true &&
                 json_object(*container, {"state", "running"}) != nullptr) {
        running = true;
        ++ready_;
      }
    }
    if (reason_ != "Completed") return;
    if (running && has_condition(pod_, "Ready")) {
      reason_ = "Running";
    } else if (!error.empty()) {
      reason_ = error;
    } else if (running) {
      reason_ = "NotReady";
    }
  }

  void deleting() {
    if (json_string(pod_, {"status", "reason"}) == "NodeLost") {
      reason_ = "Unknown";
    } else if (phase_ != "Succeeded" && phase_ != "Failed") {
      reason_ = "Terminating";
    }
  }

  const json::object& pod_;
  size_t total_ = 0;
  size_t ready_ = 0;
  std::string phase_;
  std::string reason_;
  Restarts restarts_;
  Restarts sidecar_restarts_;
};

std::string readiness_gates(const json::object& pod) {
  const auto gates = objects(pod, {"spec", "readinessGates"});
  if (gates.empty()) return "<none>";
  const auto open = std::ranges::count_if(gates, [&](const json::object* gate) {
    return has_condition(pod, json_string_or(*gate, {"conditionType"}));
  });
  return fmt::format("{}/{}", open, gates.size());
}

}  // namespace

json::array pod(const json::object& object, WallTime now) {
  const PodSummary summary(object);
  const auto addresses = objects(object, {"status", "podIPs"});
  const auto or_none = [](std::string text) { return text.empty() ? "<none>" : text; };
  return {name_of(object),
          summary.ready(),
          summary.status(),
          summary.restarts(now),
          age_of(object, now),
          or_none(addresses.empty() ? "" : json_string_or(*addresses[0], {"ip"})),
          or_none(json_string_or(object, {"spec", "nodeName"})),
          or_none(json_string_or(object, {"status", "nominatedNodeName"})),
          readiness_gates(object)};
}

json::array pod_conditions(const json::object& object) {
  const auto phase = json_string(object, {"status", "phase"});
  const auto ended = [](std::string_view reason, std::string_view message) {
    return json::array{json::object{
        {"type", "Completed"}, {"status", "True"}, {"reason", reason}, {"message", message}}};
  };
  if (phase == "Succeeded") return ended("Succeeded", "The pod has completed successfully.");
  if (phase == "Failed") return ended("Failed", "The pod failed.");
  return {};
}

}  // namespace holmes::kube::cells
