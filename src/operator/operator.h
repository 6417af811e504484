// The operator: for both kinds a cache, a work queue and a reconciler, put together.
//
// Several of them may run. Each keeps its caches, and one leads: only it makes checks, claims,
// executes, recovers, writes and tells events. Losing the lease ends run(): a process leads at most
// once and then begins anew, so that nothing of one term (a queue, an execution in hand, a write
// whose outcome is unknown) can reach into the next; controller-runtime does the same. So it is
// when the API server was restored from a backup: what this process remembers never happened.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "base/log.h"
#include "kube/client/lease_client.h"
#include "kube/client/transport.h"
#include "kube/runtime/leader_elector.h"
#include "metrics/registry.h"
#include "net/http.h"
#include "net/resolver.h"
#include "net/url.h"
#include "operator/healthcheck_reconciler.h"
#include "operator/schedule_reconciler.h"

namespace holmes {

struct OperatorOptions {
  Url api_url;                          // HOLMES_API_URL
  std::string api_key;                  // HOLMES_API_KEY; empty: none
  std::vector<std::string> namespaces;  // empty: all
  size_t concurrent_max = 32;
  Claimant claimant;                    // its epoch: without leader election
  kube::LeaderElectorOptions election;  // with it
  // How long running checks may go on after a stop; then they are left to the next process.
  std::chrono::seconds shutdown_grace{25};
  // All objects of the caches are looked at about this often (kube/runtime/sweep.h).
  std::chrono::seconds sweep_interval{600};
  std::chrono::seconds verify_cache_interval{0};  // see kube::InformerOptions
};

class Operator {
 public:
  // All references outlive the operator. `kube` is for reads, watches and writes; `lease` for
  // leader election, null without it: then this operator leads from the beginning.
  Operator(Loop& loop, Random& random, kube::Transport& kube, HttpClient& api, Resolver& resolver,
           MetricsRegistry& registry, Logger log, OperatorOptions options,
           kube::LeaseClient* lease = nullptr);

  // Stands by until it leads, then works until the stop and shuts down: no new ticks or claims, the
  // lease is released, running checks may end within the grace, events are flushed. When the lease
  // is lost, or the API server's history went back, it leaves everything as it is and returns at
  // once. Call it once.
  Task<> run(Stop stop);
  // run() ended by itself: the process should end too, and be started anew.
  [[nodiscard]] bool ended_early() const { return ended_early_; }
  // Ticks came due whose checks are not made yet: what comes from the API server is urgent.
  [[nodiscard]] bool creating() const { return schedule_reconciler_.creating(); }

  // /healthz, /readyz (503 until the cache is synced, saying what it waits for) and /metrics.
  Task<HttpResponse> handle(HttpRequest request, Stop stop);

 private:
  Task<> lead(Stop no_more, Stop give_up, TaskScope& background);
  // Until the stop or the end of the term; in the second case it leaves.
  Task<> keep_lease(Stop stop);
  void history_went_back();
  void tell_known_results();
  Task<> run_checks(Stop stop, Stop give_up);
  Task<> run_schedules(Stop stop, Stop give_up);
  template <class T>
  Task<Status> wait_fresh(kube::Informer<T>& cache, Stop stop);
  [[nodiscard]] bool leads() const { return !elector_ || elector_->leads(); }
  // As whom to claim at this moment; nullopt: not at all.
  [[nodiscard]] std::optional<Claimant> claimant() const;
  void on_change(const CheckSnapshot& before, const CheckSnapshot& now);
  void tell_schedule(const CheckSnapshot& before, const CheckSnapshot& now);
  [[nodiscard]] bool owner_lives(const HealthCheck& check) const;
  [[nodiscard]] ScheduleSnapshot owner_of(const HealthCheck& check) const;
  [[nodiscard]] bool knows_schedule_of(const HealthCheck& check) const;
  [[nodiscard]] bool may_start(const HealthCheck& check) const;
  [[nodiscard]] bool may_delete(const HealthCheck& check) const;
  void on_schedule_change(const ScheduleSnapshot& before, const ScheduleSnapshot& now);
  // A claim of this process appeared and nothing else: whoever wrote it goes on with it anyway.
  [[nodiscard]] bool is_own_progress(const CheckSnapshot& before, const CheckSnapshot& now) const;
  void enqueue_oldest_first(const std::function<bool(const HealthCheck&)>& wanted);
  [[nodiscard]] std::string not_ready_reason() const;

  Loop& loop_;
  Random& random_;
  MetricsRegistry& registry_;
  Logger log_;
  OperatorOptions options_;
  kube::RuntimeMetrics runtime_metrics_;
  OperatorMetrics metrics_;
  std::optional<kube::LeaderElector> elector_;
  kube::Api<HealthCheck> api_;
  kube::Informer<HealthCheck> informer_;
  kube::WorkQueue queue_;
  kube::EventRecorder events_;
  CheckClient client_;
  HealthCheckReconciler reconciler_;
  kube::Controller controller_;
  kube::Api<ScheduledHealthCheck> schedule_api_;
  kube::Informer<ScheduledHealthCheck> schedules_;
  kube::WorkQueue schedule_queue_;
  ScheduleChildren children_;
  ScheduleReconciler schedule_reconciler_;
  kube::Controller schedule_controller_;
  bool leading_ = false;  // its work has begun
  bool ended_early_ = false;
  std::function<void()> leave_;  // while it runs: leaves everything as it is, and run() ends
  // The first objects are enqueued together.
  bool checks_started_ = false;
  bool schedules_started_ = false;
};

}  // namespace holmes
