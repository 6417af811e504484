#include "demo/demo_controllers.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "demo/demo_kubelet.h"

namespace holmes {
namespace {

using Objects = std::vector<json::object>;

constexpr std::string_view kManager = "kube-controller-manager";
constexpr std::string_view kHashLabel = "pod-template-hash";
constexpr size_t kMaxStepPods = 20;  // made at once for one owner
constexpr std::chrono::seconds kLeaseInterval{10};
constexpr std::chrono::minutes kHeartbeatInterval{5};

int64_t replicas_of(const json::object& object) {
  return std::max<int64_t>(0, json_int(object, {"spec", "replicas"}).value_or(1));
}

json::object& member(json::object& object, std::string_view name) {
  json::value& value = object[name];
  if (!value.is_object()) value = json::object();
  return value.get_object();
}

json::object copy_of(const json::object* object) {
  return object == nullptr ? json::object() : *object;
}

// Zeros are left out, as the API does.
void set_count(json::object& status, std::string_view name, int64_t count) {
  if (count == 0) {
    status.erase(name);
  } else {
    status[name] = count;
  }
}

void write_if_changed(DemoObjects& objects, const std::string& resource, const json::object& before,
                      const json::object& after) {
  if (before != after) objects.write_status(resource, after, kManager);
}

// A pod of this owner's template.
json::object pod_of(const json::object& owner) {
  const json::object* of = json_object(owner, {"spec", "template"});
  json::object metadata = of == nullptr ? json::object() : copy_of(json_object(*of, {"metadata"}));
  metadata.erase("creationTimestamp");
  metadata["generateName"] = demo_name(owner) + "-";
  metadata["namespace"] = demo_namespace(owner);
  metadata["ownerReferences"] = demo_owner(owner);
  json::object spec = of == nullptr ? json::object() : copy_of(json_object(*of, {"spec"}));
  if (!spec.contains("restartPolicy")) spec["restartPolicy"] = "Always";
  return {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
}

void make_pods(DemoObjects& objects, const json::object& owner, size_t count) {
  std::string_view component = "replicaset-controller";
  if (json_string(owner, {"kind"}) == "Job") component = "job-controller";
  for (size_t i = 0; i < std::min(count, kMaxStepPods); ++i) {
    if (objects.count("pods") >= kMaxDemoPods) {
      objects.event(owner, DemoEventType::kWarning, "FailedCreate",
                    fmt::format("this sample cluster has at most {} pods", kMaxDemoPods),
                    component);
      return;
    }
    if (!objects.create("pods", pod_of(owner), kManager)) return;
    objects.event(owner, DemoEventType::kNormal, "SuccessfulCreate", "Created a pod", component);
  }
}

// The template's hash names the ReplicaSet: an edited template is another one.
std::string template_hash(const json::object& deployment) {
  const json::object* of = json_object(deployment, {"spec", "template"});
  return of == nullptr ? "none" : sha256_hex(to_text(*of)).substr(0, 10);
}

json::object replicaset_of(const json::object& deployment, const std::string& hash) {
  json::object of = copy_of(json_object(deployment, {"spec", "template"}));
  member(member(of, "metadata"), "labels")[kHashLabel] = hash;
  json::object selector = copy_of(json_object(deployment, {"spec", "selector"}));
  member(selector, "matchLabels")[kHashLabel] = hash;
  json::object labels = copy_of(json_object(of, {"metadata", "labels"}));
  return {{"metadata", json::object{{"name", fmt::format("{}-{}", demo_name(deployment), hash)},
                                    {"namespace", demo_namespace(deployment)},
                                    {"labels", std::move(labels)},
                                    {"ownerReferences", demo_owner(deployment)}}},
          {"spec", json::object{{"replicas", replicas_of(deployment)},
                                {"selector", std::move(selector)},
                                {"template", std::move(of)}}}};
}

void scale(DemoObjects& objects, const json::object& deployment, json::object& set,
           int64_t replicas) {
  const int64_t before = replicas_of(set);
  if (before == replicas) return;
  set["spec"].get_object()["replicas"] = replicas;
  objects.write("replicasets.apps", set, kManager);
  objects.event(deployment, DemoEventType::kNormal, "ScalingReplicaSet",
                fmt::format("Scaled {} replica set {} from {} to {}",
                            before < replicas ? "up" : "down", demo_name(set), before, replicas),
                "deployment-controller");
}

struct Counts {
  int64_t all = 0;
  int64_t updated = 0;
  int64_t ready = 0;
};

void set_deployment_status(DemoObjects& objects, const json::object& deployment,
                           const Counts& counts) {
  json::object next = deployment;
  json::object& status = member(next, "status");
  const int64_t wanted = replicas_of(deployment);
  status["observedGeneration"] = json_int(deployment, {"metadata", "generation"}).value_or(1);
  set_count(status, "replicas", counts.all);
  set_count(status, "updatedReplicas", counts.updated);
  set_count(status, "readyReplicas", counts.ready);
  set_count(status, "availableReplicas", counts.ready);
  set_count(status, "unavailableReplicas", std::max<int64_t>(0, wanted - counts.ready));
  const bool available = counts.ready >= wanted - wanted / 4;  // maxUnavailable 25%
  set_demo_condition(
      next, "Available", available,
      available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
      fmt::format("Deployment {} minimum availability.", available ? "has" : "does not have"),
      objects.now());
  const bool complete = counts.ready >= wanted && counts.updated >= wanted;
  set_demo_condition(
      next, "Progressing", true, complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
      complete ? "ReplicaSet has successfully progressed." : "ReplicaSet is progressing.",
      objects.now());
  write_if_changed(objects, "deployments.apps", deployment, next);
}

void run_deployment(DemoObjects& objects, const json::object& deployment) {
  const int64_t wanted = replicas_of(deployment);
  const std::string hash = template_hash(deployment);
  Objects sets = objects.controlled_by("replicasets.apps", demo_uid(deployment));
  const auto current = std::ranges::find_if(sets, [&](const json::object& set) {
    return json_string(set, {"metadata", "labels", kHashLabel}) == hash;
  });
  bool replaced = false;
  if (current == sets.end()) {
    const json::object made = replicaset_of(deployment, hash);
    if (objects.create("replicasets.apps", made, kManager)) {
      objects.event(deployment, DemoEventType::kNormal, "ScalingReplicaSet",
                    fmt::format("Scaled up replica set {} from 0 to {}", demo_name(made), wanted),
                    "deployment-controller");
    }
  } else {
    scale(objects, deployment, *current, wanted);
    replaced = json_int(*current, {"status", "readyReplicas"}).value_or(0) >= wanted;
  }
  Counts counts;
  for (json::object& set : sets) {
    const int64_t pods = json_int(set, {"status", "replicas"}).value_or(0);
    const bool is_current = current != sets.end() && &set == &*current;
    counts.all += pods;
    counts.ready += json_int(set, {"status", "readyReplicas"}).value_or(0);
    if (is_current) counts.updated = pods;
    if (is_current || !replaced) continue;
    scale(objects, deployment, set, 0);
    if (pods == 0) objects.remove("replicasets.apps", set);
  }
  set_deployment_status(objects, deployment, counts);
}

void run_replicaset(DemoObjects& objects, const json::object& set) {
  Objects pods = objects.controlled_by("pods", demo_uid(set));
  std::erase_if(pods, is_finished_demo_pod);
  const auto wanted = static_cast<size_t>(replicas_of(set));
  if (pods.size() < wanted) make_pods(objects, set, wanted - pods.size());
  if (pods.size() > wanted) {
    // Those that are not ready go first, then the youngest.
    std::ranges::sort(pods, [](const json::object& a, const json::object& b) {
      const bool a_ready = is_ready_demo_pod(a);
      if (a_ready != is_ready_demo_pod(b)) return a_ready;
      return json_string_or(a, {"metadata", "creationTimestamp"}) <
             json_string_or(b, {"metadata", "creationTimestamp"});
    });
    for (size_t i = wanted; i < pods.size(); ++i) {
      objects.remove("pods", pods[i]);
      objects.event(set, DemoEventType::kNormal, "SuccessfulDelete",
                    fmt::format("Deleted pod: {}", demo_name(pods[i])), "replicaset-controller");
    }
    pods.resize(wanted);
  }
  json::object next = set;
  json::object& status = member(next, "status");
  const auto ready = std::ranges::count_if(pods, is_ready_demo_pod);
  status["observedGeneration"] = json_int(set, {"metadata", "generation"}).value_or(1);
  status["replicas"] = static_cast<int64_t>(pods.size());
  set_count(status, "fullyLabeledReplicas", static_cast<int64_t>(pods.size()));
  set_count(status, "readyReplicas", ready);
  set_count(status, "availableReplicas", ready);
  write_if_changed(objects, "replicasets.apps", set, next);
}

void run_job(DemoObjects& objects, const json::object& job) {
  if (has_demo_condition(job, "Complete") || has_demo_condition(job, "Failed")) return;
  const Objects pods = objects.controlled_by("pods", demo_uid(job));
  const auto succeeded = std::ranges::count_if(pods, [](const json::object& pod) {
    return json_string(pod, {"status", "phase"}) == "Succeeded";
  });
  const auto failed = std::ranges::count_if(pods, [](const json::object& pod) {
    return json_string(pod, {"status", "phase"}) == "Failed";
  });
  const auto active = static_cast<int64_t>(pods.size()) - succeeded - failed;
  json::object next = job;
  json::object& status = member(next, "status");
  if (!status.contains("startTime")) status["startTime"] = objects.now_text();
  set_count(status, "active", active);
  set_count(status, "succeeded", succeeded);
  set_count(status, "failed", failed);
  if (succeeded >= json_int(job, {"spec", "completions"}).value_or(1)) {
    status["completionTime"] = objects.now_text();
    set_demo_condition(next, "Complete", true, "CompletionsReached",
                       "Reached expected number of succeeded pods", objects.now());
    objects.event(job, DemoEventType::kNormal, "Completed", "Job completed", "job-controller");
  } else if (failed > json_int(job, {"spec", "backoffLimit"}).value_or(6)) {
    set_demo_condition(next, "Failed", true, "BackoffLimitExceeded",
                       "Job has reached the specified backoff limit", objects.now());
    objects.event(job, DemoEventType::kWarning, "BackoffLimitExceeded",
                  "Job has reached the specified backoff limit", "job-controller");
  } else if (active == 0) {
    make_pods(objects, job, 1);
  }
  write_if_changed(objects, "jobs.batch", job, next);
}

json::array endpoints_of(const Objects& pods, const json::object& service) {
  json::array endpoints;
  for (const json::object& pod : pods) {
    const std::string address = json_string_or(pod, {"status", "podIP"});
    if (demo_namespace(pod) != demo_namespace(service)) continue;
    if (address.empty() || is_finished_demo_pod(pod)) continue;
    if (!demo_selects(json_object(service, {"spec", "selector"}), pod)) continue;
    const bool ready = is_ready_demo_pod(pod);
    endpoints.push_back(json::object{
        {"addresses", json::array{address}},
        {"conditions", json::object{{"ready", ready}, {"serving", ready}, {"terminating", false}}},
        {"nodeName", json_string_or(pod, {"spec", "nodeName"})},
        {"targetRef", json::object{{"kind", "Pod"},
                                   {"name", demo_name(pod)},
                                   {"namespace", demo_namespace(pod)},
                                   {"uid", demo_uid(pod)}}}});
  }
  return endpoints;
}

json::array slice_ports(const json::object& service) {
  json::array ports;
  for (const json::value& port : demo_array(service, {"spec", "ports"})) {
    const auto target = json_int(port, {"targetPort"});
    ports.push_back(json::object{{"name", json_string_or(port, {"name"})},
                                 {"port", target ? *target : json_int(port, {"port"}).value_or(0)},
                                 {"protocol", json_string_or(port, {"protocol"}, "TCP")}});
  }
  return ports;
}

void run_service(DemoObjects& objects, const json::object& service, const Objects& pods) {
  const std::string ns = demo_namespace(service);
  json::array endpoints = endpoints_of(pods, service);
  json::array ports = slice_ports(service);
  Objects slices = objects.controlled_by("endpointslices.discovery.k8s.io", demo_uid(service));
  if (slices.empty()) {
    objects.create(
        "endpointslices.discovery.k8s.io",
        {{"metadata",
          json::object{{"generateName", demo_name(service) + "-"},
                       {"namespace", ns},
                       {"labels", json::object{{"kubernetes.io/service-name", demo_name(service)}}},
                       {"ownerReferences", demo_owner(service)}}},
         {"addressType", "IPv4"},
         {"endpoints", std::move(endpoints)},
         {"ports", std::move(ports)}},
        kManager);
    return;
  }
  json::object next = slices.front();
  next["endpoints"] = std::move(endpoints);
  next["ports"] = std::move(ports);
  if (next != slices.front()) objects.write("endpointslices.discovery.k8s.io", next, kManager);
}

bool is_due(const json::object& object, JsonPath path, WallTime now,
            std::chrono::seconds interval) {
  const auto last = parse_rfc3339(json_string_or(object, path));
  return !last || now - *last >= interval;
}

void renew_lease(DemoObjects& objects, json::object lease) {
  if (!is_due(lease, {"spec", "renewTime"}, objects.now(), kLeaseInterval)) return;
  member(lease, "spec")["renewTime"] = format_rfc3339_micros(objects.now());
  objects.write("leases.coordination.k8s.io", lease, "kubelet");
}

void beat(DemoObjects& objects, json::object node) {
  const json::array conditions = demo_array(node, {"status", "conditions"});
  json::array beaten;
  bool due = false;
  for (const json::value& condition : conditions) {
    json::object one = condition.is_object() ? condition.get_object() : json::object();
    due |= is_due(one, {"lastHeartbeatTime"}, objects.now(), kHeartbeatInterval);
    one["lastHeartbeatTime"] = objects.now_text();
    beaten.push_back(std::move(one));
  }
  if (!due) return;
  member(node, "status")["conditions"] = std::move(beaten);
  objects.write_status("nodes", node, "kubelet");
}

}  // namespace

void run_demo_deployments(DemoObjects& objects) {
  for (const json::object& one : objects.list("deployments.apps")) run_deployment(objects, one);
}

void run_demo_replicasets(DemoObjects& objects) {
  for (const json::object& one : objects.list("replicasets.apps")) run_replicaset(objects, one);
}

void run_demo_jobs(DemoObjects& objects) {
  for (const json::object& one : objects.list("jobs.batch")) run_job(objects, one);
}

void run_demo_endpoints(DemoObjects& objects) {
  const Objects pods = objects.list("pods");
  for (const json::object& service : objects.list("services")) {
    const json::object* selector = json_object(service, {"spec", "selector"});
    if (selector != nullptr && !selector->empty()) run_service(objects, service, pods);
  }
}

void run_demo_pods(DemoObjects& objects) {
  const Objects nodes = objects.list("nodes");
  Objects pods = objects.list("pods");
  for (json::object& pod : pods) {
    const std::string ns = demo_namespace(pod);
    const DemoSurroundings around{nodes, pods, [&](std::string_view service) {
                                    return objects.exists("services", {ns, std::string(service)});
                                  }};
    const DemoPodStep step = step_demo_pod(pod, around, objects.now());
    if (step.bound) objects.write("pods", pod, "kube-scheduler");
    if (step.status_changed) objects.write_status("pods", pod, "kubelet");
    for (const DemoPodEvent& event : step.events) {
      objects.event(pod, event.type, event.reason, event.message, event.component);
    }
  }
}

void run_demo_nodes(DemoObjects& objects) {
  for (const json::object& node : objects.list("nodes")) beat(objects, node);
  for (const json::object& lease : objects.list("leases.coordination.k8s.io", "kube-node-lease")) {
    renew_lease(objects, lease);
  }
}

}  // namespace holmes
