// The native tools that look at a Kubernetes cluster: get, list, describe, logs.
//
// They can only read: their transport refuses everything else, and Secrets, whatever a model asks.
// What they show is projected, limited and redacted.
#pragma once

#include <chrono>
#include <cstddef>

#include "async/loop.h"
#include "holmes/tools/tool.h"
#include "kube/client/transport.h"

namespace holmes {

struct KubernetesToolOptions {
  size_t output_bytes_max = size_t{24} << 10U;  // of one answer
  std::chrono::seconds call_time_max{20};       // of one call; the stop may end it before
};

// kubernetes_get, kubernetes_list, kubernetes_describe, kubernetes_logs, and a first look at what a
// question names: built-in kinds, and objects of theirs. Loop and transport outlive them. They
// share what discovery learns about the cluster.
ToolSet kubernetes_tools(Loop& loop, kube::Transport& transport,
                         KubernetesToolOptions options = {});

}  // namespace holmes
