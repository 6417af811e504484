#include "demo/demo_sample.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"

namespace holmes {
namespace {

constexpr std::string_view kJobsNamespace = "analytics";

struct Workload {
  std::string_view ns;
  std::string_view name;
  std::string_view image;
  int replicas;
  std::string_view memory;
  int port;  // of its service; 0: it has none
  std::string_view address;
};

// What goes wrong follows from image and memory: see demo_container.cc and the node below.
constexpr auto kWorkloads = std::to_array<Workload>({
    {kDemoNamespace, "frontend", "demo/frontend:1.8.0", 3, "64Mi", 8080, "10.96.0.11"},
    {kDemoNamespace, "payments", "demo/payments:2.3.1", 1, "128Mi", 8080, "10.96.0.12"},
    {kDemoNamespace, "search", "demo/search:5.0.2", 1, "256Mi", 9200, "10.96.0.13"},
    {kJobsNamespace, "reports", "demo/reports:0.9.4", 1, "64Gi", 0, ""},
});

constexpr std::string_view kNode = R"({
  "metadata": {"name": "demo-node", "labels": {
    "kubernetes.io/hostname": "demo-node", "kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64", "node-role.kubernetes.io/worker": ""}},
  "spec": {"podCIDR": "10.244.0.0/21"},
  "status": {
    "capacity": {"cpu": "8", "memory": "16Gi", "pods": "110"},
    "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"},
    "addresses": [{"type": "InternalIP", "address": "10.0.0.10"},
                  {"type": "Hostname", "address": "demo-node"}],
    "nodeInfo": {"kubeletVersion": "v1.35.0+holmes", "osImage": "Sample cluster",
                 "kernelVersion": "6.1.0", "containerRuntimeVersion": "demo://1",
                 "operatingSystem": "linux", "architecture": "amd64"},
    "conditions": [
      {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory",
       "message": "kubelet has sufficient memory available"},
      {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure",
       "message": "kubelet has no disk pressure"},
      {"type": "Ready", "status": "True", "reason": "KubeletReady",
       "message": "kubelet is posting ready status"}]}})";

constexpr std::string_view kLease = R"({
  "metadata": {"name": "demo-node", "namespace": "kube-node-lease"},
  "spec": {"holderIdentity": "demo-node", "leaseDurationSeconds": 40}})";

constexpr std::string_view kConfigMap = R"({
  "metadata": {"name": "payments-config", "namespace": "shop", "labels": {"app": "payments"}},
  "data": {"DATABASE_HOST": "payments-db:5432", "CURRENCY": "EUR"}})";

constexpr std::string_view kJob = R"({
  "metadata": {"name": "nightly-export", "namespace": "analytics",
               "labels": {"app": "nightly-export"}},
  "spec": {"backoffLimit": 2, "completions": 1, "parallelism": 1,
    "selector": {"matchLabels": {"job-name": "nightly-export"}},
    "template": {"metadata": {"labels": {"app": "nightly-export", "job-name": "nightly-export"}},
      "spec": {"restartPolicy": "Never", "containers": [
        {"name": "nightly-export", "image": "demo/nightly-export:1.1.0"}]}}}})";

json::object parsed(std::string_view text) {
  Result<json::object> object = parse_json_object(text);
  HOLMES_ASSERT(object.has_value());
  return *std::move(object);
}

json::object metadata(const Workload& workload) {
  return {{"name", workload.name},
          {"namespace", workload.ns},
          {"labels", json::object{{"app", workload.name}}}};
}

json::object deployment(const Workload& workload) {
  json::object container{
      {"name", workload.name},
      {"image", workload.image},
      {"resources", json::object{{"requests", json::object{{"memory", workload.memory}}}}}};
  if (workload.port != 0) {
    container["ports"] = json::array{json::object{{"containerPort", workload.port}}};
  }
  return {{"metadata", metadata(workload)},
          {"spec",
           json::object{
               {"replicas", workload.replicas},
               {"selector", json::object{{"matchLabels", json::object{{"app", workload.name}}}}},
               {"template",
                json::object{
                    {"metadata", json::object{{"labels", json::object{{"app", workload.name}}}}},
                    {"spec", json::object{{"restartPolicy", "Always"},
                                          {"containers", json::array{std::move(container)}}}}}}}}};
}

json::object service(const Workload& workload) {
  return {
      {"metadata", metadata(workload)},
      {"spec", json::object{{"type", "ClusterIP"},
                            {"clusterIP", workload.address},
                            {"clusterIPs", json::array{workload.address}},
                            {"selector", json::object{{"app", workload.name}}},
                            {"ports", json::array{json::object{{"name", "http"},
                                                               {"port", 80},
                                                               {"protocol", "TCP"},
                                                               {"targetPort", workload.port}}}}}}};
}

json::object node(WallTime now) {
  json::object node = parsed(kNode);
  for (json::value& condition : node["status"].get_object()["conditions"].get_array()) {
    condition.get_object()["lastTransitionTime"] = format_rfc3339(now);
    condition.get_object()["lastHeartbeatTime"] = format_rfc3339(now);
  }
  return node;
}

}  // namespace

std::vector<DemoSampleObject> demo_sample(WallTime now) {
  std::vector<DemoSampleObject> objects;
  for (const std::string_view name : {kDemoNamespace, kJobsNamespace}) {
    objects.push_back({"namespaces", {{"metadata", json::object{{"name", name}}}}});
  }
  objects.push_back({"nodes", node(now), true});
  objects.push_back({"leases.coordination.k8s.io", parsed(kLease)});
  objects.push_back({"configmaps", parsed(kConfigMap)});
  for (const Workload& workload : kWorkloads) {
    if (workload.port != 0) objects.push_back({"services", service(workload)});
    objects.push_back({"deployments.apps", deployment(workload)});
  }
  objects.push_back({"jobs.batch", parsed(kJob)});
  return objects;
}

}  // namespace holmes
