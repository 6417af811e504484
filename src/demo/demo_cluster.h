// A small living cluster for `holmes local --demo`, in an embedded API: deployments that are
// healthy, crash, cannot be scheduled and heal, a failed job, events and logs.
//
// What users change counts: replicas follow, deleted pods come back, a new Deployment gets pods;
// `payments` recovers when a service payments-db is made, `reports` when it asks for less memory.
// It is a demo, not Kubernetes: demo_controllers.h says what is played. Owner references are for
// the store's garbage collector, which its owner runs (kube/store/garbage_collector.h).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"
#include "demo/demo_objects.h"
#include "kube/store/api_server.h"

namespace holmes {

struct DemoClusterOptions {
  std::chrono::milliseconds tick{1000};  // how often the stand-ins look
  std::chrono::minutes past{12};         // what is played at once before the start
  std::chrono::seconds past_step{10};
};

// One loop's thread.
class DemoCluster {
 public:
  // All outlive it.
  DemoCluster(Loop& loop, kube::ObjectStore& store, kube::ApiServer& server,
              DemoClusterOptions options = {});

  // Makes the cluster with its past, as if it had lived for a while; does nothing when its
  // namespace is there already, from a run before. Fails with kUnavailable when the store cannot
  // write, and by the stop.
  Task<Status> fill(Stop stop);
  // Lives until stopped, or until the store cannot write any more.
  Task<> run(Stop stop);

 private:
  Task<Status> tick(WallTime now, Stop stop);
  void make_sample();
  void scale_late_deployment();

  Loop& loop_;
  kube::ObjectStore& store_;
  const DemoClusterOptions options_;
  DemoObjects objects_;
};

// For ApiServerOptions::pod_log. The store outlives the function.
std::function<std::optional<std::string>(const kube::PodLogQuery&)> demo_pod_log(
    const kube::ObjectStore& store);

// examples/demo.yaml: HealthChecks and ScheduledHealthChecks about this cluster.
std::string_view demo_manifests();

}  // namespace holmes
