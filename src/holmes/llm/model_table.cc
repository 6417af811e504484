#include "holmes/llm/model_table.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "holmes/llm/openai_chat.h"
#include "holmes/llm/scripted_demo.h"
#include "net/url.h"

namespace holmes {
namespace {

// One row per provider. `make` gives nullptr when the provider is not configured; `name` is the
// model's configured name, `id` the provider's.
struct Provider {
  std::string_view name;
  Result<std::unique_ptr<Model>> (*make)(std::string name, std::string id,
                                         const ModelOptions& options, const ModelParts& parts);
};

Result<std::unique_ptr<Model>> make_openai(std::string name, std::string id,
                                           const ModelOptions& options, const ModelParts& parts) {
  if (options.openai_api_key.empty() && options.openai_api_base.empty()) return nullptr;
  OpenAiChatOptions chat;
  chat.name = std::move(name);
  chat.id = std::move(id);
  chat.api_key = options.openai_api_key;
  if (!options.openai_api_base.empty()) {
    const auto url = parse_url(options.openai_api_base);
    if (!url) return fail(url.error().within("OPENAI_API_BASE"));
    chat.api_base = url->to_text();
  }
  return std::make_unique<OpenAiChat>(parts.loop, parts.http, std::move(chat));
}

Result<std::unique_ptr<Model>> make_scripted(std::string name, std::string /*id*/,
                                             const ModelOptions& options, const ModelParts& parts) {
  if (!options.scripted_demo) return nullptr;
  if (name != kScriptedDemo) {
    return fail(ErrorCode::kInvalid,
                fmt::format("MODEL '{}' does not exist; there is {}", name, kScriptedDemo));
  }
  return std::make_unique<ScriptedDemo>(parts.loop,
                                        ScriptedDemoOptions{options.scripted_demo_delay});
}

constexpr std::array kProviders{
    Provider{"openai", make_openai},
    Provider{"scripted", make_scripted},
};
constexpr const Provider& kDefaultProvider = kProviders.front();

std::string known_providers() {
  std::string names;
  for (const Provider& provider : kProviders) {
    if (!names.empty()) names += ", ";
    names += provider.name;
  }
  return names;
}

struct Choice {
  const Provider* provider;
  std::string id;
};

Result<Choice> choose(const std::string& model, const ModelOptions& options) {
  const size_t slash = model.find('/');
  if (slash == std::string::npos) return Choice{&kDefaultProvider, model};
  const std::string prefix = model.substr(0, slash);
  for (const Provider& provider : kProviders) {
    if (provider.name == prefix) return Choice{&provider, model.substr(slash + 1)};
  }
  if (!options.openai_api_base.empty()) return Choice{&kDefaultProvider, model};
  return fail(ErrorCode::kInvalid,
              fmt::format("MODEL '{}' names the unknown provider '{}'; known: {} (or set "
                          "OPENAI_API_BASE to a server that has a model of this name)",
                          model, prefix, known_providers()));
}

}  // namespace

ModelTable::ModelTable(std::vector<std::unique_ptr<Model>> models) : models_(std::move(models)) {}

Result<Model*> ModelTable::find(std::string_view name) const {
  if (models_.empty()) {
    return fail(ErrorCode::kUnavailable,
                "no model is configured; set MODEL with OPENAI_API_KEY or OPENAI_API_BASE");
  }
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

Result<ModelTable> make_model_table(const ModelOptions& options, const ModelParts& parts) {
  const std::string name = options.model.empty() ? std::string(kDefaultModel) : options.model;
  HOLMES_TRY(Choice choice, choose(name, options));
  if (choice.id.empty()) {
    return fail(ErrorCode::kInvalid, fmt::format("MODEL '{}' names no model", name));
  }
  HOLMES_TRY(auto model, choice.provider->make(name, std::move(choice.id), options, parts));
  std::vector<std::unique_ptr<Model>> made;
  if (model != nullptr) made.push_back(std::move(model));
  if (options.scripted_demo && name != kScriptedDemo) {
    HOLMES_TRY(auto demo, make_scripted(std::string(kScriptedDemo), "", options, parts));
    made.push_back(std::move(demo));
  }
  std::vector<std::unique_ptr<Model>> models;
  if (made.empty()) return ModelTable();
  const ModelMetrics metrics(parts.metrics);
  for (auto& one : made) {
    models.push_back(std::make_unique<RetryingModel>(parts.loop, parts.random, std::move(one),
                                                     metrics, parts.log));
  }
  return ModelTable(std::move(models));
}

}  // namespace holmes
