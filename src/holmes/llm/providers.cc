#include "holmes/llm/providers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "holmes/llm/anthropic_messages.h"
#include "holmes/llm/bedrock_converse.h"
#include "holmes/llm/gemini.h"
#include "holmes/llm/ollama_chat.h"
#include "holmes/llm/openai_chat.h"
#include "net/url.h"

namespace holmes {
namespace {

using MadeWire = Result<std::unique_ptr<Wire>>;

constexpr std::string_view kOpenRouterApiBase = "https://openrouter.ai/api/v1";
constexpr std::string_view kAzureVersion = "2024-10-21";
constexpr std::string_view kVertexLocation = "global";
constexpr int64_t kMaxContextTokens = 10'000'000;

bool has(const ModelSettings& settings, std::string_view variable) {
  return !setting(settings, {variable}).empty();
}

std::string bearer(const std::string& key) {
  return "Bearer " + key;
}

// The address in this variable, else the other one.
Result<std::string> address(const ModelSettings& settings, std::string_view variable,
                            std::string_view otherwise) {
  const std::string text = setting(settings, {variable});
  const auto url = parse_url(text.empty() ? otherwise : text);
  if (!url) return fail(url.error().within(variable));
  return url->to_text();
}

// For compatible servers, whose keys all stand in the same header.
MadeWire make_compatible(OpenAiChatOptions chat, const ModelSettings& settings,
                         std::string_view base_name, std::string_view base_default) {
  HOLMES_TRY(chat.base_url, address(settings, base_name, base_default));
  const std::string key = setting(settings, {chat.key_name});
  if (!key.empty()) chat.key_header = {"Authorization", bearer(key)};
  return make_openai_chat(std::move(chat));
}

MadeWire make_openai(std::string id, const ModelSettings& settings) {
  OpenAiChatOptions chat{.id = std::move(id)};
  chat.compatible = has(settings, "OPENAI_API_BASE");
  return make_compatible(std::move(chat), settings, "OPENAI_API_BASE", kOpenAiApiBase);
}

// Other hosts of the same model may know neither tools nor schemas: only those that do are asked.
MadeWire make_openrouter(std::string id, const ModelSettings& settings) {
  OpenAiChatOptions chat{.id = std::move(id), .key_name = "OPENROUTER_API_KEY"};
  chat.extra = {{"provider", {{"require_parameters", true}}}};
  return make_compatible(std::move(chat), settings, "OPENROUTER_API_BASE", kOpenRouterApiBase);
}

MadeWire make_vllm(std::string id, const ModelSettings& settings) {
  OpenAiChatOptions chat{.id = std::move(id), .key_name = "HOSTED_VLLM_API_KEY"};
  chat.compatible = true;
  return make_compatible(std::move(chat), settings, "HOSTED_VLLM_API_BASE", "");
}

MadeWire make_litellm(std::string id, const ModelSettings& settings) {
  OpenAiChatOptions chat{.id = std::move(id), .key_name = "LITELLM_PROXY_API_KEY"};
  chat.compatible = true;
  return make_compatible(std::move(chat), settings, "LITELLM_PROXY_API_BASE", "");
}

// The v1 API names the deployment as the model; the classic one names it in the address.
MadeWire make_azure(std::string id, const ModelSettings& settings) {
  OpenAiChatOptions chat{.id = std::move(id), .key_name = "AZURE_API_KEY"};
  HOLMES_TRY(chat.base_url, address(settings, "AZURE_API_BASE", ""));
  if (!chat.base_url.ends_with("/openai/v1")) {
    const std::string version = setting(settings, {"AZURE_API_VERSION"});
    chat.path = fmt::format("/openai/deployments/{}/chat/completions?api-version={}",
                            percent_encode(chat.id),
                            percent_encode(version.empty() ? kAzureVersion : version));
  }
  const std::string key = setting(settings, {"AZURE_API_KEY"});
  const std::string token = setting(settings, {"AZURE_AD_TOKEN"});
  if (!key.empty()) {
    chat.key_header = {"api-key", key};
  } else {
    chat.key_name = "AZURE_AD_TOKEN";
    chat.key_header = {"Authorization", bearer(token)};
  }
  return make_openai_chat(std::move(chat));
}

MadeWire make_anthropic_model(std::string id, const ModelSettings& settings) {
  AnthropicOptions options{.id = std::move(id),
                           .api_key = setting(settings, {"ANTHROPIC_API_KEY"})};
  HOLMES_TRY(options.base_url, address(settings, "ANTHROPIC_API_BASE", kAnthropicApiBase));
  return make_anthropic(std::move(options));
}

MadeWire make_gemini_model(std::string id, const ModelSettings& settings) {
  GeminiOptions options{.id = std::move(id), .api_key = setting(settings, {"GEMINI_API_KEY"})};
  HOLMES_TRY(options.base_url, address(settings, "GEMINI_API_BASE", kGeminiApiBase));
  return make_gemini(std::move(options));
}

MadeWire make_vertex_model(std::string id, const ModelSettings& settings) {
  std::string location = setting(settings, {"VERTEXAI_LOCATION"});
  if (location.empty()) location = kVertexLocation;
  GeminiOptions options{.id = std::move(id), .key_name = "VERTEXAI_ACCESS_TOKEN"};
  options.bearer_token = setting(settings, {options.key_name});
  options.models_path = vertex_models_path(setting(settings, {"VERTEXAI_PROJECT"}), location);
  HOLMES_TRY(options.base_url, address(settings, "VERTEXAI_API_BASE", vertex_base_url(location)));
  return make_gemini(std::move(options));
}

std::string aws_region(const ModelSettings& settings) {
  return setting(settings, {"AWS_REGION", "AWS_REGION_NAME", "AWS_DEFAULT_REGION"});
}

MadeWire make_bedrock_model(std::string id, const ModelSettings& settings) {
  static constexpr std::string_view kConverse = "converse/";  // as HolmesGPT lets people say it
  if (id.starts_with(kConverse)) id.erase(0, kConverse.size());
  BedrockOptions options{.id = std::move(id), .base_url = "", .region = aws_region(settings)};
  HOLMES_TRY(options.base_url, address(settings, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                                       bedrock_base_url(options.region)));
  options.bearer_token = setting(settings, {"AWS_BEARER_TOKEN_BEDROCK"});
  options.credentials = {setting(settings, {"AWS_ACCESS_KEY_ID"}),
                         setting(settings, {"AWS_SECRET_ACCESS_KEY"}),
                         setting(settings, {"AWS_SESSION_TOKEN"})};
  return make_bedrock(std::move(options));
}

MadeWire make_ollama_model(std::string id, const ModelSettings& settings) {
  OllamaOptions options{.id = std::move(id), .api_key = setting(settings, {"OLLAMA_API_KEY"})};
  HOLMES_TRY(options.base_url, address(settings, "OLLAMA_API_BASE", kOllamaApiBase));
  if (const std::string text = setting(settings, {"OLLAMA_CONTEXT_LENGTH"}); !text.empty()) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), options.context_tokens);
    if (error != std::errc() || end != text.data() + text.size() || options.context_tokens < 0 ||
        options.context_tokens > kMaxContextTokens) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("OLLAMA_CONTEXT_LENGTH '{}' is no number from 0 to {}", text,
                              kMaxContextTokens));
    }
  }
  return make_ollama(std::move(options));
}

using Settings = const ModelSettings&;

constexpr auto kProviders = std::to_array<Provider>({
    {"openai", "OPENAI_API_KEY or OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_API_BASE",
     [](Settings s) { return has(s, "OPENAI_API_KEY") || has(s, "OPENAI_API_BASE"); }, make_openai},
    {"anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_API_BASE",
     [](Settings s) { return has(s, "ANTHROPIC_API_KEY"); }, make_anthropic_model},
    {"azure", "AZURE_API_BASE with AZURE_API_KEY or AZURE_AD_TOKEN", "AZURE_API_KEY",
     "AZURE_API_BASE",
     [](Settings s) {
       return has(s, "AZURE_API_BASE") && (has(s, "AZURE_API_KEY") || has(s, "AZURE_AD_TOKEN"));
     },
     make_azure},
    {"bedrock",
     "AWS_REGION with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK",
     "AWS_BEARER_TOKEN_BEDROCK", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
     [](Settings s) {
       const bool key = has(s, "AWS_ACCESS_KEY_ID") && has(s, "AWS_SECRET_ACCESS_KEY");
       return !aws_region(s).empty() && (key || has(s, "AWS_BEARER_TOKEN_BEDROCK"));
     },
     make_bedrock_model},
    {"gemini", "GEMINI_API_KEY", "GEMINI_API_KEY", "GEMINI_API_BASE",
     [](Settings s) { return has(s, "GEMINI_API_KEY"); }, make_gemini_model},
    {"vertex_ai", "VERTEXAI_PROJECT with VERTEXAI_ACCESS_TOKEN", "VERTEXAI_ACCESS_TOKEN",
     "VERTEXAI_API_BASE",
     [](Settings s) { return has(s, "VERTEXAI_PROJECT") && has(s, "VERTEXAI_ACCESS_TOKEN"); },
     make_vertex_model},
    {"ollama", "OLLAMA_API_BASE", "OLLAMA_API_KEY", "OLLAMA_API_BASE",
     [](Settings s) { return has(s, "OLLAMA_API_BASE"); }, make_ollama_model},
    {"ollama_chat", "OLLAMA_API_BASE", "OLLAMA_API_KEY", "OLLAMA_API_BASE",
     [](Settings s) { return has(s, "OLLAMA_API_BASE"); }, make_ollama_model},
    {"openrouter", "OPENROUTER_API_KEY", "OPENROUTER_API_KEY", "OPENROUTER_API_BASE",
     [](Settings s) { return has(s, "OPENROUTER_API_KEY"); }, make_openrouter},
    {"hosted_vllm", "HOSTED_VLLM_API_BASE", "HOSTED_VLLM_API_KEY", "HOSTED_VLLM_API_BASE",
     [](Settings s) { return has(s, "HOSTED_VLLM_API_BASE"); }, make_vllm},
    {"litellm_proxy", "LITELLM_PROXY_API_BASE", "LITELLM_PROXY_API_KEY", "LITELLM_PROXY_API_BASE",
     [](Settings s) { return has(s, "LITELLM_PROXY_API_BASE"); }, make_litellm},
});

std::string known_providers() {
  std::string names;
  for (const Provider& provider : kProviders) {
    if (!names.empty()) names += ", ";
    names += provider.name;
  }
  return names;
}

}  // namespace

std::span<const Provider> model_providers() {
  return kProviders;
}

const Provider* named_provider(std::string_view model) {
  const size_t slash = model.find('/');
  if (slash == std::string_view::npos) return nullptr;
  const auto found = std::ranges::find(kProviders, model.substr(0, slash), &Provider::name);
  return found == kProviders.end() ? nullptr : &*found;
}

Result<ModelChoice> choose_provider(std::string_view model, const ModelSettings& settings) {
  const size_t slash = model.find('/');
  const bool compatible = has(settings, "OPENAI_API_BASE");
  std::optional<ModelChoice> choice;
  const Provider* named = named_provider(model);
  if (named != nullptr && (named->configured(settings) || !compatible)) {
    choice = {named, std::string(model.substr(slash + 1))};
  }
  if (!choice && (slash == std::string_view::npos || compatible)) {
    choice = {&kProviders.front(), std::string(model)};
  }
  if (!choice) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the model '{}' names the unknown provider '{}'; known: {} (or set "
                            "OPENAI_API_BASE to a server that has a model of this name)",
                            model, model.substr(0, slash), known_providers()));
  }
  if (choice->id.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the model '{}' has no name behind its provider", model));
  }
  return *std::move(choice);
}

}  // namespace holmes
