// Metrics of the API server:
//   holmes_server_requests_total{route,code}        route as the route table writes it, or "other"
//   holmes_server_executions_in_flight
//   holmes_server_checks_total{status}              checks that ended, by verdict
//   holmes_server_check_duration_seconds            of the judging, without alerts
#pragma once

#include "metrics/registry.h"

namespace holmes {

struct ServerMetrics {
  // One per registry, which outlives it.
  explicit ServerMetrics(MetricsRegistry& registry);

  CounterFamily& requests;
  GaugeFamily& executions_in_flight;
  CounterFamily& checks;
  HistogramFamily& check_seconds;
};

}  // namespace holmes
