#include "kube/store/builtin_tables.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "kube/store/builtin_cells.h"

namespace holmes::kube {
namespace {

using Column = BuiltinColumn;
constexpr bool kWide = true;
constexpr Column kName{"Name"};
constexpr Column kAge{"Age"};
constexpr Column kContainers{"Containers", kWide};
constexpr Column kImages{"Images", kWide};
constexpr Column kSelector{"Selector", kWide};

constexpr Column number(std::string_view name) {
  return {name, false, "integer"};
}

constexpr Column kNamespace[] = {kName, {"Status"}, kAge};
constexpr Column kPod[] = {kName,
                           {"Ready"},
                           {"Status"},
                           {"Restarts"},
                           kAge,
                           {"IP", kWide},
                           {"Node", kWide},
                           {"Nominated Node", kWide},
                           {"Readiness Gates", kWide}};
constexpr Column kDeployment[] = {kName, {"Ready"},   {"Up-to-date"}, {"Available"},
                                  kAge,  kContainers, kImages,        kSelector};
constexpr Column kReplicaSet[] = {kName, number("Desired"), number("Current"), number("Ready"),
                                  kAge,  kContainers,       kImages,           kSelector};
constexpr Column kStatefulSet[] = {kName, {"Ready"}, kAge, kContainers, kImages};
constexpr Column kDaemonSet[] = {kName,
                                 number("Desired"),
                                 number("Current"),
                                 number("Ready"),
                                 number("Up-to-date"),
                                 number("Available"),
                                 {"Node Selector"},
                                 kAge,
                                 kContainers,
                                 kImages,
                                 kSelector};
constexpr Column kJob[] = {kName, {"Status"},  {"Completions"}, {"Duration"},
                           kAge,  kContainers, kImages,         kSelector};
constexpr Column kCronJob[] = {kName,
                               {"Schedule"},
                               {"Timezone"},
                               {"Suspend", false, "boolean"},
                               number("Active"),
                               {"Last Schedule"},
                               kAge,
                               kContainers,
                               kImages,
                               kSelector};
constexpr Column kService[] = {kName,       {"Type"}, {"Cluster-IP"}, {"External-IP"},
                               {"Port(s)"}, kAge,     kSelector};
constexpr Column kEndpointSlice[] = {kName, {"AddressType"}, {"Ports"}, {"Endpoints"}, kAge};
constexpr Column kIngress[] = {kName, {"Class"}, {"Hosts"}, {"Address"}, {"Ports"}, kAge};
constexpr Column kNode[] = {kName,
                            {"Status"},
                            {"Roles"},
                            kAge,
                            {"Version"},
                            {"Internal-IP", kWide},
                            {"External-IP", kWide},
                            {"OS-Image", kWide},
                            {"Kernel-Version", kWide},
                            {"Container-Runtime", kWide}};
constexpr Column kConfigMap[] = {kName, {"Data"}, kAge};
constexpr Column kSecret[] = {kName, {"Type"}, {"Data"}, kAge};
constexpr Column kServiceAccount[] = {kName, kAge};
constexpr Column kVolumeClaim[] = {kName,
                                   {"Status"},
                                   {"Volume"},
                                   {"Capacity"},
                                   {"Access Modes"},
                                   {"StorageClass"},
                                   {"VolumeAttributesClass"},
                                   kAge,
                                   {"VolumeMode", kWide}};
constexpr Column kAutoscaler[] = {kName,       {"Reference"}, {"Targets"}, {"MinPods"},
                                  {"MaxPods"}, {"Replicas"},  kAge};
constexpr Column kLease[] = {kName, {"Holder"}, kAge};
constexpr Column kBinding[] = {
    kName, {"Role"}, kAge, {"Users", kWide}, {"Groups", kWide}, {"ServiceAccounts", kWide}};
constexpr Column kEvent[] = {
    {"Last Seen"},        {"Type"},          {"Reason"},  {"Object"},
    {"Subobject", kWide}, {"Source", kWide}, {"Message"}, {"First Seen", kWide},
    {"Count", kWide},     {"Name", kWide}};
constexpr Column kAnything[] = {kName, {"Created At", false, "date"}};

constexpr BuiltinTable kTables[] = {
    {"clusterrolebindings.rbac.authorization.k8s.io", kBinding, cells::role_binding},
    {"configmaps", kConfigMap, cells::config_map},
    {"cronjobs.batch", kCronJob, cells::cron_job},
    {"daemonsets.apps", kDaemonSet, cells::daemon_set},
    {"deployments.apps", kDeployment, cells::deployment},
    {"endpointslices.discovery.k8s.io", kEndpointSlice, cells::endpoint_slice},
    {"events", kEvent, cells::event},
    {"events.events.k8s.io", kEvent, cells::event},
    {"horizontalpodautoscalers.autoscaling", kAutoscaler, cells::autoscaler},
    {"ingresses.networking.k8s.io", kIngress, cells::ingress},
    {"jobs.batch", kJob, cells::job},
    {"leases.coordination.k8s.io", kLease, cells::lease},
    {"namespaces", kNamespace, cells::name_space},
    {"nodes", kNode, cells::node},
    {"persistentvolumeclaims", kVolumeClaim, cells::volume_claim},
    {"pods", kPod, cells::pod, cells::pod_conditions},
    {"replicasets.apps", kReplicaSet, cells::replica_set},
    {"rolebindings.rbac.authorization.k8s.io", kBinding, cells::role_binding},
    {"secrets", kSecret, cells::secret},
    {"serviceaccounts", kServiceAccount, cells::service_account},
    {"services", kService, cells::service},
    {"statefulsets.apps", kStatefulSet, cells::stateful_set},
};
constexpr BuiltinTable kOther{"", kAnything, cells::anything};

}  // namespace

std::vector<PrinterColumn> BuiltinTable::columns() const {
  std::vector<PrinterColumn> columns;
  for (const BuiltinColumn& column : short_columns) {
    columns.push_back({.name = std::string(column.name),
                       .type = std::string(column.type),
                       .format = column.name == "Name" ? "name" : "",
                       .priority = column.wide ? 1 : 0});
  }
  return columns;
}

const BuiltinTable& builtin_table(const ResourceType& type) {
  const std::string resource = type.group.empty() ? type.plural : type.plural + "." + type.group;
  const auto* const found = std::ranges::find(kTables, resource, &BuiltinTable::resource);
  return found == std::end(kTables) ? kOther : *found;
}

}  // namespace holmes::kube
