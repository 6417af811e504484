#include <memory>
#include <optional>

#include <fmt/format.h>

#include "async/asio_loop.h"
#include "async/files.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "base/assert.h"
#include "cmd/check_service.h"
#include "cmd/command.h"
#include "cmd/common_options.h"
#include "cmd/shutdown.h"
#include "holmes/server/auth.h"
#include "kube/client/cluster_transport.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "metrics/registry.h"
#include "net/http_server.h"
#include "net/tls_files.h"

namespace holmes {
namespace {

// How long answers may take to get out once all work has ended.
constexpr std::chrono::seconds kAnswerTime{2};

struct ServerSettings {
  std::string host = "0.0.0.0";
  uint16_t port = 5050;
  bool allow_unauthenticated = false;
  TlsServerFiles tls;
  std::chrono::seconds shutdown_grace{330};
  CheckServiceOptions checks;
  ClusterOptions cluster;
  ProxyOptions proxies;
  LogOptions log;
};

const CommandHelp kHelp{
    "holmes server [options]",
    "The stateless API server: POST /api/check/execute takes a question, lets a model look at the\n"
    "cluster through read-only tools, and answers with its verdict and what it rests on.",
    "export OPENAI_API_KEY=... KUBECONFIG=~/.kube/config\n"
    "holmes server --host 127.0.0.1 &\n"
    "curl -sd '{\"query\": \"Are all pods of deployment frontend healthy?\"}' \\\n"
    "  -H 'Content-Type: application/json' http://127.0.0.1:5050/api/check/execute"};

OptionTable make_table(ServerSettings& s) {
  OptionTable table;
  table.text("host", "HOLMES_HOST", s.host, "Address to listen on", "ADDRESS");
  table.integer<uint16_t>("port", "HOLMES_PORT", s.port, 0, 65535,
                          "Port to listen on; 0 is any free one");
  table.secret("api-key", "HOLMES_API_KEY", s.checks.api_key,
               "Key that clients must send; a variable does not show in process lists");
  table.boolean("unsafe-allow-unauthenticated", "HOLMES_UNSAFE_ALLOW_UNAUTHENTICATED",
                s.allow_unauthenticated, "Serve without a key where other machines can reach it");
  table.text(
      "ssl-certfile", "HOLMES_SSL_CERTFILE", s.tls.certificate,
      "Serve HTTPS with the certificate chain in this PEM file; changed files are read again",
      "PATH");
  table.text("ssl-keyfile", "HOLMES_SSL_KEYFILE", s.tls.key,
             "Key of the certificate, when it does not stand in the same file", "PATH");
  table.text("ssl-ca-certs", "HOLMES_SSL_CA_CERTS", s.tls.client_ca,
             "Authorities (CA), one of which must have signed the certificate that a client shows",
             "PATH");
  s.checks.add_to(table);
  table.seconds("shutdown-grace-seconds", "HOLMES_SHUTDOWN_GRACE_SECONDS", s.shutdown_grace,
                std::chrono::seconds(0), std::chrono::seconds(3600),
                "How long running checks may go on after SIGTERM");
  s.cluster.add_to(table);
  s.proxies.add_to(table);
  s.log.add_to(table);
  return table;
}

// Nothing when HTTPS is not wanted.
Result<std::optional<TlsServerOptions>> find_tls(const TlsServerFiles& paths) {
  if (!paths.certificate.empty()) return read_tls(real_files(), paths);
  if (paths.key.empty() && paths.client_ca.empty()) return std::nullopt;
  return fail(ErrorCode::kInvalid,
              fmt::format("{} without HOLMES_SSL_CERTFILE: name the file of the certificate, too",
                          paths.key.empty() ? "HOLMES_SSL_CA_CERTS" : "HOLMES_SSL_KEYFILE"));
}

HttpServerOptions listen_on(const ServerSettings& settings,
                            const std::optional<TlsServerOptions>& tls) {
  HttpServerOptions options;
  options.tls = tls;
  options.host = settings.host;
  options.port = settings.port;
  return options;
}

// Everything a running server consists of, in the order in which one part uses another.
class ServerProcess {
 public:
  ServerProcess(AsioLoop& loop, const ServerSettings& settings,
                const std::optional<TlsServerOptions>& tls,
                const std::optional<kube::ClusterConfig>& cluster,
                std::optional<kube::Credentials>& credentials, MetricsRegistry& registry,
                OutsideWorld& outside, const Logger& log)
      : loop_(loop),
        settings_(settings),
        log_(log),
        request_metrics_(registry),
        cluster_(cluster ? make_check_cluster(loop, *cluster, *credentials, settings.proxies, log,
                                              request_metrics_)
                         : nullptr),
        checks_(loop, settings.checks, outside, cluster_.get(), registry, log),
        http_(
            loop,
            [this](HttpRequest request, Stop stop) {
              return checks_.server().handle(std::move(request), std::move(stop));
            },
            log, listen_on(settings, tls)),
        tls_(tls),
        tasks_(loop) {}

  // Serves until the stop; then finishes what runs.
  Task<int> run(Stop stop) {
    if (const Status listening = http_.listen(); !listening) {
      if (listening.error().code == ErrorCode::kInvalid) co_return usage_error(listening.error());
      log_.error("cannot serve", {{"error", listening.error()}});
      co_return kExitFailure;
    }
    log_.info("listening", {{"address", http_.address()}});
    if (tls_) tasks_.spawn(watch_certificates(*tls_));
    checks_.server().set_ready();
    Event never(loop_);
    const Status stopped = co_await never.wait(std::move(stop));
    HOLMES_ASSERT(!stopped.has_value());
    const StopSource grace({}, loop_, loop_.mono_now() + settings_.shutdown_grace);
    co_await checks_.server().shut_down(grace.stop());
    const StopSource last({}, loop_, loop_.mono_now() + kAnswerTime);
    co_await http_.close(last.stop());
    co_await tasks_.close();
    log_.info("stopped");
    co_return kExitOk;
  }

 private:
  Task<> watch_certificates(TlsServerOptions used) {
    const auto use = [this](const TlsServerOptions& changed) { return http_.set_tls(changed); };
    return watch_tls(loop_, real_files(), log_, settings_.tls, std::move(used), use, tasks_.stop());
  }

  AsioLoop& loop_;
  const ServerSettings& settings_;
  Logger log_;
  kube::RequestMetrics request_metrics_;
  std::unique_ptr<kube::Transport> cluster_;
  CheckService checks_;
  HttpServer http_;
  const std::optional<TlsServerOptions> tls_;
  TaskScope tasks_;
};

void say_what_is_missing(const Logger& log, const ServerSettings& settings,
                         const ModelTable& models,
                         const std::optional<kube::ClusterConfig>& cluster) {
  if (cluster) {
    log.info("cluster", {{"server", cluster->server.to_text()}, {"source", cluster->source}});
  } else {
    log.warning(
        "no cluster to look at: this does not run inside one and KUBECONFIG is not set; checks "
        "have no tools and end without evidence");
  }
  if (models.names().empty()) {
    log.warning(
        "no model can be asked: set MODEL with OPENAI_API_KEY or OPENAI_API_BASE; until then "
        "checks end with ModelUnavailable");
  }
  for (const std::string& trouble : models.troubles()) {
    log.warning("a model cannot be asked", {{"why", trouble}});
  }
  if (settings.checks.api_key.empty())
    log.warning("no HOLMES_API_KEY: anybody who gets here may ask");
}

}  // namespace

int run_server(const Invocation& invocation) {
  ServerSettings settings;
  if (const auto code = load_or_exit(make_table(settings), kHelp, invocation)) return *code;
  const Status exposure =
      check_exposure(settings.host, settings.checks.api_key, settings.allow_unauthenticated);
  if (!exposure) return usage_error(exposure.error());
  const auto tls = find_tls(settings.tls);
  if (!tls) return usage_error(tls.error());
  const auto cluster = settings.cluster.find(real_files(), invocation.environment);
  if (!cluster) return usage_error(cluster.error());

  AsioLoop loop;
  SystemRandom random;
  MetricsRegistry registry;
  const Logger log = settings.log.make(loop);
  const Status loaded = settings.checks.models.load(real_files(), invocation.environment, log);
  if (!loaded) return usage_error(loaded.error());
  const auto outside =
      OutsideWorld::make(loop, random, settings.checks, settings.proxies, registry, log);
  if (!outside) return usage_error(outside.error());
  say_what_is_missing(log, settings, (*outside)->models(), *cluster);

  const auto subprocess = make_subprocess(loop);
  std::optional<kube::Credentials> credentials;
  if (*cluster) {
    credentials.emplace(loop, real_files(), *subprocess, log, **cluster, invocation.environment);
  }
  ShutdownSignals signals(loop, log);
  ServerProcess process(loop, settings, *tls, *cluster, credentials, registry, **outside, log);
  const int code = loop.run(process.run(signals.stop()));
  if (credentials) loop.run(credentials->close());
  return code;
}

}  // namespace holmes
