#include "sim/replica.h"

namespace holmes::sim {
namespace {

constexpr std::chrono::seconds kCompareInterval{30};  // of its cache with the API server

}  // namespace

Replica::Replica(Network& net, Cluster& cluster, CheckServers& servers,
                 const ReplicaOptions& options, Logger log)
    : net_(net),
      loop_(net.world, options.clock_rate),
      random_(options.seed),
      port_(std::make_shared<Port>(options.name, loop_)),
      wire_(net, cluster, port_),
      checks_(net, servers, port_),
      retry_(loop_, wire_, log, nullptr),
      scope_(loop_) {
  loop_.jump_wall(options.clock_offset);
  OperatorOptions work;
  work.api_url = Url{"http", "holmes-api", 8080, ""};
  work.claimant = {random_.uuid4(), options.name};
  work.concurrent_max = options.concurrent_max;
  work.verify_cache_interval = kCompareInterval;
  if (options.naive) {
    naive_ = std::make_unique<NaiveOperator>(loop_, random_, retry_, checks_);
    scope_.spawn(run(scope_.stop()));
    return;
  }
  if (options.leader_election) {
    work.election = {.lease = {"default", "holmes-operator"},
                     .identity = kube::leader_identity(options.name, random_)};
    lease_.emplace(loop_, std::make_unique<ApiWire>(net, cluster, port_, Place::kLease));
  }
  work_ = std::make_unique<Operator>(loop_, random_, retry_, checks_, checks_, registry_, log, work,
                                     lease_ ? &*lease_ : nullptr);
  scope_.spawn(run(scope_.stop()));
}

Replica::~Replica() = default;

Task<> Replica::run(Stop stop) {
  const StopCallback on_kill(stop, [this](StopReason) { stopping_.request_stop(); });
  if (naive_ != nullptr) {
    co_await naive_->run(stopping_.stop());
  } else {
    co_await work_->run(stopping_.stop());
  }
  net_.tell(name() + " has ended");
  if (!port_->dead) {
    port_->die();
    net_.hooks.ended(name());
  }
}

void Replica::kill() {
  if (port_->dead) return;
  port_->die();
  scope_.request_stop();
  loop_.resume();
}

void Replica::terminate() {
  stopping_.request_stop();
}

}  // namespace holmes::sim
