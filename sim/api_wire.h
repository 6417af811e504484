// The Kubernetes API as one process sees it: through the network, with its faults.
#pragma once

#include <memory>
#include <string>

#include "kube/client/transport.h"
#include "sim/cluster.h"
#include "sim/network.h"

namespace holmes::sim {

class ApiWire final : public kube::Transport {
 public:
  // `place`: kLease for the connection of leader election.
  ApiWire(Network& net, Cluster& cluster, std::shared_ptr<Port> port, Place place = Place::kApi)
      : net_(net), cluster_(cluster), port_(std::move(port)), place_(place) {}

  Task<Result<kube::Response>> send(kube::Request request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request request, Stop stop) override;

 private:
  Network& net_;
  Cluster& cluster_;
  std::shared_ptr<Port> port_;
  Place place_;
};

}  // namespace holmes::sim
