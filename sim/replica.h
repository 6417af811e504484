// One process of the operator: the production classes, over the simulated network.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kube/client/retry_transport.h"
#include "operator/operator.h"
#include "sim/api_wire.h"
#include "sim/check_servers.h"
#include "sim/naive_operator.h"
#include "sim/network.h"
#include "sim/process_loop.h"

namespace holmes::sim {

struct ReplicaOptions {
  std::string name;
  uint64_t seed = 1;
  double clock_rate = 1.0;
  std::chrono::microseconds clock_offset{0};
  bool leader_election = false;
  size_t concurrent_max = 32;
  bool naive = false;  // see sim/naive_operator.h
};

class Replica {
 public:
  // Runs from now on. All outlive it.
  Replica(Network& net, Cluster& cluster, CheckServers& servers, const ReplicaOptions& options,
          Logger log);
  ~Replica();  // it has ended
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  [[nodiscard]] const std::string& name() const { return port_->name; }
  ProcessLoop& clock() { return loop_; }
  Port& port() { return *port_; }
  CheckWire& checks() { return checks_; }

  // SIGKILL: nothing that it does from now on reaches anybody.
  void kill();
  // SIGTERM: it shuts down in order.
  void terminate();
  [[nodiscard]] bool alive() const { return !port_->dead; }
  // Nothing of it runs any more.
  [[nodiscard]] bool ended() const { return scope_.size() == 0; }

 private:
  Task<> run(Stop stop);

  Network& net_;
  ProcessLoop loop_;
  SeededRandom random_;
  std::shared_ptr<Port> port_;
  ApiWire wire_;
  CheckWire checks_;
  std::optional<kube::LeaseClient> lease_;
  MetricsRegistry registry_;
  kube::RetryTransport retry_;
  std::unique_ptr<Operator> work_;
  std::unique_ptr<NaiveOperator> naive_;  // in its place
  StopSource stopping_;
  TaskScope scope_;
};

}  // namespace holmes::sim
