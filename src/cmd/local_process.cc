#include "cmd/local_process.h"

#include <utility>

#include <unistd.h>

#include "kube/store/store_listener.h"

namespace holmes {
namespace {

// Watches end when the listener does; answers that are under way get out.
constexpr std::chrono::milliseconds kAnswerTime{500};

HttpServerOptions listen_at(const HostPort& address) {
  HttpServerOptions options;
  options.host = address.host;
  options.port = address.port;
  return options;
}

HttpServerOptions api_listener(const HostPort& address, const LocalIdentity& identity) {
  HttpServerOptions options = listen_at(address);
  options.body_bytes_max = kube::kMaxObjectBytes;
  options.tls = identity.tls();
  return options;
}

OperatorOptions operator_options(const LocalProcessOptions& options, Random& random) {
  OperatorOptions work;
  work.api_url = Url{"http", "holmes.local", 80, ""};  // in process: no name is looked up
  work.concurrent_max = options.concurrent_checks_max;
  work.claimant = {random.uuid4(), "holmes-local"};
  work.shutdown_grace = options.shutdown_grace;
  return work;
}

}  // namespace

LocalProcess::LocalProcess(AsioLoop& loop, Random& random, LocalStore& store,
                           const LocalIdentity& identity, const CheckServiceOptions& checks,
                           OutsideWorld& outside, kube::Transport* checked,
                           MetricsRegistry& registry, const Logger& log,
                           LocalProcessOptions options)
    : loop_(loop),
      store_(store),
      options_(std::move(options)),
      own_(store.api(), "holmes-operator"),
      checks_(loop, checks, outside, checked != nullptr ? checked : &own_, registry, log),
      client_([this](HttpRequest request, Stop stop) {
        return checks_.server().handle(std::move(request), std::move(stop));
      }),
      work_(loop, random, own_, client_, resolver_, registry, log,
            operator_options(options_, random)),
      http_(loop, kube::serve_api(store.api(), identity.token()), log,
            api_listener(options_.listen, identity)),
      tasks_(loop),
      listeners_closed_(loop) {
  if (!options_.metrics) return;
  metrics_.emplace(
      loop,
      [this](HttpRequest request, Stop stop) {
        return work_.handle(std::move(request), std::move(stop));
      },
      log, listen_at(*options_.metrics));
}

Status LocalProcess::listen(const std::function<Status(const HostPort& address)>& bound) {
  if (metrics_) HOLMES_CHECK(metrics_->listen());
  HOLMES_CHECK(http_.listen());
  // Nobody is answered before the next turn of the loop.
  HOLMES_CHECK(bound({options_.listen.host, http_.port()}));
  checks_.server().set_ready();
  return {};
}

Task<Status> LocalProcess::run(Stop stop) {
  const StopCallback forward(stop, [this](StopReason /*reason*/) { ending_.request_stop(); });
  tasks_.spawn(collect());
  tasks_.spawn(close_when(ending_.stop()));
  co_await work_.run(ending_.stop());
  const Status closed = co_await listeners_closed_.wait({});
  HOLMES_ASSERT(closed.has_value());
  const StopSource now({}, loop_, loop_.mono_now());
  co_await checks_.server().shut_down(now.stop());
  co_await tasks_.close();
  co_return store_health_;
}

Task<> LocalProcess::close() {
  ending_.request_stop();
  co_await close_when(ending_.stop());
  const StopSource now({}, loop_, loop_.mono_now());
  co_await checks_.server().shut_down(now.stop());
}

Task<> LocalProcess::collect() {
  store_health_ = co_await store_.run(tasks_.stop());
  if (!store_health_) ending_.request_stop();
}

Task<> LocalProcess::close_when(Stop stop) {
  Event never(loop_);
  (void)co_await never.wait(std::move(stop));
  const StopSource soon({}, loop_, loop_.mono_now() + kAnswerTime);
  co_await http_.close(soon.stop());
  if (metrics_) co_await metrics_->close(soon.stop());
  listeners_closed_.set();
}

}  // namespace holmes
