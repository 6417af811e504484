#include "kube/client/request_metrics.h"

#include <algorithm>

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
  answers(status, request.method).add();
  durations(request.verb).observe(std::chrono::duration<double>(duration).count());
}

const Counter& RequestMetrics::answers(std::optional<int> status, const std::string& method) {
  const auto known = std::ranges::find_if(known_answers_, [&](const Answers& answers) {
    return answers.status == status && answers.method == method;
  });
  if (known != known_answers_.end()) return known->counter;
  const std::string code = status ? std::to_string(*status) : "<error>";
  known_answers_.push_back({status, method, requests_.bind({code, method})});
  return known_answers_.back().counter;
}

const Histogram& RequestMetrics::durations(Verb verb) {
  const auto known = std::ranges::find(known_durations_, verb, &Durations::verb);
  if (known != known_durations_.end()) return known->seconds;
  known_durations_.push_back({verb, seconds_.bind({std::string(to_string(verb))})});
  return known_durations_.back().seconds;
}

void RequestMetrics::record_retry(const Request& request, ErrorCode reason) {
  retries_.add({std::string(to_string(request.verb)), std::string(to_string(reason))});
}

}  // namespace holmes::kube
