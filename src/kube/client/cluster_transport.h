// The real thing: a Transport to a cluster over the network.
#pragma once

#include <memory>
#include <string>

#include "async/asio_loop.h"
#include "base/log.h"
#include "kube/client/cluster_config.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "kube/client/transport.h"

namespace holmes::kube {

struct ClusterTransportOptions {
  std::string proxy{};  // "http://host:port"; the cluster's own proxy wins
  std::string no_proxy{};
  std::string user_agent = "holmes";
  size_t response_body_bytes_max = size_t{64} << 20U;  // of one answer; streams have no limit
};

// Streams (watches, followed logs) and other requests have separate connections, and two transports
// share none (a Lease has one of its own); what they share is the credentials. Requests that the
// API server refuses for the moment are sent again (retry_transport.h). `metrics` may be nullptr.
// What is given by reference or pointer outlives the transport; all requests have ended when it is
// destroyed.
std::unique_ptr<Transport> make_cluster_transport(AsioLoop& loop, const ClusterConfig& config,
                                                  Credentials& credentials, const Logger& logger,
                                                  RequestMetrics* metrics,
                                                  const ClusterTransportOptions& options = {});

}  // namespace holmes::kube
