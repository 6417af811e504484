#include "holmes/llm/model_settings.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace holmes {
namespace {

using enum SettingKind;

constexpr auto kSettings = std::to_array<ModelSetting>({
    {"OPENAI_API_KEY", kSecret, "", "Key of OpenAI or a compatible service"},
    {"OPENAI_API_BASE", kUrl, "URL", "Address of a compatible service instead of OpenAI's"},
    {"ANTHROPIC_API_KEY", kSecret, "", "Key of Anthropic"},
    {"ANTHROPIC_API_BASE", kUrl, "URL", "Address instead of Anthropic's"},
    {"AZURE_API_BASE", kUrl, "URL",
     "Address of an Azure OpenAI resource; with /openai/v1 at its end the v1 API is used"},
    {"AZURE_API_KEY", kSecret, "", "Key of the Azure OpenAI resource"},
    {"AZURE_AD_TOKEN", kSecret, "", "Entra token to send instead of a key"},
    {"AZURE_API_VERSION", kText, "DATE", "Version of Azure's API; default 2024-10-21"},
    {"GEMINI_API_KEY", kSecret, "", "Key of the Gemini API"},
    {"GEMINI_API_BASE", kUrl, "URL", "Address instead of the Gemini API's"},
    {"VERTEXAI_PROJECT", kText, "ID", "Google Cloud project of Vertex AI"},
    {"VERTEXAI_LOCATION", kText, "NAME", "Location of Vertex AI; default global"},
    {"VERTEXAI_ACCESS_TOKEN", kSecret, "", "OAuth access token for Vertex AI"},
    {"VERTEXAI_API_BASE", kUrl, "URL", "Address instead of Vertex AI's"},
    {"AWS_REGION", kText, "NAME", "Region of Amazon Bedrock"},
    {"AWS_REGION_NAME", kText, "NAME", "HolmesGPT's name of AWS_REGION"},
    {"AWS_DEFAULT_REGION", kText, "NAME", "The region when AWS_REGION is not set"},
    {"AWS_ACCESS_KEY_ID", kText, "ID", "AWS access key"},
    {"AWS_SECRET_ACCESS_KEY", kSecret, "", "Secret of the AWS access key"},
    {"AWS_SESSION_TOKEN", kSecret, "", "Session token of a temporary AWS access key"},
    {"AWS_BEARER_TOKEN_BEDROCK", kSecret, "", "Bedrock API key, instead of an AWS access key"},
    {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME", kUrl, "URL", "Address instead of Bedrock's"},
    {"OLLAMA_API_BASE", kUrl, "URL", "Address of an Ollama; default http://127.0.0.1:11434"},
    {"OLLAMA_API_KEY", kSecret, "", "Key of Ollama's cloud, or of a proxy before an Ollama"},
    {"OLLAMA_CONTEXT_LENGTH", kText, "TOKENS",
     "How much a model of Ollama may read; default 32768, 0 leaves it to the server"},
    {"OPENROUTER_API_KEY", kSecret, "", "Key of OpenRouter"},
    {"OPENROUTER_API_BASE", kUrl, "URL", "Address instead of OpenRouter's"},
    {"HOSTED_VLLM_API_BASE", kUrl, "URL", "Address of a vLLM server, with /v1"},
    {"HOSTED_VLLM_API_KEY", kSecret, "", "Key of the vLLM server, if it has one"},
    {"LITELLM_PROXY_API_BASE", kUrl, "URL", "Address of a LiteLLM proxy"},
    {"LITELLM_PROXY_API_KEY", kSecret, "", "Key of the LiteLLM proxy"},
});

}  // namespace

std::string ModelSetting::flag() const {
  std::string flag = to_lower(variable);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::span<const ModelSetting> model_settings() {
  return kSettings;
}

std::string setting(const ModelSettings& settings,
                    std::initializer_list<std::string_view> variables) {
  for (const std::string_view variable : variables) {
    const auto found = settings.find(std::string(variable));
    if (found == settings.end()) continue;
    if (const std::string_view value = trim(found->second); !value.empty()) {
      return std::string(value);
    }
  }
  return "";
}

}  // namespace holmes
