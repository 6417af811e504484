#include "demo/demo_cluster.h"

#include <utility>

#include "async/wait.h"
#include "demo/demo_container.h"
#include "demo/demo_controllers.h"
#include "demo/demo_sample.h"

namespace holmes {

DemoCluster::DemoCluster(Loop& loop, kube::ObjectStore& store, kube::ApiServer& server,
                         DemoClusterOptions options)
    : loop_(loop), store_(store), options_(options), objects_(store, server) {}

Task<Status> DemoCluster::fill(Stop stop) {
  if (objects_.exists("namespaces", {"", std::string(kDemoNamespace)})) co_return Status();
  const WallTime now = loop_.wall_now();
  WallTime then = now - options_.past;
  objects_.set_now(then);
  make_sample();
  for (; then < now; then += options_.past_step) {
    HOLMES_CO_CHECK(co_await tick(then, stop));
  }
  objects_.set_now(now);
  scale_late_deployment();
  // The deployment's controller, the ReplicaSet's, the scheduler and the kubelet take a turn each.
  for (int turn = 0; turn < 4; ++turn) HOLMES_CO_CHECK(co_await tick(now, stop));
  co_return Status();
}

Task<> DemoCluster::run(Stop stop) {
  while (co_await sleep_for(loop_, options_.tick, stop)) {
    if (!(co_await tick(loop_.wall_now(), stop))) co_return;
  }
}

// Nothing is written before what was written before is durable.
Task<Status> DemoCluster::tick(WallTime now, Stop stop) {
  if (stop.requested()) co_return fail(stop.error("living"));
  HOLMES_CO_CHECK(store_.health());
  objects_.set_now(now);
  run_demo_deployments(objects_);
  run_demo_replicasets(objects_);
  run_demo_jobs(objects_);
  run_demo_pods(objects_);
  run_demo_endpoints(objects_);
  run_demo_nodes(objects_);
  objects_.drop_old_events();
  co_return co_await store_.durable(store_.version(), std::move(stop));
}

void DemoCluster::make_sample() {
  for (DemoSampleObject& sample : demo_sample(objects_.now())) {
    const json::object object = sample.object;
    objects_.create(sample.resource, std::move(sample.object), "demo");
    if (sample.has_status) objects_.write_status(sample.resource, object, "kubelet");
  }
}

void DemoCluster::scale_late_deployment() {
  for (json::object& deployment : objects_.list("deployments.apps", std::string(kDemoNamespace))) {
    if (demo_name(deployment) != kDemoLateDeployment) continue;
    deployment["spec"].get_object()["replicas"] = kDemoLateReplicas;
    objects_.write("deployments.apps", deployment, "demo");
  }
}

std::function<std::optional<std::string>(const kube::PodLogQuery&)> demo_pod_log(
    const kube::ObjectStore& store) {
  return [&store](const kube::PodLogQuery& query) -> std::optional<std::string> {
    const kube::Stored pod = store.find("pods", query.pod);
    if (pod == nullptr) return std::nullopt;
    const Result<json::object> object = parse_json_object(pod->bytes);
    if (!object) return std::nullopt;
    return demo_container_log(*object, query.container, query.previous);
  };
}

}  // namespace holmes
