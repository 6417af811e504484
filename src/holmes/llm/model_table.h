// The models a server may use: from configuration to ready Model objects.
//
// A further provider is one adapter file and one row in providers.cc.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "base/log.h"
#include "base/result.h"
#include "holmes/llm/model.h"
#include "holmes/llm/model_limits.h"
#include "holmes/llm/model_list.h"
#include "holmes/llm/model_settings.h"
#include "holmes/llm/model_tuning.h"
#include "holmes/llm/retry.h"
#include "metrics/registry.h"
#include "net/http.h"

namespace holmes {

// The configured models; the first is the default. Owns them.
class ModelTable {
 public:
  ModelTable() = default;
  // `why_none` is for users when there are no models.
  explicit ModelTable(std::vector<std::unique_ptr<Model>> models, std::string why_none = "");

  void add(std::unique_ptr<Model> model);
  // Under this name there is none, and why; find() tells it.
  void add_unusable(std::string name, std::string why);
  // Somebody else answers in this name: it is in names(), but cannot be found.
  void add_foreign(std::string name);
  // The first of these names is asked, and the others when it cannot answer. All were added; those
  // that are not usable are left out.
  void set_fallbacks(const std::vector<std::string>& names, Loop& loop, const Logger& log);
  // Precondition: it was added.
  void set_default(std::string_view name);

  // The model of that name, the default for "". Fails with kUnavailable and a sentence for users:
  // none is configured, and what is missing, or none of this name. The Model lives as long as the
  // table.
  [[nodiscard]] Result<Model*> find(std::string_view name) const;
  // What "" means; "" when there is no model.
  [[nodiscard]] std::string default_name() const;
  // Those that can be asked, for GET /api/model and /api/info.
  [[nodiscard]] std::vector<std::string> names() const;
  // Why the others cannot, a sentence each.
  [[nodiscard]] std::vector<std::string> troubles() const;

 private:
  struct Row {
    std::string name;
    Model* model = nullptr;
    std::string why_not{};  // empty beside no model: somebody else answers
  };
  [[nodiscard]] const Row* row(std::string_view name) const;

  std::vector<std::unique_ptr<Model>> models_;
  std::vector<Row> rows_;
  std::string why_none_;
};

inline constexpr std::string_view kDefaultModel = "openai/gpt-4.1";

struct ModelOptions {
  std::string model{};  // MODEL: "provider/id" or "id", or the name of an entry of the list
  ModelSettings settings{};
  ModelTuning tuning{};            // of MODEL; an entry has its own
  std::vector<ModelEntry> list{};  // model_list.h
  ModelLimits limits{};            // of each model at one address
  // Also offers scripted/demo (scripted_demo.h), which is the default when no other is configured.
  bool scripted_demo = false;
  std::chrono::milliseconds scripted_demo_delay{0};  // of each of its answers
};

// What adapters are made of; all outlive the table.
struct ModelParts {
  Loop& loop;
  Random& random;
  HttpClient& http;
  MetricsRegistry& metrics;  // families are registered here: make one table per registry
  Logger log;
};

// What MODEL says stands beside the entries of the list, and is the default; without MODEL the
// first entry is, without a list kDefaultModel. A model whose provider lacks something is no error:
// checks that ask for it end with ModelUnavailable. Recordings are foreign: the caller answers for
// them. Fails with kInvalid on a provider we do not know or a setting that cannot be used.
Result<ModelTable> make_model_table(const ModelOptions& options, const ModelParts& parts);

}  // namespace holmes
