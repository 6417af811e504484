#include <memory>
#include <optional>

#include <fmt/format.h>

#include "async/asio_loop.h"
#include "async/files.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "async/wait.h"
#include "base/assert.h"
#include "cmd/command.h"
#include "cmd/common_options.h"
#include "cmd/shutdown.h"
#include "holmes/checks/check_runner.h"
#include "holmes/llm/model_table.h"
#include "holmes/llm/openai_chat.h"
#include "holmes/notify/notifier.h"
#include "holmes/server/auth.h"
#include "holmes/server/check_server.h"
#include "holmes/tools/kubernetes_tools.h"
#include "kube/client/cluster_transport.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "metrics/registry.h"
#include "net/curl_client.h"
#include "net/http_server.h"
#include "net/url.h"

namespace holmes {
namespace {

// How long answers may take to get out once all work has ended.
constexpr std::chrono::seconds kAnswerTime{2};
constexpr size_t kMaxExecutions = 10'000;
// Many checks read at once; what is larger is asked for in smaller pieces.
constexpr size_t kClusterBodyBytesMax = size_t{8} << 20U;
constexpr size_t kModelBodyBytesMax = size_t{8} << 20U;
constexpr size_t kAlertBodyBytesMax = size_t{1} << 20U;

struct ServerSettings {
  std::string host = "0.0.0.0";
  uint16_t port = 5050;
  std::string api_key;
  bool allow_unauthenticated = false;
  size_t executions_max = 64;
  std::chrono::seconds shutdown_grace{330};
  ModelOptions model;
  SlackOptions slack;
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

Result<std::string> parse_address(std::string_view text) {
  HOLMES_TRY(const Url url, parse_url(text));
  return url.to_text();
}

OptionTable make_table(ServerSettings& s) {
  OptionTable table;
  table.text("host", "HOLMES_HOST", s.host, "Address to listen on", "ADDRESS");
  table.integer<uint16_t>("port", "HOLMES_PORT", s.port, 0, 65535,
                          "Port to listen on; 0 is any free one");
  table.secret("api-key", "HOLMES_API_KEY", s.api_key,
               "Key that clients must send; a variable does not show in process lists");
  table.boolean("unsafe-allow-unauthenticated", "HOLMES_UNSAFE_ALLOW_UNAUTHENTICATED",
                s.allow_unauthenticated, "Serve without a key where other machines can reach it");
  table.text("model", "MODEL", s.model.model,
             fmt::format("Model, as provider/id or id; {} when only a key is set", kDefaultModel),
             "NAME");
  table.secret("openai-api-key", "OPENAI_API_KEY", s.model.openai_api_key,
               "Key of OpenAI or a compatible service");
  table.parsed<std::string>(
      "openai-api-base", "OPENAI_API_BASE", s.model.openai_api_base, parse_address, "", "URL",
      fmt::format("Address of a compatible service; without it {}", kOpenAiApiBase));
  table.secret("slack-token", "SLACK_TOKEN", s.slack.token, "Token of the Slack app that alerts");
  table.text("slack-channel", "SLACK_CHANNEL", s.slack.channel, "Channel for alerts that name none",
             "CHANNEL");
  table.parsed<std::string>("slack-api-url", "SLACK_API_URL", s.slack.api_url, parse_address,
                            s.slack.api_url, "URL", "Address of Slack's API");
  table.integer<size_t>("max-concurrent-executions", "HOLMES_MAX_CONCURRENT_EXECUTIONS",
                        s.executions_max, 1, kMaxExecutions,
                        "Checks executed at once; more are answered with 429 and Retry-After");
  table.seconds("shutdown-grace-seconds", "HOLMES_SHUTDOWN_GRACE_SECONDS", s.shutdown_grace,
                std::chrono::seconds(0), std::chrono::seconds(3600),
                "How long running checks may go on after SIGTERM");
  s.cluster.add_to(table);
  s.proxies.add_to(table);
  s.log.add_to(table);
  return table;
}

std::string model_url(const ModelOptions& model) {
  return model.openai_api_base.empty() ? std::string(kOpenAiApiBase) : model.openai_api_base;
}

std::unique_ptr<kube::Transport> make_cluster(AsioLoop& loop, const kube::ClusterConfig& config,
                                              kube::Credentials& credentials,
                                              const ProxyOptions& proxies, const Logger& log,
                                              kube::RequestMetrics& metrics) {
  kube::ClusterTransportOptions options = transport_options(config, proxies);
  options.response_body_bytes_max = kClusterBodyBytesMax;
  return kube::make_cluster_transport(loop, config, credentials, log, &metrics, options);
}

std::vector<std::unique_ptr<Tool>> make_tools(AsioLoop& loop, kube::Transport* cluster) {
  if (cluster == nullptr) return {};
  return kubernetes_tools(loop, *cluster);
}

HttpServerOptions listen_on(const ServerSettings& settings) {
  HttpServerOptions options;
  options.host = settings.host;
  options.port = settings.port;
  return options;
}

CheckServerOptions describe(const ServerSettings& settings, const ModelTable& models,
                            bool has_cluster) {
  CheckServerOptions options;
  options.version = kHolmesVersion;
  options.api_key = settings.api_key;
  options.models = models.names();
  (has_cluster ? options.toolsets.enabled : options.toolsets.disabled) = 1;
  options.executions.running_max = settings.executions_max;
  return options;
}

// Everything a running server consists of, in the order in which one part uses another.
class ServerProcess {
 public:
  ServerProcess(AsioLoop& loop, const ServerSettings& settings,
                const std::optional<kube::ClusterConfig>& cluster,
                std::optional<kube::Credentials>& credentials, MetricsRegistry& registry,
                HttpClient& alert_http, const ModelTable& models, const Logger& log)
      : loop_(loop),
        settings_(settings),
        log_(log),
        request_metrics_(registry),
        cluster_(cluster ? make_cluster(loop, *cluster, *credentials, settings.proxies, log,
                                        request_metrics_)
                         : nullptr),
        tools_(make_tools(loop, cluster_.get())),
        runner_(loop, models, tools_, registry, log),
        notifier_(loop, alert_http, log, {settings.slack}),
        checks_(
            loop,
            [this](CheckQuestion question, Stop stop) {
              return runner_.run(std::move(question), std::move(stop));
            },
            [this](CheckRequest request, CheckResponse response, Stop stop) {
              return notifier_.send(
                  {std::move(request.name), redact(request.query), std::move(response.rationale)},
                  std::move(request.destinations), std::move(stop));
            },
            registry, log, describe(settings, models, cluster_ != nullptr)),
        http_(
            loop,
            [this](HttpRequest request, Stop stop) {
              return checks_.handle(std::move(request), std::move(stop));
            },
            log, listen_on(settings)) {}

  // Serves until the stop; then finishes what runs.
  Task<int> run(Stop stop) {
    if (const Status listening = http_.listen(); !listening) {
      if (listening.error().code == ErrorCode::kInvalid) co_return usage_error(listening.error());
      log_.error("cannot serve", {{"error", listening.error()}});
      co_return kExitFailure;
    }
    log_.info("listening", {{"address", http_.address()}});
    checks_.set_ready();
    Event never(loop_);
    const Status stopped = co_await never.wait(std::move(stop));
    HOLMES_ASSERT(!stopped.has_value());
    const StopSource grace({}, loop_, loop_.mono_now() + settings_.shutdown_grace);
    co_await checks_.shut_down(grace.stop());
    const StopSource last({}, loop_, loop_.mono_now() + kAnswerTime);
    co_await http_.close(last.stop());
    log_.info("stopped");
    co_return kExitOk;
  }

 private:
  AsioLoop& loop_;
  const ServerSettings& settings_;
  Logger log_;
  kube::RequestMetrics request_metrics_;
  std::unique_ptr<kube::Transport> cluster_;
  ToolTable tools_;
  CheckRunner runner_;
  Notifier notifier_;
  CheckServer checks_;
  HttpServer http_;
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
        "no model is configured: set MODEL with OPENAI_API_KEY or OPENAI_API_BASE; until then "
        "checks end with ModelUnavailable");
  }
  if (settings.api_key.empty()) log.warning("no HOLMES_API_KEY: anybody who gets here may ask");
}

}  // namespace

int run_server(const Invocation& invocation) {
  ServerSettings settings;
  if (const auto code = load_or_exit(make_table(settings), kHelp, invocation)) return *code;
  const Status exposure =
      check_exposure(settings.host, settings.api_key, settings.allow_unauthenticated);
  if (!exposure) return usage_error(exposure.error());
  const auto cluster = settings.cluster.find(real_files(), invocation.environment);
  if (!cluster) return usage_error(cluster.error());

  AsioLoop loop;
  SystemRandom random;
  MetricsRegistry registry;
  const Logger log = settings.log.make(loop);
  CurlClientOptions model_options = settings.proxies.client_for(model_url(settings.model));
  model_options.response_body_bytes_max = kModelBodyBytesMax;
  const auto model_http = make_curl_client(loop, model_options);
  CurlClientOptions alert_options = settings.proxies.client_for(settings.slack.api_url);
  alert_options.response_body_bytes_max = kAlertBodyBytesMax;
  const auto alert_http = make_curl_client(loop, alert_options);
  const auto models = make_model_table(settings.model, {loop, random, *model_http, registry, log});
  if (!models) return usage_error(models.error());
  say_what_is_missing(log, settings, *models, *cluster);

  const auto subprocess = make_subprocess(loop);
  std::optional<kube::Credentials> credentials;
  if (*cluster) {
    credentials.emplace(loop, real_files(), *subprocess, log, **cluster, invocation.environment);
  }
  ShutdownSignals signals(loop, log);
  ServerProcess process(loop, settings, *cluster, credentials, registry, *alert_http, *models, log);
  const int code = loop.run(process.run(signals.stop()));
  if (credentials) loop.run(credentials->close());
  return code;
}

}  // namespace holmes
