#include "operator/operator.h"

#include <array>
#include <optional>

#include <unistd.h>

#include "async/files.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "cmd/command.h"
#include "cmd/common_options.h"
#include "cmd/shutdown.h"
#include "kube/client/cluster_transport.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "kube/store/label_syntax.h"
#include "net/http_server.h"
#include "net/peer_client.h"

namespace holmes {
namespace {

constexpr size_t kMaxConcurrentChecksLimit = 1000;
// Scaled-out servers get work soon (contract, section 2).
constexpr std::chrono::seconds kApiConnectionAge{60};
// Checks and questions about lost answers last; the operator itself limits how many there are.
constexpr size_t kMaxApiConnections = 4096;
constexpr size_t kApiBodyBytesMax = size_t{4} << 20U;

Result<std::optional<bool>> parse_wish(std::string_view word) {
  HOLMES_TRY(const bool wish, parse_boolean(word));
  return wish;
}

Result<std::string> parse_object_name(std::string_view word) {
  if (!kube::is_dns_subdomain(word)) {
    return fail(ErrorCode::kInvalid, "a name has lower case letters, digits, '-' and '.' only");
  }
  return std::string(word);
}

struct ElectionOptions {
  std::optional<bool> wanted;  // nullopt: in a cluster
  std::string lease_name = "holmes-operator";
  std::string lease_namespace;  // empty: the pod's own, or the kubeconfig's

  void add_to(OptionTable& table) {
    table.parsed<std::optional<bool>>("leader-election", "HOLMES_LEADER_ELECTION", wanted,
                                      &parse_wish, "in a cluster true, otherwise false",
                                      "true|false",
                                      "Of several operators one works and the others stand by");
    table.bare_word("true");
    table.parsed<std::string>(
        "lease-name", "HOLMES_LEASE_NAME", lease_name, &parse_object_name, lease_name, "NAME",
        "Lease by which they agree; operators of other namespaces need one of their own");
    table.parsed<std::string>(
        "lease-namespace", "HOLMES_LEASE_NAMESPACE", lease_namespace, &parse_object_name, "",
        "NAMESPACE",
        "Where that Lease is; without it, the namespace of this pod or of the kubeconfig");
  }
};

struct OperatorCommandOptions {
  ClusterOptions cluster;
  ProxyOptions proxies;
  LogOptions log;
  OperatorOptions work;
  ElectionOptions election;
  HostPort metrics_address{"0.0.0.0", 8080};
};

OptionTable option_table(OperatorCommandOptions& options) {
  OptionTable table;
  table.parsed<Url>("api-url", "HOLMES_API_URL", options.work.api_url, &parse_url,
                    options.work.api_url.to_text(), "URL", "The Holmes API server");
  table.secret("api-key", "HOLMES_API_KEY", options.work.api_key, "Key for the API server");
  table.list("operator-namespaces", "HOLMES_OPERATOR_NAMESPACES", options.work.namespaces,
             "Namespaces to watch, with commas; without it, all");
  table.integer<size_t>("max-concurrent-checks", "HOLMES_MAX_CONCURRENT_CHECKS",
                        options.work.concurrent_max, 1, kMaxConcurrentChecksLimit,
                        "Checks that run at once; the others wait, oldest first");
  table.host_port("metrics-address", "HOLMES_METRICS_ADDRESS", options.metrics_address,
                  "Where /metrics, /healthz and /readyz are served");
  table.seconds("shutdown-grace-seconds", "HOLMES_SHUTDOWN_GRACE_SECONDS",
                options.work.shutdown_grace, std::chrono::seconds(0), std::chrono::seconds(3600),
                "How long running checks may go on after SIGTERM");
  table.seconds("verify-cache-seconds", "HOLMES_VERIFY_CACHE_SECONDS",
                options.work.verify_cache_interval, std::chrono::seconds(0),
                std::chrono::seconds(3600),
                "For tests: how often caches are compared with a list of everything; 0: never");
  options.election.add_to(table);
  options.cluster.add_to(table);
  options.proxies.add_to(table);
  options.log.add_to(table);
  return table;
}

const CommandHelp kHelp{
    "holmes operator [options]",
    "Watches HealthChecks, has them executed by the API server, and records the results.",
    "HOLMES_API_URL=http://holmes-api:8080 KUBECONFIG=~/.kube/config holmes operator"};

// The pod's name in a cluster.
std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "holmes-operator";
  return name.data();
}

Task<int> serve(AsioLoop& loop, Operator& work, HttpServer& http, Logger log, Stop stop) {
  if (const Status listening = http.listen(); !listening) {
    log.error("cannot serve metrics and health", {{"error", listening.error()}});
    co_return 1;
  }
  log.info("listening", {{"address", http.address()}});
  co_await work.run(stop);
  const StopSource now({}, loop, loop.mono_now());
  co_await http.close(now.stop());
  co_return work.ended_early() ? 1 : 0;
}

kube::LeaderElectorOptions elector_options(const ElectionOptions& options,
                                           const kube::ClusterConfig& cluster, Random& random) {
  const bool named = !options.lease_namespace.empty();
  return {
      .lease = {named ? options.lease_namespace : cluster.default_namespace, options.lease_name},
      .identity = kube::leader_identity(host_name(), random)};
}

int run(const OperatorCommandOptions& options, const kube::ClusterConfig& cluster,
        const std::map<std::string, std::string>& environment) {
  AsioLoop loop(kLoopRest);  // who waits for a check does not notice, who waits for a tick would
  SystemRandom random;
  const Logger log = options.log.make(loop);
  MetricsRegistry registry;
  kube::RequestMetrics request_metrics(registry);
  const auto subprocess = make_subprocess(loop);
  kube::Credentials credentials(loop, real_files(), *subprocess, log, cluster, environment);
  const auto transport =
      kube::make_cluster_transport(loop, cluster, credentials, log, &request_metrics,
                                   transport_options(cluster, options.proxies));
  CurlClientOptions api_options = options.proxies.client_for(options.work.api_url.to_text());
  api_options.connection_age_max = kApiConnectionAge;
  api_options.connections_max = kMaxApiConnections;
  api_options.response_body_bytes_max = kApiBodyBytesMax;
  const auto api = make_peer_client(loop, options.work.api_url, api_options);
  const auto resolver = make_resolver(loop);

  OperatorOptions work_options = options.work;
  work_options.claimant = {random.uuid4(), host_name()};
  std::optional<kube::LeaseClient> lease;
  if (options.election.wanted.value_or(cluster.in_cluster)) {
    work_options.election = elector_options(options.election, cluster, random);
    lease.emplace(loop,
                  kube::make_cluster_transport(loop, cluster, credentials, log, &request_metrics,
                                               transport_options(cluster, options.proxies)));
  }
  Operator work(loop, random, *transport, *api, *resolver, registry, log, work_options,
                lease ? &*lease : nullptr);
  loop.set_haste([&work] { return work.creating(); });
  HttpServerOptions http_options;
  http_options.host = options.metrics_address.host;
  http_options.port = options.metrics_address.port;
  HttpServer http(
      loop,
      [&work](HttpRequest request, Stop stop) {
        return work.handle(std::move(request), std::move(stop));
      },
      log, http_options);

  ShutdownSignals signals(loop, log);
  log.info("operator starting", {{"cluster", cluster.source},
                                 {"api", work_options.api_url.to_text()},
                                 {"maxConcurrentChecks", work_options.concurrent_max},
                                 {"leaderElection", lease.has_value()}});
  const int code = loop.run(serve(loop, work, http, log, signals.stop()));
  loop.run(credentials.close());
  return code;
}

}  // namespace

int run_operator(const Invocation& invocation) {
  OperatorCommandOptions options;
  options.work.api_url = Url{"http", "holmes-api", 8080, ""};
  if (const auto code = load_or_exit(option_table(options), kHelp, invocation)) return *code;
  const auto cluster = options.cluster.find(real_files(), invocation.environment);
  if (!cluster) return usage_error(cluster.error());
  if (!*cluster) {
    return usage_error(
        Error(ErrorCode::kInvalid, "there is no cluster: set KUBECONFIG or run inside one"));
  }
  return run(options, **cluster, invocation.environment);
}

}  // namespace holmes
