#include "demo/demo_kubelet.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hash.h"
#include "demo/demo_container.h"

namespace holmes {
namespace {

using std::chrono::seconds;

constexpr std::string_view kScheduler = "default-scheduler";
constexpr std::string_view kKubelet = "kubelet";
constexpr int64_t kEventSeconds = 15;
constexpr seconds kBackOffMin{10};
constexpr seconds kBackOffMax{300};
constexpr int64_t kMemoryMax = int64_t{1} << 45;  // of one container: sums stay sums
constexpr int64_t kNodePods = 110;                // the kubelet's limit

seconds back_off(int64_t restarts) {
  seconds wait = kBackOffMin;
  for (int64_t i = 0; i < restarts && wait < kBackOffMax; ++i) wait *= 2;
  return std::min(wait, kBackOffMax);
}

WallTime time_at(const json::value& object, JsonPath path) {
  return parse_rfc3339(json_string_or(object, path)).value_or(WallTime{});
}

json::array& containers_of(json::object& pod, std::string_view part, std::string_view list) {
  return pod.at(part).get_object().at(list).get_array();
}

int64_t memory_of(const json::object& pod) {
  int64_t bytes = 0;
  for (const json::value& container : demo_array(pod, {"spec", "containers"})) {
    bytes += demo_bytes(json_string_or(container, {"resources", "requests", "memory"}));
  }
  return bytes;
}

// Why the pod does not fit on the node; "" when it does.
std::string_view unfit(const json::object& pod, const json::object& node,
                       const std::vector<json::object>& pods) {
  if (json_bool(node, {"spec", "unschedulable"}) == true) return "node(s) were unschedulable";
  int64_t used = 0;
  int64_t count = 0;
  for (const json::object& other : pods) {
    if (json_string(other, {"spec", "nodeName"}) != demo_name(node)) continue;
    if (is_finished_demo_pod(other)) continue;
    used += memory_of(other);
    ++count;
  }
  const int64_t memory = demo_bytes(json_string_or(node, {"status", "allocatable", "memory"}));
  if (used + memory_of(pod) > memory) return "Insufficient memory";
  return count >= kNodePods ? "Too many pods" : "";
}

// What lasts is told again now and then, not at each look.
bool tells_again(WallTime now) {
  const auto second = std::chrono::floor<seconds>(now).time_since_epoch().count();
  return second % kEventSeconds == 0;
}

DemoPodStep schedule(json::object& pod, const DemoSurroundings& around, WallTime now) {
  DemoPodStep step;
  std::map<std::string_view, int> reasons;
  for (const json::object& node : around.nodes) {
    const std::string_view reason = unfit(pod, node, around.pods);
    if (!reason.empty()) {
      ++reasons[reason];
      continue;
    }
    pod["spec"].get_object()["nodeName"] = demo_name(node);
    set_demo_condition(pod, "PodScheduled", true, "", "", now);
    step.bound = step.status_changed = true;
    step.events.push_back({DemoEventType::kNormal, "Scheduled",
                           fmt::format("Successfully assigned {}/{} to {}", demo_namespace(pod),
                                       demo_name(pod), demo_name(node)),
                           kScheduler});
    return step;
  }
  std::vector<std::string> parts;
  for (const auto& [reason, count] : reasons) parts.push_back(fmt::format("{} {}", count, reason));
  const std::string message = around.nodes.empty()
                                  ? "no nodes available to schedule pods"
                                  : fmt::format("0/{} nodes are available: {}.",
                                                around.nodes.size(), fmt::join(parts, ", "));
  const json::object before = pod;
  pod["status"].get_object()["phase"] = "Pending";
  set_demo_condition(pod, "PodScheduled", false, "Unschedulable", message, now);
  step.status_changed = pod != before;
  if (step.status_changed || tells_again(now)) {
    step.events.push_back({DemoEventType::kWarning, "FailedScheduling", message, kScheduler});
  }
  return step;
}

void add_start_events(const json::value& container, DemoPodStep& step) {
  const std::string name = json_string_or(container, {"name"});
  step.events.push_back({DemoEventType::kNormal, "Pulled",
                         fmt::format("Container image \"{}\" already present on machine",
                                     json_string_or(container, {"image"})),
                         kKubelet});
  step.events.push_back(
      {DemoEventType::kNormal, "Created", fmt::format("Created container: {}", name), kKubelet});
  step.events.push_back(
      {DemoEventType::kNormal, "Started", fmt::format("Started container {}", name), kKubelet});
}

json::object running_since(WallTime now) {
  return {{"running", json::object{{"startedAt", format_rfc3339(now)}}}};
}

void set_started(json::object& status, WallTime now) {
  status["state"] = running_since(now);
  status["ready"] = false;
  status["started"] = true;
}

// Of this network, by the pod's UID.
std::string address_of(const json::object& pod) {
  const std::string hash = sha256_hex(demo_uid(pod)).substr(0, 4);
  unsigned number = 0;
  std::from_chars(hash.data(), hash.data() + hash.size(), number, 16);
  return fmt::format("10.244.{}.{}", number / 256 % 8, 2 + number % 250);
}

DemoPodStep start(json::object& pod, WallTime now) {
  DemoPodStep step{.status_changed = true};
  json::array statuses;
  for (const json::value& container : containers_of(pod, "spec", "containers")) {
    const std::string image = json_string_or(container, {"image"});
    json::object status{{"name", json_string_or(container, {"name"})},
                        {"image", image},
                        {"imageID", ""},
                        {"lastState", json::object()},
                        {"restartCount", 0}};
    set_started(status, now);
    statuses.push_back(std::move(status));
    add_start_events(container, step);
  }
  json::object& status = pod["status"].get_object();
  const std::string address = address_of(pod);
  status["phase"] = "Running";
  status["hostIP"] = "10.0.0.10";
  status["podIP"] = address;
  status["podIPs"] = json::array{json::object{{"ip", address}}};
  status["qosClass"] = "Burstable";
  status["startTime"] = format_rfc3339(now);
  status["containerStatuses"] = std::move(statuses);
  set_demo_condition(pod, "PodReadyToStartContainers", true, "", "", now);
  set_demo_condition(pod, "Initialized", true, "", "", now);
  return step;
}

// One container of a pod that was started.
class ContainerStep {
 public:
  ContainerStep(const json::object& pod, const json::value& spec, json::object& status,
                const DemoSurroundings& around, WallTime now, DemoPodStep& step)
      : pod_(pod),
        spec_(spec),
        status_(status),
        policy_(json_string_or(pod, {"spec", "restartPolicy"}, "Always")),
        row_(demo_container(json_string_or(spec, {"image"}), policy_)),
        around_(around),
        now_(now),
        step_(step) {}

  void run() {
    if (json_object(status_, {"state", "running"}) != nullptr) {
      const WallTime started = time_at(status_, {"state", "running", "startedAt"});
      const bool fine = !row_.needs_service.empty() && around_.has_service(row_.needs_service);
      if (row_.runs_for && !fine && now_ - started >= *row_.runs_for) {
        return end(started, started + *row_.runs_for);
      }
      // One that will fail is never ready.
      const bool lasts = !row_.runs_for || fine;
      status_["ready"] = lasts && now_ - started >= row_.ready_after;
    } else if (json_object(status_, {"state", "waiting"}) != nullptr) {
      wait();
    }
  }

 private:
  void end(WallTime started, WallTime finished) {
    json::object terminated{{"exitCode", row_.exit_code},
                            {"reason", row_.exit_code == 0 ? "Completed" : "Error"},
                            {"startedAt", format_rfc3339(started)},
                            {"finishedAt", format_rfc3339(finished)}};
    status_["ready"] = false;
    status_["started"] = false;
    if (policy_ == "Never" || (policy_ == "OnFailure" && row_.exit_code == 0)) {
      status_["state"] = json::object{{"terminated", std::move(terminated)}};
      return;
    }
    status_["lastState"] = json::object{{"terminated", std::move(terminated)}};
    set_waiting();
  }

  void wait() {
    const int64_t restarts = json_int(status_, {"restartCount"}).value_or(0);
    if (now_ - time_at(status_, {"lastState", "terminated", "finishedAt"}) < back_off(restarts)) {
      return set_waiting();
    }
    status_["restartCount"] = restarts + 1;
    set_started(status_, now_);
    add_start_events(spec_, step_);
  }

  void set_waiting() {
    const int64_t restarts = json_int(status_, {"restartCount"}).value_or(0);
    const std::string name = json_string_or(spec_, {"name"});
    const std::string where =
        fmt::format("{}_{}({})", demo_name(pod_), demo_namespace(pod_), demo_uid(pod_));
    status_["state"] = json::object{
        {"waiting",
         json::object{{"reason", "CrashLoopBackOff"},
                      {"message", fmt::format("back-off {} restarting failed container={} pod={}",
                                              time_text(back_off(restarts)), name, where)}}}};
    if (!tells_again(now_)) return;
    step_.events.push_back(
        {DemoEventType::kWarning, "BackOff",
         fmt::format("Back-off restarting failed container {} in pod {}", name, where), kKubelet});
  }

  static std::string time_text(seconds time) {  // as Go writes it
    const auto minutes = std::chrono::floor<std::chrono::minutes>(time);
    return minutes.count() == 0 ? fmt::format("{}s", time.count())
                                : fmt::format("{}m{}s", minutes.count(), (time - minutes).count());
  }

  const json::object& pod_;
  const json::value& spec_;
  json::object& status_;
  const std::string policy_;
  const DemoContainer row_;
  const DemoSurroundings& around_;
  const WallTime now_;
  DemoPodStep& step_;
};

// Phase and conditions follow from the containers.
void summarize(json::object& pod, WallTime now) {
  size_t ready = 0;
  size_t ended = 0;
  bool failed = false;
  const json::array& statuses = containers_of(pod, "status", "containerStatuses");
  for (const json::value& status : statuses) {
    if (json_bool(status, {"ready"}) == true) ++ready;
    if (json_object(status, {"state", "terminated"}) == nullptr) continue;
    ++ended;
    failed |= json_int(status, {"state", "terminated", "exitCode"}).value_or(0) != 0;
  }
  const size_t count = statuses.size();
  const bool finished = ended == count;
  pod["status"].get_object()["phase"] = finished ? (failed ? "Failed" : "Succeeded") : "Running";
  const std::string_view reason = finished         ? (failed ? "PodFailed" : "PodCompleted")
                                  : ready == count ? ""
                                                   : "ContainersNotReady";
  const std::string message =
      reason == "ContainersNotReady" ? "containers with unready status" : "";
  set_demo_condition(pod, "ContainersReady", ready == count, reason, message, now);
  set_demo_condition(pod, "Ready", ready == count, reason, message, now);
}

}  // namespace

DemoPodStep step_demo_pod(json::object& pod, const DemoSurroundings& surroundings, WallTime now) {
  if (is_finished_demo_pod(pod) || json_array(pod, {"spec", "containers"}) == nullptr) return {};
  if (json_object(pod, {"status"}) == nullptr) pod["status"] = json::object();
  if (json_string_or(pod, {"spec", "nodeName"}).empty()) return schedule(pod, surroundings, now);
  if (json_array(pod, {"status", "containerStatuses"}) == nullptr) {
    DemoPodStep step = start(pod, now);
    summarize(pod, now);
    return step;
  }
  DemoPodStep step;
  const json::object before = pod;
  const json::array& specs = demo_array(before, {"spec", "containers"});
  json::array& statuses = containers_of(pod, "status", "containerStatuses");
  for (size_t i = 0; i < specs.size() && i < statuses.size(); ++i) {
    json::object* status = statuses[i].if_object();
    if (status != nullptr) ContainerStep(before, specs[i], *status, surroundings, now, step).run();
  }
  summarize(pod, now);
  step.status_changed = pod != before;
  return step;
}

bool is_ready_demo_pod(const json::object& pod) {
  return has_demo_condition(pod, "Ready");
}

bool is_finished_demo_pod(const json::object& pod) {
  const auto phase = json_string(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

int64_t demo_bytes(std::string_view quantity) {
  static constexpr auto kUnits = std::to_array<std::pair<std::string_view, int64_t>>(
      {{"", 1}, {"Ki", int64_t{1} << 10}, {"Mi", int64_t{1} << 20}, {"Gi", int64_t{1} << 30}});
  int64_t number = 0;
  const auto read = std::from_chars(quantity.data(), quantity.data() + quantity.size(), number);
  if (read.ec != std::errc() || number < 0) return 0;
  const std::string_view unit(read.ptr, quantity.data() + quantity.size());
  for (const auto& [name, bytes] : kUnits) {
    if (unit == name) return number > kMemoryMax / bytes ? kMemoryMax : number * bytes;
  }
  return 0;
}

}  // namespace holmes
