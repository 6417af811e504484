#include "holmes/server/server_metrics.h"

namespace holmes {

ServerMetrics::ServerMetrics(MetricsRegistry& registry)
    : requests(registry.counter("holmes_server_requests_total",
                                "HTTP requests answered, by route and status code.",
                                {"route", "code"})),
      executions_in_flight(registry.gauge("holmes_server_executions_in_flight",
                                          "Checks that are being executed now.")),
      checks(registry.counter("holmes_server_checks_total", "Checks that ended, by verdict.",
                              {"status"})),
      check_seconds(registry.histogram("holmes_server_check_duration_seconds",
                                       "Time from the start of a check to its verdict.",
                                       {0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300})) {
  executions_in_flight.set({}, 0);
}

}  // namespace holmes
