#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {
namespace {

// Seconds; the buckets of controller-runtime, so that its dashboards fit.
const std::vector<double> kQueueBuckets{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                        1e-2, 1e-1, 1,    10,   100,  1000};
const std::vector<double> kReconcileBuckets{
    0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
    0.7,   0.8,  0.9,   1,    1.25, 1.5,  1.75, 2,    2.5, 3,    3.5, 4,    4.5, 5,
    6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};

const std::vector<std::string> kQueueLabels{"name", "controller"};

}  // namespace

RuntimeMetrics::RuntimeMetrics(MetricsRegistry& registry)
    : registry(registry),
      watch_unreadable_objects(registry.counter(
          "holmes_watch_unreadable_objects_total",
          "Objects of a list or watch that could not be read and are left out.", {"resource"})),
      watch_skipped_events(registry.counter("holmes_watch_skipped_events_total",
                                            "Watch events that were left out.",
                                            {"resource", "reason"})),
      watch_lists(registry.counter("holmes_watch_lists_total", "Lists begun.", {"resource"})),
      watch_failures(registry.counter("holmes_watch_failures_total",
                                      "Lists and watches that failed.", {"resource"})),
      cache_objects(registry.gauge("holmes_cache_objects", "Objects in the cache.", {"resource"})),
      cache_live_reads(registry.counter(
          "holmes_cache_live_reads_total",
          "Objects read live, as the cache had not caught up with an own write.", {"resource"})),
      cache_comparisons(registry.counter("holmes_cache_comparisons_total",
                                         "Comparisons of the cache with the API server.",
                                         {"resource"})),
      queue_depth(registry.gauge("workqueue_depth",
                                 "Keys that wait for a worker, by the priority of their lane.",
                                 {"name", "controller", "priority"})),
      queue_adds(registry.counter("workqueue_adds_total", "Keys added.", kQueueLabels)),
      queue_duration(registry.histogram("workqueue_queue_duration_seconds",
                                        "How long a key waits for a worker.", kQueueBuckets,
                                        kQueueLabels)),
      queue_work_duration(registry.histogram("workqueue_work_duration_seconds",
                                             "How long a worker has a key in hand.", kQueueBuckets,
                                             kQueueLabels)),
      queue_unfinished_work(registry.gauge("workqueue_unfinished_work_seconds",
                                           "How long the keys in hand have been so, together.",
                                           kQueueLabels)),
      queue_longest_running(registry.gauge("workqueue_longest_running_processor_seconds",
                                           "How long a key has been in hand, at most.",
                                           kQueueLabels)),
      queue_retries(
          registry.counter("workqueue_retries_total", "Keys added with back-off.", kQueueLabels)),
      reconcile_total(registry.counter("controller_runtime_reconcile_total",
                                       "Reconciles by result.", {"controller", "result"})),
      reconcile_errors(registry.counter("controller_runtime_reconcile_errors_total",
                                        "Reconciles that failed.", {"controller"})),
      terminal_errors(registry.counter("controller_runtime_terminal_reconcile_errors_total",
                                       "Reconciles that failed and are not tried again.",
                                       {"controller"})),
      reconcile_panics(registry.counter("controller_runtime_reconcile_panics_total",
                                        "Reconciles that threw an exception.", {"controller"})),
      reconcile_time(registry.histogram("controller_runtime_reconcile_time_seconds",
                                        "How long one reconcile takes.", kReconcileBuckets,
                                        {"controller"})),
      max_workers(registry.gauge("controller_runtime_max_concurrent_reconciles",
                                 "Workers of a controller.", {"controller"})),
      active_workers(registry.gauge("controller_runtime_active_workers",
                                    "Workers that have a key in hand.", {"controller"})),
      sweep_repairs(registry.counter(
          "holmes_sweep_repairs_total",
          "Reconciles that changed something though only a full sweep asked for them.",
          {"controller"})),
      leader(registry.gauge("leader_election_master_status",
                            "1 while this process leads, otherwise 0.", {"name"})),
      leader_slow_renewals(registry.counter(
          "leader_election_slowpath_total",
          "Renewals that had to read the lease first, as somebody had written it.", {"name"})),
      events_sent(registry.counter("holmes_events_sent_total", "Kubernetes Events written.")),
      events_dropped(registry.counter("holmes_events_dropped_total",
                                      "Kubernetes Events that were given up.", {"reason"})) {}

}  // namespace holmes::kube
