#include "kube/store/builtin_kinds.h"

#include <string_view>

namespace holmes::kube {
namespace {

enum class Scope { kCluster, kNamespaced };

// What a kind has beside itself.
constexpr unsigned kStatus = 1;
constexpr unsigned kGeneration = 2;
constexpr unsigned kInAll = 4;  // of the category "all"
constexpr unsigned kScale = 8;

struct Row {
  std::string_view group;
  std::string_view version;
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  std::string_view short_name;
  Scope scope;
  unsigned has;
};

constexpr Scope kCluster = Scope::kCluster;
constexpr Scope kNamespaced = Scope::kNamespaced;

constexpr Row kRows[] = {
    {"", "v1", "namespaces", "namespace", "Namespace", "ns", kCluster, kStatus},
    {"", "v1", "nodes", "node", "Node", "no", kCluster, kStatus},
    {"", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume", "pv", kCluster,
     kStatus},
    {"", "v1", "pods", "pod", "Pod", "po", kNamespaced, kStatus | kGeneration | kInAll},
    {"", "v1", "services", "service", "Service", "svc", kNamespaced, kStatus | kInAll},
    {"", "v1", "configmaps", "configmap", "ConfigMap", "cm", kNamespaced, 0},
    {"", "v1", "secrets", "secret", "Secret", "", kNamespaced, 0},
    {"", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", "sa", kNamespaced, 0},
    {"", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", "pvc",
     kNamespaced, kStatus},
    {"", "v1", "resourcequotas", "resourcequota", "ResourceQuota", "quota", kNamespaced, kStatus},
    {"", "v1", "limitranges", "limitrange", "LimitRange", "limits", kNamespaced, 0},
    {"", "v1", "replicationcontrollers", "replicationcontroller", "ReplicationController", "rc",
     kNamespaced, kStatus | kGeneration | kInAll | kScale},
    {"", "v1", "endpoints", "endpoints", "Endpoints", "ep", kNamespaced, 0},
    {"", "v1", "events", "event", "Event", "ev", kNamespaced, 0},
    {"events.k8s.io", "v1", "events", "event", "Event", "ev", kNamespaced, 0},
    {"apps", "v1", "deployments", "deployment", "Deployment", "deploy", kNamespaced,
     kStatus | kGeneration | kInAll | kScale},
    {"apps", "v1", "replicasets", "replicaset", "ReplicaSet", "rs", kNamespaced,
     kStatus | kGeneration | kInAll | kScale},
    {"apps", "v1", "statefulsets", "statefulset", "StatefulSet", "sts", kNamespaced,
     kStatus | kGeneration | kInAll | kScale},
    {"apps", "v1", "daemonsets", "daemonset", "DaemonSet", "ds", kNamespaced,
     kStatus | kGeneration | kInAll},
    {"batch", "v1", "jobs", "job", "Job", "", kNamespaced, kStatus | kGeneration | kInAll},
    {"batch", "v1", "cronjobs", "cronjob", "CronJob", "cj", kNamespaced,
     kStatus | kGeneration | kInAll},
    {"autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler",
     "HorizontalPodAutoscaler", "hpa", kNamespaced, kStatus | kInAll},
    {"policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", "pdb",
     kNamespaced, kStatus | kGeneration},
    {"networking.k8s.io", "v1", "ingresses", "ingress", "Ingress", "ing", kNamespaced,
     kStatus | kGeneration},
    {"networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy", "netpol",
     kNamespaced, kGeneration},
    {"discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", "", kNamespaced,
     kGeneration},
    {"storage.k8s.io", "v1", "storageclasses", "storageclass", "StorageClass", "sc", kCluster, 0},
    {"coordination.k8s.io", "v1", "leases", "lease", "Lease", "", kNamespaced, 0},
    {"rbac.authorization.k8s.io", "v1", "roles", "role", "Role", "", kNamespaced, 0},
    {"rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding", "",
     kNamespaced, 0},
    {"rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole", "", kCluster,
     0},
    {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding",
     "ClusterRoleBinding", "", kCluster, 0},
    {"apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition",
     "CustomResourceDefinition", "crd", kCluster, kStatus | kGeneration},
};

struct SelectableRow {
  std::string_view plural;
  std::vector<std::string> fields;
};

// Field labels of the API server, by kind.
const std::vector<SelectableRow>& selectable_rows() {
  static const std::vector<SelectableRow> rows{
      {"pods",
       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"}},
      {"nodes", {"spec.unschedulable"}},
      {"namespaces", {"status.phase"}},
      {"secrets", {"type"}},
      {"services", {"spec.clusterIP", "spec.type"}},
      {"jobs", {"status.successful"}},
      {"replicasets", {"status.replicas"}},
      {"replicationcontrollers", {"status.replicas"}},
      {"events",
       {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"}},
  };
  return rows;
}

Kind kind_of(const Row& row) {
  Kind kind;
  kind.type = {std::string(row.group), std::string(row.version), std::string(row.plural),
               std::string(row.kind), row.scope == kNamespaced};
  kind.singular = row.singular;
  kind.list_kind = kind.type.kind + "List";
  if (!row.short_name.empty()) kind.short_names.emplace_back(row.short_name);
  if (row.plural == "customresourcedefinitions") {
    kind.short_names.emplace_back("crds");
    kind.categories.emplace_back("api-extensions");
  }
  if ((row.has & kInAll) != 0) kind.categories.emplace_back("all");
  kind.has_status = (row.has & kStatus) != 0;
  kind.has_generation = (row.has & kGeneration) != 0;
  kind.has_scale = (row.has & kScale) != 0;
  for (const SelectableRow& selectable : selectable_rows()) {
    if (selectable.plural == row.plural) kind.selectable_fields = selectable.fields;
  }
  return kind;
}

}  // namespace

const std::vector<Kind>& builtin_kinds() {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> all;
    for (const Row& row : kRows) all.push_back(kind_of(row));
    return all;
  }();
  return kinds;
}

}  // namespace holmes::kube
