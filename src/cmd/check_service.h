// What answers checks, without a listener: models, tools, runner, alerts, and the HTTP surface over
// them. `holmes server` listens for it, `holmes local` and `holmes check` call it in process.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/asio_loop.h"
#include "async/random.h"
#include "base/log.h"
#include "cmd/common_options.h"
#include "cmd/model_setup.h"
#include "cmd/recorded_runs.h"
#include "cmd/recordings.h"
#include "holmes/checks/check_runner.h"
#include "holmes/llm/model_table.h"
#include "holmes/notify/notifier.h"
#include "holmes/server/check_server.h"
#include "holmes/tools/tool.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "kube/client/transport.h"
#include "metrics/registry.h"

namespace holmes {

// OPENAI_API_KEY, MODEL, SLACK_TOKEN and their kin.
struct CheckServiceOptions {
  ModelSetup models{};
  SlackOptions slack{};
  std::string api_key{};
  size_t executions_max = 64;
  CheckRunnerOptions runner{};
  std::string record{};  // folder for recordings of all runs; empty: none

  void add_to(OptionTable& table);
  // Parts of it, beside `models`: Slack; what a check may use up.
  void add_alerts_to(OptionTable& table);
  void add_budgets_to(OptionTable& table);
};

// The clients through which models and Slack are reached, the models, and the recordings. Goes
// after what uses it.
class OutsideWorld {
 public:
  // Fails with kInvalid on a model or a folder that cannot be used. The options' models are loaded.
  static Result<std::unique_ptr<OutsideWorld>> make(AsioLoop& loop, Random& random,
                                                    const CheckServiceOptions& options,
                                                    const ProxyOptions& proxies,
                                                    MetricsRegistry& registry, const Logger& log);

  [[nodiscard]] const ModelTable& models() const { return models_; }
  [[nodiscard]] HttpClient& alerts() { return *alerts_; }
  // The runs that stand for the model of this name; nullptr: it is no recording.
  [[nodiscard]] RecordedRuns* recorded(const std::string& model);
  // Where runs are recorded; nullopt: nowhere.
  [[nodiscard]] std::optional<RecordingFolder>& recordings() { return recordings_; }

 private:
  std::unique_ptr<HttpClient> models_http_;
  std::unique_ptr<HttpClient> models_https_;
  std::unique_ptr<HttpClient> by_scheme_;  // one of both
  std::unique_ptr<HttpClient> alerts_;
  std::map<std::string, RecordedRuns> recorded_;
  ModelTable models_;
  std::optional<RecordingFolder> recordings_;
};

// The cluster that checks look at; many read it at once. All outlive it.
std::unique_ptr<kube::Transport> make_check_cluster(AsioLoop& loop,
                                                    const kube::ClusterConfig& config,
                                                    kube::Credentials& credentials,
                                                    const ProxyOptions& proxies, const Logger& log,
                                                    kube::RequestMetrics& metrics);

class CheckService {
 public:
  // `cluster` is what checks look at; nullptr: they have no tools. All outlive the service.
  CheckService(AsioLoop& loop, const CheckServiceOptions& options, OutsideWorld& outside,
               kube::Transport* cluster, MetricsRegistry& registry, const Logger& log);
  CheckService(const CheckService&) = delete;
  CheckService& operator=(const CheckService&) = delete;

  // Routes of the API server. shut_down() it before the service goes.
  [[nodiscard]] CheckServer& server() { return server_; }
  // Answers one check, without HTTP: by its model, or by the recording that its model is.
  Task<CheckResponse> answer(CheckQuestion question, Stop stop);
  [[nodiscard]] Notifier& notifier() { return notifier_; }

 private:
  Loop& loop_;
  OutsideWorld& outside_;
  Logger log_;
  CheckRunnerOptions replay_options_;
  ToolTable tools_;
  CheckRunner runner_;
  Notifier notifier_;
  CheckServer server_;
};

}  // namespace holmes
