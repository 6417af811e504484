// Scheduler and kubelet of the sample cluster: what a pod's status is next. Pure.
// After: Kubernetes' pod lifecycle (phases, conditions, back-off of 10 s doubled up to 5 min).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "demo/demo_objects.h"

namespace holmes {

struct DemoPodEvent {
  DemoEventType type = DemoEventType::kNormal;
  std::string_view reason;
  std::string message;
  std::string_view component;
};

struct DemoPodStep {
  bool bound = false;  // spec.nodeName was set
  bool status_changed = false;
  std::vector<DemoPodEvent> events{};
};

// What a pod can see of its cluster.
struct DemoSurroundings {
  const std::vector<json::object>& nodes;
  const std::vector<json::object>& pods;                      // all of them
  std::function<bool(std::string_view service)> has_service;  // in the pod's namespace
};

// Changes the pod to what it is at `now`; once more at the same time changes nothing more than one
// step of its life (bound, started, ready).
DemoPodStep step_demo_pod(json::object& pod, const DemoSurroundings& surroundings, WallTime now);

bool is_ready_demo_pod(const json::object& pod);
// Succeeded or Failed.
bool is_finished_demo_pod(const json::object& pod);

// "64Gi", "128Mi", "1000": bytes, at most 32 TiB; 0 for anything else.
int64_t demo_bytes(std::string_view quantity);

}  // namespace holmes
