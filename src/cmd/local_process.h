// Store, operator and check service of `holmes local`, joined in one process: the operator reaches
// both without a socket, and kubectl reaches the store over TLS.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "async/asio_loop.h"
#include "async/random.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "base/log.h"
#include "cmd/check_service.h"
#include "cmd/local_identity.h"
#include "cmd/local_store.h"
#include "kube/store/store_transport.h"
#include "metrics/registry.h"
#include "net/http_server.h"
#include "net/in_process_client.h"
#include "operator/operator.h"

namespace holmes {

struct LocalProcessOptions {
  HostPort listen{"127.0.0.1", 0};    // port 0: any free one
  std::optional<HostPort> metrics{};  // nothing: not served
  size_t concurrent_checks_max = 32;
  std::chrono::seconds shutdown_grace{25};  // of checks that run
};

class LocalProcess {
 public:
  // What is given by reference outlives it. `checked` is what checks look at; nullptr: the store.
  LocalProcess(AsioLoop& loop, Random& random, LocalStore& store, const LocalIdentity& identity,
               const CheckServiceOptions& checks, OutsideWorld& outside, kube::Transport* checked,
               MetricsRegistry& registry, const Logger& log, LocalProcessOptions options);

  // Binds, and calls `bound` with the address before anybody gets an answer. Fails as
  // HttpServer::listen() or `bound` does; then close() it.
  Status listen(const std::function<Status(const HostPort& address)>& bound);
  // Works until the stop, and then ends as `holmes operator` does: no new requests and claims,
  // running checks may end within the grace. Fails when the store can write no more.
  Task<Status> run(Stop stop);
  // After a listen() that failed.
  Task<> close();

 private:
  Task<> collect();
  Task<> close_when(Stop stop);

  AsioLoop& loop_;
  LocalStore& store_;
  const LocalProcessOptions options_;
  kube::StoreTransport own_;
  CheckService checks_;
  InProcessClient client_;
  InProcessResolver resolver_;
  Operator work_;
  HttpServer http_;
  std::optional<HttpServer> metrics_;
  Status store_health_;
  TaskScope tasks_;
  StopSource ending_;  // the process is asked to end, or cannot go on
  Event listeners_closed_;
};

}  // namespace holmes
