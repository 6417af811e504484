// The API server's HTTP surface (contract, section 2): an HttpHandler over Executions.
//
// Every answer is JSON but /metrics; errors are {"detail": ...}. Threads: the loop's.
#pragma once

#include <string>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "holmes/server/executions.h"
#include "holmes/server/routes.h"
#include "holmes/server/server_metrics.h"
#include "metrics/registry.h"
#include "net/http.h"
#include "net/url.h"

namespace holmes {

struct ToolsetsSummary {
  size_t enabled = 0;
  size_t failed = 0;
  size_t disabled = 0;
};

struct CheckServerOptions {
  std::string version;
  std::string api_key;  // empty: everybody may call; see check_exposure
  std::vector<std::string> models;
  ToolsetsSummary toolsets;
  ExecutionsOptions executions;
};

class CheckServer {
 public:
  // What is given by reference outlives the server; one server per registry.
  CheckServer(Loop& loop, JudgeCheck judge, SendAlert alert, MetricsRegistry& registry, Logger log,
              CheckServerOptions options);

  // Answers one request. Without an Idempotency-Key a check is cancelled when the stop comes; with
  // one it goes on and its answer can be asked for.
  Task<HttpResponse> handle(HttpRequest request, Stop stop);

  // /readyz says 200 from now on.
  void set_ready() { ready_ = true; }
  // /readyz says 503 and new checks are refused; running ones may end until the stop comes, then
  // they are cut off: whoever waits for one gets a 503 without Retry-After ("unknown outcome").
  // Must have ended before the destructor runs.
  Task<> shut_down(Stop grace);

 private:
  Task<HttpResponse> answer(const Route& route, HttpRequest request, Target target, std::string key,
                            Stop stop);
  Task<HttpResponse> execute(HttpRequest request, Stop stop);
  Task<HttpResponse> get_execution(Target target, std::string key, Stop stop);
  Task<HttpResponse> cancel_execution(std::string key, Stop stop);
  [[nodiscard]] HttpResponse ready() const;
  [[nodiscard]] HttpResponse info() const;
  [[nodiscard]] HttpResponse model() const;

  Loop& loop_;
  MetricsRegistry& registry_;
  Logger log_;
  CheckServerOptions options_;
  MonoTime started_;
  ServerMetrics metrics_;
  Executions executions_;
  bool ready_ = false;
};

}  // namespace holmes
