// The metric families of this folder. Made once per registry and handed to every part by reference:
// two queues or two informers share a family and differ by label.
//
// Names are controller-runtime's (or client-go's) where they have them, otherwise holmes_*.
#pragma once

#include "metrics/registry.h"

namespace holmes::kube {

struct RuntimeMetrics {
  // The registry outlives this.
  explicit RuntimeMetrics(MetricsRegistry& registry);

  MetricsRegistry& registry;

  // {resource} = "healthchecks.holmesgpt.dev"
  CounterFamily& watch_unreadable_objects;  // holmes_watch_unreadable_objects_total{resource}
  CounterFamily& watch_skipped_events;      // holmes_watch_skipped_events_total{resource,reason}
  CounterFamily& watch_lists;               // holmes_watch_lists_total{resource}
  CounterFamily& watch_failures;            // holmes_watch_failures_total{resource}
  GaugeFamily& cache_objects;               // holmes_cache_objects{resource}
  CounterFamily& cache_live_reads;          // holmes_cache_live_reads_total{resource}
  CounterFamily& cache_comparisons;         // holmes_cache_comparisons_total{resource}

  // {name,controller}: both the queue's name
  GaugeFamily& queue_depth;              // workqueue_depth{name,controller,priority}
  CounterFamily& queue_adds;             // workqueue_adds_total
  HistogramFamily& queue_duration;       // workqueue_queue_duration_seconds
  HistogramFamily& queue_work_duration;  // workqueue_work_duration_seconds
  GaugeFamily& queue_unfinished_work;    // workqueue_unfinished_work_seconds
  GaugeFamily& queue_longest_running;    // workqueue_longest_running_processor_seconds
  CounterFamily& queue_retries;          // workqueue_retries_total

  CounterFamily& reconcile_total;   // controller_runtime_reconcile_total{controller,result}
  CounterFamily& reconcile_errors;  // controller_runtime_reconcile_errors_total{controller}
  CounterFamily& terminal_errors;  // controller_runtime_terminal_reconcile_errors_total{controller}
  CounterFamily& reconcile_panics;  // controller_runtime_reconcile_panics_total{controller}
  HistogramFamily& reconcile_time;  // controller_runtime_reconcile_time_seconds{controller}
  GaugeFamily& max_workers;         // controller_runtime_max_concurrent_reconciles{controller}
  GaugeFamily& active_workers;      // controller_runtime_active_workers{controller}
  CounterFamily& sweep_repairs;     // holmes_sweep_repairs_total{controller}

  GaugeFamily& leader;                  // leader_election_master_status{name}
  CounterFamily& leader_slow_renewals;  // leader_election_slowpath_total{name}

  CounterFamily& events_sent;     // holmes_events_sent_total
  CounterFamily& events_dropped;  // holmes_events_dropped_total{reason}
};

}  // namespace holmes::kube
