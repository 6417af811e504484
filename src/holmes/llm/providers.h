// The providers of models: from "provider/id" and settings to a wire format with an address and a
// key. A further provider is one adapter file and one row in providers.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "holmes/llm/model_settings.h"
#include "holmes/llm/wire.h"

namespace holmes {

struct Provider {
  std::string_view name;   // before the slash of a model's name
  std::string_view needs;  // for people: "ANTHROPIC_API_KEY"
  // The variables that api_key and api_base of an entry of the model list stand for.
  std::string_view key;
  std::string_view base;
  // Whether the settings say enough to ask it.
  bool (*configured)(const ModelSettings& settings);
  // Of a configured one. Fails with kInvalid on a setting that cannot be used, naming it.
  Result<std::unique_ptr<Wire>> (*make)(std::string id, const ModelSettings& settings);
};

// The first is meant by names without a provider.
std::span<const Provider> model_providers();

// The provider that stands before the slash; nullptr: none that we know.
const Provider* named_provider(std::string_view model);

struct ModelChoice {
  const Provider* provider;
  std::string id;
};

// Who is meant by a model's name. With OPENAI_API_BASE an id may have a slash of its own, and even
// begin as a provider's that is not configured ("Qwen/Qwen3-8B", "anthropic/claude"). Fails with
// kInvalid on a provider that we do not know, and on no id.
Result<ModelChoice> choose_provider(std::string_view model, const ModelSettings& settings);

}  // namespace holmes
