#include "kube/client/request_metrics.h"

namespace holmes::kube {

RequestMetrics::RequestMetrics(MetricsRegistry& registry)
    : requests_(registry.counter("rest_client_requests_total",
                                 "Requests to the Kubernetes API by status code and method.",
                                 {"code", "method"})),
      seconds_(registry.histogram("rest_client_request_duration_seconds",
                                  "Duration of requests to the Kubernetes API by verb.",
                                  {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60},
                                  {"verb"})),
      retries_(registry.counter("holmes_api_request_retries_total",
                                "Requests to the Kubernetes API that were sent again.",
                                {"verb", "reason"})) {}

void RequestMetrics::record(const Request& request, std::optional<int> status,
                            std::chrono::nanoseconds duration) {
  requests_.add({status ? std::to_string(*status) : "<error>", request.method});
  seconds_.observe({std::string(to_string(request.verb))},
                   std::chrono::duration<double>(duration).count());
}

void RequestMetrics::record_retry(const Request& request, ErrorCode reason) {
  retries_.add({std::string(to_string(request.verb)), std::string(to_string(reason))});
}

}  // namespace holmes::kube
