// Metrics of requests to the Kubernetes API, under client-go's names.
//
//   rest_client_requests_total{code,method}              code "<error>": there was no answer
//   rest_client_request_duration_seconds{verb}           a watch: until its first bytes
// and, of our own,
//   holmes_api_request_retries_total{verb,reason}        sent again; reason "refused",
//   "unavailable"
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kube/core/request.h"
#include "metrics/registry.h"

namespace holmes::kube {

// One per process; all transports share it. The registry outlives it.
class RequestMetrics {
 public:
  explicit RequestMetrics(MetricsRegistry& registry);

  // `status` is nullopt when there was no answer.
  void record(const Request& request, std::optional<int> status, std::chrono::nanoseconds duration);
  void record_retry(const Request& request, ErrorCode reason);

 private:
  // What was counted before, looked up once: there are few codes, methods and verbs.
  struct Answers {
    std::optional<int> status;
    std::string method;
    Counter counter;
  };
  struct Durations {
    Verb verb;
    Histogram seconds;
  };
  const Counter& answers(std::optional<int> status, const std::string& method);
  const Histogram& durations(Verb verb);

  CounterFamily& requests_;
  HistogramFamily& seconds_;
  CounterFamily& retries_;
  std::vector<Answers> known_answers_;
  std::vector<Durations> known_durations_;
};

}  // namespace holmes::kube
