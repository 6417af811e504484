#include "holmes/llm/model_table.h"

#include <utility>

#include <fmt/format.h>

#include "holmes/llm/http_model.h"
#include "holmes/llm/model_queue.h"
#include "holmes/llm/providers.h"
#include "holmes/llm/scripted_demo.h"

namespace holmes {
namespace {

std::string name_of(const ModelOptions& options) {
  return options.model.empty() ? std::string(kDefaultModel) : options.model;
}

// nullptr when its provider is not configured.
Result<std::unique_ptr<Wire>> make_wire(const ModelOptions& options) {
  HOLMES_TRY(ModelChoice choice, choose_provider(name_of(options), options.settings));
  if (!choice.provider->configured(options.settings)) return nullptr;
  return choice.provider->make(std::move(choice.id), options.settings);
}

std::string why_none(const ModelOptions& options) {
  const auto choice = choose_provider(options.model, options.settings);
  if (options.model.empty() || !choice) {
    return "no model is configured; set MODEL with OPENAI_API_KEY or OPENAI_API_BASE, or with what "
           "another provider needs (docs/models.md)";
  }
  return fmt::format("no model is configured; MODEL is {}, which needs {}", options.model,
                     choice->provider->needs);
}

}  // namespace

ModelTable::ModelTable(std::vector<std::unique_ptr<Model>> models, std::string why_none)
    : models_(std::move(models)), why_none_(std::move(why_none)) {}

Result<Model*> ModelTable::find(std::string_view name) const {
  if (models_.empty()) return fail(ErrorCode::kUnavailable, why_none_);
  if (name.empty()) return models_.front().get();
  std::string known;
  for (const auto& model : models_) {
    if (model->name() == name) return model.get();
    if (!known.empty()) known += ", ";
    known += model->name();
  }
  return fail(ErrorCode::kUnavailable,
              fmt::format("no model '{}' is configured; there is: {}", name, known));
}

std::vector<std::string> ModelTable::names() const {
  std::vector<std::string> names;
  names.reserve(models_.size());
  for (const auto& model : models_) names.push_back(model->name());
  return names;
}

std::string model_base_url(const ModelOptions& options) {
  const auto wire = make_wire(options);
  return wire && *wire != nullptr ? (*wire)->base_url() : "";
}

Result<ModelTable> make_model_table(const ModelOptions& options, const ModelParts& parts) {
  ModelQueues queues(parts.loop, parts.metrics, parts.log);
  std::vector<std::unique_ptr<Model>> models;
  const bool is_demo = options.model.starts_with("scripted/");
  if (is_demo && options.model != kScriptedDemo) {
    return fail(ErrorCode::kInvalid, fmt::format("MODEL '{}' does not exist; there is {}",
                                                 options.model, kScriptedDemo));
  }
  if (!is_demo) {
    HOLMES_TRY(std::unique_ptr<Wire> wire, make_wire(options));
    if (wire != nullptr) {
      auto model = std::make_unique<HttpModel>(parts.loop, parts.http, std::move(wire),
                                               name_of(options), parts.log);
      models.push_back(queues.put_before(std::move(model), options.limits));
    }
  }
  if (options.scripted_demo) {
    models.push_back(std::make_unique<ScriptedDemo>(
        parts.loop, ScriptedDemoOptions{options.scripted_demo_delay}));
  }
  if (models.empty()) return ModelTable({}, why_none(options));
  const ModelMetrics metrics(parts.metrics);
  for (auto& model : models) {
    model = std::make_unique<RetryingModel>(parts.loop, parts.random, std::move(model), metrics,
                                            parts.log);
  }
  return ModelTable(std::move(models));
}

}  // namespace holmes
