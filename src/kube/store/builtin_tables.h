// The columns and cells that the API server's own printers give kinds that are built in. Pure.
// Rules: kubernetes/pkg/printers: the columns of `kubectl get -o wide`.
//
// Has tables of namespaces, pods, deployments, replicasets, statefulsets, daemonsets, jobs,
// cronjobs, services, endpointslices, ingresses, nodes, configmaps, secrets, serviceaccounts,
// persistentvolumeclaims, horizontalpodautoscalers, leases, rolebindings, clusterrolebindings and
// events; of anything else (roles, clusterroles, CRDs) NAME and CREATED AT, like the API server.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/kind.h"

namespace holmes::kube {

struct BuiltinColumn {
  std::string_view name;
  bool wide = false;
  std::string_view type = "string";
};

struct BuiltinTable {
  std::string_view resource;  // "deployments.apps"
  std::span<const BuiltinColumn> short_columns;
  // One cell for each column.
  json::array (*cells)(const json::object& object, WallTime now);
  // metav1.TableRowCondition of a row; nullptr when there never is one.
  json::array (*conditions)(const json::object& object) = nullptr;

  [[nodiscard]] std::vector<PrinterColumn> columns() const;
};

// Of any kind that is no custom resource. Lives as long as the program.
const BuiltinTable& builtin_table(const ResourceType& type);

}  // namespace holmes::kube
