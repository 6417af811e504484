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
#include "holmes/llm/model_settings.h"
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

  // The model of that name, the default for "". Fails with kUnavailable and a sentence for users:
  // none is configured, and what is missing, or none of this name. The Model lives as long as the
  // table.
  [[nodiscard]] Result<Model*> find(std::string_view name) const;
  // For GET /api/model and /api/info.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::vector<std::unique_ptr<Model>> models_;
  std::string why_none_;
};

inline constexpr std::string_view kDefaultModel = "openai/gpt-4.1";

struct ModelOptions {
  std::string model{};  // MODEL: "provider/id" or "id"
  ModelSettings settings{};
  ModelLimits limits{};  // of each model at one address
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

// Where the model of these options is asked; "" when there is none.
std::string model_base_url(const ModelOptions& options);

// Without what its provider needs the table is empty, which is no error: checks then end with
// ModelUnavailable. MODEL may be left out (kDefaultModel). Fails with kInvalid on a provider we do
// not know or a setting that cannot be used.
Result<ModelTable> make_model_table(const ModelOptions& options, const ModelParts& parts);

}  // namespace holmes
