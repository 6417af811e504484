// The small stand-ins for Kubernetes' controllers: each looks at what there is and makes or removes
// what is missing or too much, one step at a time.
//
// Deployments replace their pods when the new ones are ready, without a surge of their own; empty
// ReplicaSets of the past are deleted. StatefulSets, DaemonSets and CronJobs stay as they are.
#pragma once

#include <cstddef>

#include "demo/demo_objects.h"

namespace holmes {

inline constexpr size_t kMaxDemoPods = 150;  // of the whole cluster; no more are made

void run_demo_deployments(DemoObjects& objects);
void run_demo_replicasets(DemoObjects& objects);
void run_demo_jobs(DemoObjects& objects);
// Ready pods become the endpoints of the services that select them.
void run_demo_endpoints(DemoObjects& objects);
// Scheduler and kubelet (demo_kubelet.h).
void run_demo_pods(DemoObjects& objects);
// The nodes' heartbeat, in their status and their lease.
void run_demo_nodes(DemoObjects& objects);

}  // namespace holmes
