// The operator's own metrics, under the names that dashboards rely on (contract, section 3).
#pragma once

#include "api/scheduled_healthcheck.h"
#include "metrics/registry.h"

namespace holmes {

class OperatorMetrics {
 public:
  // The registry outlives this.
  explicit OperatorMetrics(MetricsRegistry& registry);

  // A run ended with this status (Completed or Failed).
  void ended(const HealthCheck& check);
  // The last result that a status tells of, from before this process led: an alert on it must not
  // end because an operator did. Counts nothing. A schedule's runs are told by the schedule.
  void known(const HealthCheck& check);
  void known(const ScheduledHealthCheck& schedule);
  // The object is gone; so are its series. A schedule's series stay when one of its runs goes.
  void forget(const HealthCheck& check);

  // A schedule made a check, this long after it was due (nullopt: asked for by hand).
  void scheduled(const kube::ObjectMeta& schedule, std::optional<std::chrono::microseconds> skew);
  void missed(const kube::ObjectMeta& schedule, MissedReason reason, int64_t ticks);
  // The schedule is gone; so are its series.
  void forget(const ScheduledHealthCheck& schedule);

  void set_running(size_t executions);
  void set_waiting(size_t checks);
  void set_scheduled_active(size_t checks);
  void attempt_ended(AttemptOutcome outcome);

 private:
  void set_last(const LabelValues& name_labels, CheckStatus result,
                std::optional<WallTime> passed_at);
  void forget_runs(const LabelValues& labels, const LabelValues& name_labels);

  CounterFamily& scheduled_;
  CounterFamily& missed_;
  HistogramFamily& skew_;
  CounterFamily& executed_;
  CounterFamily& failed_;
  HistogramFamily& duration_;
  GaugeFamily& result_;
  GaugeFamily& last_success_;
  CounterFamily& tokens_;
  CounterFamily& cost_;
  Gauge scheduled_active_;
  Gauge running_;
  Gauge waiting_;
  CounterFamily& attempts_;
};

}  // namespace holmes
