#include "kube/store/merge_keys.h"

#include <algorithm>
#include <array>

namespace holmes::kube {
namespace {

constexpr auto kMergeKeys = std::to_array<MergeKey>({
    {"metadata", "finalizers", ""},
    {.parent = "metadata", .field = "ownerReferences", .key = "uid", .owned_whole = true},
    {"*", "conditions", "type"},
    // Pods and their templates.
    {"*", "containers", "name"},
    {"*", "initContainers", "name"},
    {"*", "ephemeralContainers", "name"},
    {"*", "volumes", "name"},
    {"spec", "imagePullSecrets", "name"},
    {"spec", "hostAliases", "ip"},
    {"spec", "topologySpreadConstraints", "topologyKey", "whenUnsatisfiable"},
    {"spec", "schedulingGates", "name"},
    {"spec", "resourceClaims", "name"},
    {"status", "resourceClaimStatuses", "name"},
    {"status", "podIPs", "ip"},
    {"status", "hostIPs", "ip"},
    // Containers.
    {"*", "env", "name"},
    {"*", "volumeMounts", "mountPath"},
    {"*", "volumeDevices", "devicePath"},
    {"*", "allocatedResourcesStatus", "name"},
    {"containers", "ports", "containerPort", "protocol", "TCP"},
    {"initContainers", "ports", "containerPort", "protocol", "TCP"},
    {"ephemeralContainers", "ports", "containerPort", "protocol", "TCP"},
    // Services, service accounts, nodes, CSI nodes, admission.
    {"spec", "ports", "port", "protocol", "TCP"},
    {"", "secrets", "name"},
    {"status", "addresses", "type"},
    {"spec", "podCIDRs", ""},
    {"spec", "drivers", "name"},
    {"", "webhooks", "name"},
    {"*", "matchConditions", "name"},
    {"spec", "variables", "name"},
});

}  // namespace

const MergeKey* find_merge_key(std::string_view parent, std::string_view field) {
  const auto* found = std::ranges::find_if(kMergeKeys, [&](const MergeKey& row) {
    return row.field == field && (row.parent == parent || row.parent == "*");
  });
  return found == kMergeKeys.end() ? nullptr : found;
}

}  // namespace holmes::kube
