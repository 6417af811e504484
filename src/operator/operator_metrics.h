// The operator's own metrics, under the names that dashboards rely on (contract, section 3).
#pragma once

#include "api/healthcheck.h"
#include "metrics/registry.h"

namespace holmes {

class OperatorMetrics {
 public:
  // The registry outlives this.
  explicit OperatorMetrics(MetricsRegistry& registry);

  // A run ended with this status (Completed or Failed).
  void ended(const HealthCheck& check);
  // The object is gone; so are its series. A schedule's series stay when one of its runs goes.
  void forget(const HealthCheck& check);

  void set_running(size_t executions);
  void set_waiting(size_t checks);
  void set_scheduled_active(size_t checks);
  void attempt_ended(AttemptOutcome outcome);

 private:
  CounterFamily& executed_;
  CounterFamily& failed_;
  HistogramFamily& duration_;
  GaugeFamily& result_;
  GaugeFamily& last_success_;
  CounterFamily& tokens_;
  GaugeFamily& scheduled_active_;
  GaugeFamily& running_;
  GaugeFamily& waiting_;
  CounterFamily& attempts_;
};

// Whether a schedule owns the check as its controller; the metrics then have the schedule's name.
// The label scheduled-by is for queries: anybody may set it.
bool is_scheduled(const HealthCheck& check);

}  // namespace holmes
