// Who we are to a cluster, from the user of a kubeconfig. Private to kube/client.
#pragma once

#include "async/files.h"
#include "base/result.h"
#include "kube/client/cluster_config.h"
#include "kube/client/kubeconfig_document.h"

namespace holmes::kube {

// Fills in what the user says; fails as load_kubeconfig does. See there.
Status read_user(const Files& files, const Place& user, ClusterConfig& config);

}  // namespace holmes::kube
