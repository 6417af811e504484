#include "cmd/check_service.h"

#include <utility>

#include <fmt/format.h>

#include "cmd/check_judges.h"
#include "cmd/command.h"
#include "holmes/checks/replay.h"
#include "holmes/llm/price.h"
#include "holmes/tools/kubernetes_tools.h"
#include "holmes/tools/redact.h"
#include "net/curl_client.h"
#include "net/peer_client.h"
#include "net/url.h"

namespace holmes {
namespace {

constexpr size_t kMaxExecutions = 10'000;
constexpr int64_t kMaxWaitingCalls = 10'000;   // of all checks
constexpr int64_t kMaxCalls = 1'000;           // of a check
constexpr int64_t kMaxTokens = 1'000'000'000;  // likewise
constexpr int64_t kMinContextTokens = 4'000;
constexpr int64_t kMinOutputTokens = 256;
constexpr size_t kMinToolBytes = size_t{1} << 10U;
constexpr size_t kMaxToolBytes = size_t{64} << 20U;
constexpr size_t kModelBodyBytesMax = size_t{8} << 20U;
constexpr size_t kAlertBodyBytesMax = size_t{1} << 20U;
// Many checks read at once; what is larger is asked for in smaller pieces.
constexpr size_t kClusterBodyBytesMax = size_t{8} << 20U;

Result<std::string> parse_address(std::string_view text) {
  HOLMES_TRY(const Url url, parse_url(text));
  return url.to_text();
}

ToolSet make_tools(AsioLoop& loop, kube::Transport* cluster) {
  if (cluster == nullptr) return {};
  return kubernetes_tools(loop, *cluster);
}

// The proxy of a request depends on its scheme.
class ClientByScheme final : public HttpClient {
 public:
  ClientByScheme(HttpClient& http, HttpClient& https) : http_(http), https_(https) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    return client_for(request).send(std::move(request), std::move(stop));
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override {
    return client_for(request).open(std::move(request), std::move(stop));
  }

 private:
  [[nodiscard]] HttpClient& client_for(const HttpRequest& request) {
    return request.target.starts_with("https:") ? https_ : http_;
  }

  HttpClient& http_;
  HttpClient& https_;
};

CheckRunnerOptions runner_options(const CheckServiceOptions& options, OutsideWorld& outside,
                                  const Logger& log) {
  CheckRunnerOptions runner = options.runner;
  if (outside.recordings()) {
    runner.on_recording = [&folder = *outside.recordings(), log](const Recording& recording) {
      folder.write(recording, log);
    };
  }
  return runner;
}

CheckServerOptions describe(const CheckServiceOptions& options, const ModelTable& models,
                            const CheckRunner& runner, bool has_cluster) {
  CheckServerOptions described;
  described.version = kHolmesVersion;
  described.api_key = options.api_key;
  described.models = models.names();
  (has_cluster ? described.toolsets.enabled : described.toolsets.disabled) = 1;
  described.executions.running_max = options.executions_max;
  described.executions.room_for = [&runner](const CheckRequest& request) {
    return runner.room_for(request);
  };
  return described;
}

}  // namespace

void CheckServiceOptions::add_to(OptionTable& table) {
  models.add_to(table);
  add_alerts_to(table);
  add_budgets_to(table);
  table.integer<size_t>("max-concurrent-executions", "HOLMES_MAX_CONCURRENT_EXECUTIONS",
                        executions_max, 1, kMaxExecutions,
                        "Checks executed at once; more are answered with 429 and Retry-After");
  table.integer<int64_t>("model-max-waiting-calls", "HOLMES_MODEL_MAX_WAITING_CALLS",
                         models.options.limits.waiting_max, 1, kMaxWaitingCalls,
                         "Calls that may wait for room at a model; beyond, new checks are answered "
                         "with 429 and Retry-After");
}

void CheckServiceOptions::add_alerts_to(OptionTable& table) {
  table.secret("slack-token", "SLACK_TOKEN", slack.token, "Token of the Slack app that alerts");
  table.text("slack-channel", "SLACK_CHANNEL", slack.channel, "Channel for alerts that name none",
             "CHANNEL");
  table.parsed<std::string>("slack-api-url", "SLACK_API_URL", slack.api_url, parse_address,
                            slack.api_url, "URL", "Address of Slack's API");
}

void CheckServiceOptions::add_budgets_to(OptionTable& table) {
  CheckBudget& budget = runner.budget;
  table.seconds("check-max-seconds", "HOLMES_CHECK_MAX_SECONDS", budget.time_max,
                std::chrono::seconds(1), kMaxCheckTimeout,
                "Longest time of a check, whatever timeout it asks for");
  table.integer<int64_t>("check-max-model-calls", "HOLMES_CHECK_MAX_MODEL_CALLS",
                         budget.model_calls_max, kModelCallsMin, kMaxCalls,
                         "Model calls of a check, each try counted");
  table.integer<int64_t>("check-max-tool-calls", "HOLMES_CHECK_MAX_TOOL_CALLS",
                         budget.tool_calls_max, 1, kMaxCalls, "Tool calls of a check");
  table.integer<int64_t>("check-max-input-tokens", "HOLMES_CHECK_MAX_INPUT_TOKENS",
                         budget.input_tokens_max, 1, kMaxTokens,
                         "Tokens that the model may read for a check, in all its calls");
  table.integer<int64_t>("check-max-output-tokens", "HOLMES_CHECK_MAX_OUTPUT_TOKENS",
                         budget.output_tokens_max, 1, kMaxTokens,
                         "Tokens that the model may write for a check, in all its calls");
  const auto usd = [&table](std::string flag, std::string variable, int64_t& target,
                            std::string help) {
    table.parsed<int64_t>(std::move(flag), std::move(variable), target, parse_usd,
                          format_usd(target), "USD", std::move(help));
  };
  usd("check-max-usd", "HOLMES_CHECK_MAX_USD", budget.micro_usd_max,
      "US dollars that a check may cost, when the model's price is known; 0: no limit");
  usd("daily-max-usd", "HOLMES_DAILY_MAX_USD", runner.daily_micro_usd_max,
      "US dollars that all checks of this process may cost on a day (UTC); 0: no limit");
  table.integer<int64_t>("context-tokens", "OVERRIDE_MAX_CONTENT_SIZE", runner.context_tokens_max,
                         kMinContextTokens, kMaxTokens,
                         "Tokens that one model call may read; beyond it old tool answers are "
                         "dropped");
  table.integer<int64_t>("max-output-tokens", "OVERRIDE_MAX_OUTPUT_TOKEN", runner.output_tokens_max,
                         kMinOutputTokens, kMaxTokens,
                         "Tokens that the model may write in one call");
  table.integer<size_t>("tool-max-bytes", "HOLMES_TOOL_MAX_BYTES", budget.tool_bytes_max,
                        kMinToolBytes, kMaxToolBytes,
                        "Bytes of one tool answer that the model reads; the rest is cut off");
  table.integer<size_t>("check-max-tool-bytes", "HOLMES_CHECK_MAX_TOOL_BYTES",
                        budget.tool_bytes_total_max, kMinToolBytes, kMaxToolBytes,
                        "Bytes of all tool answers of a check");
  table.text("record", "HOLMES_RECORD", record,
             "Folder to record each run in, as a file for holmes check run --replay; credentials "
             "are left out",
             "DIR");
}

Result<std::unique_ptr<OutsideWorld>> OutsideWorld::make(AsioLoop& loop, Random& random,
                                                         const CheckServiceOptions& options,
                                                         const ProxyOptions& proxies,
                                                         MetricsRegistry& registry,
                                                         const Logger& log) {
  auto outside = std::make_unique<OutsideWorld>();
  const auto client_for = [&](std::string_view url, size_t body_bytes_max) {
    CurlClientOptions client = proxies.client_for(url);
    client.response_body_bytes_max = body_bytes_max;
    client.tls.extra_ca_pem = options.models.extra_ca_pem;
    return client;
  };
  const auto models_by = [&](std::string_view scheme) {
    CurlClientOptions client = client_for(scheme, kModelBodyBytesMax);
    // A check has at most one call under way. Whoever keeps fewer connections makes new ones all
    // the time.
    client.connections_max = options.executions_max;
    // The lean client, unless there is a proxy: a thousand calls may wait at once.
    return make_peer_client(loop, Url(), std::move(client));
  };
  outside->models_http_ = models_by("http:");
  outside->models_https_ = models_by("https:");
  outside->by_scheme_ =
      std::make_unique<ClientByScheme>(*outside->models_http_, *outside->models_https_);
  outside->alerts_ = make_curl_client(loop, client_for(options.slack.api_url, kAlertBodyBytesMax));
  HOLMES_TRY(outside->models_,
             make_model_table(options.models.options,
                              {loop, random, *outside->by_scheme_, registry, log}));
  outside->recorded_ = options.models.recordings;
  if (!options.record.empty()) {
    HOLMES_TRY(outside->recordings_, RecordingFolder::open(options.record));
  }
  return outside;
}

RecordedRuns* OutsideWorld::recorded(const std::string& model) {
  const auto found = recorded_.find(model);
  return found == recorded_.end() ? nullptr : &found->second;
}

std::unique_ptr<kube::Transport> make_check_cluster(AsioLoop& loop,
                                                    const kube::ClusterConfig& config,
                                                    kube::Credentials& credentials,
                                                    const ProxyOptions& proxies, const Logger& log,
                                                    kube::RequestMetrics& metrics) {
  kube::ClusterTransportOptions options = transport_options(config, proxies);
  options.response_body_bytes_max = kClusterBodyBytesMax;
  return kube::make_cluster_transport(loop, config, credentials, log, &metrics, options);
}

CheckService::CheckService(AsioLoop& loop, const CheckServiceOptions& options,
                           OutsideWorld& outside, kube::Transport* cluster,
                           MetricsRegistry& registry, const Logger& log)
    : loop_(loop),
      outside_(outside),
      log_(log),
      replay_options_(options.runner),
      tools_(make_tools(loop, cluster)),
      runner_(loop, outside.models(), tools_, registry, log, runner_options(options, outside, log)),
      notifier_(loop, outside.alerts(), log, {options.slack}),
      server_(
          loop,
          [this](CheckQuestion question, Stop stop) {
            return answer(std::move(question), std::move(stop));
          },
          [this](CheckRequest request, CheckResponse response, Stop stop) {
            return notifier_.send(
                {std::move(request.name), redact(request.query), std::move(response.rationale)},
                std::move(request.destinations), std::move(stop));
          },
          registry, log, describe(options, outside.models(), runner_, cluster != nullptr)) {}

Task<CheckResponse> CheckService::answer(CheckQuestion question, Stop stop) {
  const std::string model =
      question.model.empty() ? outside_.models().default_name() : question.model;
  RecordedRuns* runs = outside_.recorded(model);
  if (runs == nullptr) co_return co_await runner_.run(std::move(question), std::move(stop));
  const Recording* recorded = runs->next(question.name, question.query);
  if (recorded != nullptr) {
    Recording recording = *recorded;
    recording.model = model;  // it is what answers, also for the audit
    co_return co_await replay(loop_, std::move(recording), replay_options_, log_, std::move(stop));
  }
  CheckResponse response =
      errored(ErrorReason::kModelUnavailable,
              fmt::format("the recording '{}' has no run of this question", model));
  response.model_used = model;
  co_return response;
}

}  // namespace holmes
