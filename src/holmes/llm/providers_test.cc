#include "holmes/llm/providers.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Row {
  std::string model;
  ModelSettings settings;
  std::string target;
  std::string header;
  std::string value;
};

Result<HttpRequest> sent(const std::string& model, const ModelSettings& settings) {
  HOLMES_TRY(const ModelChoice choice, choose_provider(model, settings));
  if (!choice.provider->configured(settings)) return fail(ErrorCode::kNotFound, "not configured");
  HOLMES_TRY(const std::unique_ptr<Wire> wire, choice.provider->make(choice.id, settings));
  return wire->encode(opening_request(), wire->capabilities(), {});
}

const std::vector<Row> kRows{

    {"openai/gpt-x",
     {{"OPENAI_API_KEY", "k"}},
     "https://api.openai.com/v1/chat/completions",
     "Authorization",
     "Bearer k"},
    {"anthropic/claude",
     {{"ANTHROPIC_API_KEY", "k"}},
     "https://api.anthropic.com/v1/messages",
     "x-api-key",
     "k"},
    {"azure/my dep",
     {{"AZURE_API_BASE", "https://r.openai.azure.com/"}, {"AZURE_API_KEY", "k"}},
     "https://r.openai.azure.com/openai/deployments/my%20dep/chat/completions"
     "?api-version=2024-10-21",
     "api-key",
     "k"},
    {"azure/dep",
     {{"AZURE_API_BASE", "https://r.openai.azure.com"},
      {"AZURE_AD_TOKEN", "t"},
      {"AZURE_API_VERSION", "2025-01-01-preview"}},
     "https://r.openai.azure.com/openai/deployments/dep/chat/completions"
     "?api-version=2025-01-01-preview",
     "Authorization",
     "Bearer t"},
    {"azure/dep",
     {{"AZURE_API_BASE", "https://r.openai.azure.com/openai/v1/"}, {"AZURE_API_KEY", "k"}},
     "https://r.openai.azure.com/openai/v1/chat/completions",
     "api-key",
     "k"},
    {"gemini/gemini-x",
     {{"GEMINI_API_KEY", "k"}},
     "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent",
     "x-goog-api-key",
     "k"},
    {"vertex_ai/gemini-x",
     {{"VERTEXAI_PROJECT", "p"}, {"VERTEXAI_ACCESS_TOKEN", "t"}},
     "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/"
     "gemini-x:generateContent",
     "Authorization",
     "Bearer t"},
    {"bedrock/converse/amazon.nova:0",
     {{"AWS_REGION_NAME", "eu-west-1"}, {"AWS_BEARER_TOKEN_BEDROCK", "t"}},
     "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova%3A0/converse",
     "Authorization",
     "Bearer t"},
    {"ollama_chat/llama3",
     {{"OLLAMA_API_BASE", "http://o.example:11434"}},
     "http://o.example:11434/api/chat",
     "Accept",
     "application/json"},
    {"openrouter/a/b",
     {{"OPENROUTER_API_KEY", "k"}},
     "https://openrouter.ai/api/v1/chat/completions",
     "Authorization",
     "Bearer k"},
    {"hosted_vllm/Qwen/Qwen3",
     {{"HOSTED_VLLM_API_BASE", "http://v.example/v1"}},
     "http://v.example/v1/chat/completions",
     "Accept",
     "application/json"},
    {"litellm_proxy/x",
     {{"LITELLM_PROXY_API_BASE", "http://l.example"}, {"LITELLM_PROXY_API_KEY", "k"}},
     "http://l.example/chat/completions",
     "Authorization",
     "Bearer k"},
};

TEST(Providers, EachIsAskedAtItsAddressWithItsKey) {
  for (const Row& row : kRows) {
    const Result<HttpRequest> request = sent(row.model, row.settings);
    ASSERT_TRUE(request) << row.model << request.error().message;
    EXPECT_EQ(request->target, row.target);
    EXPECT_EQ(request->headers.find(row.header), row.value) << row.model;
  }
}

TEST(Providers, SignForBedrockWithAnAccessKey) {
  const auto request = sent("bedrock/m", {{"AWS_DEFAULT_REGION", "us-east-1"},
                                          {"AWS_ACCESS_KEY_ID", "AKID"},
                                          {"AWS_SECRET_ACCESS_KEY", "s"},
                                          {"AWS_SESSION_TOKEN", "t"}});
  ASSERT_TRUE(request);
  EXPECT_THAT(std::string(request->headers.find("Authorization").value_or("")),
              StartsWith("AWS4-HMAC-SHA256 Credential=AKID/"));
  EXPECT_EQ(request->headers.find("X-Amz-Security-Token"), "t");
}

TEST(Providers, OpenRouterOnlyAsksHostsThatUnderstandTheRequest) {
  const auto request = sent("openrouter/a/b", {{"OPENROUTER_API_KEY", "k"}});
  ASSERT_TRUE(request);
  EXPECT_THAT(request->body, HasSubstr(R"("provider":{"require_parameters":true})"));
}

// Gateways name their models like that.
TEST(Providers, AnAddressOfACompatibleServerTakesNamesOfProvidersThatAreNotConfigured) {
  ModelSettings settings{{"OPENAI_API_BASE", "http://gateway.example/v1"}};
  const auto gateway = sent("anthropic/claude", settings);
  ASSERT_TRUE(gateway);
  EXPECT_EQ(gateway->target, "http://gateway.example/v1/chat/completions");
  EXPECT_THAT(gateway->body, HasSubstr(R"("model":"anthropic/claude")"));
  settings["ANTHROPIC_API_KEY"] = "k";
  EXPECT_EQ(sent("anthropic/claude", settings)->target, "https://api.anthropic.com/v1/messages");
}

TEST(Providers, AreNotConfiguredByHalf) {
  const std::pair<std::string, ModelSettings> cases[] = {
      {"openai/x", {}},
      {"openai/x", {{"OPENAI_API_KEY", "  "}}},
      {"anthropic/x", {{"OPENAI_API_KEY", "k"}}},
      {"azure/x", {{"AZURE_API_KEY", "k"}}},
      {"azure/x", {{"AZURE_API_BASE", "https://r.example"}}},
      {"bedrock/x", {{"AWS_BEARER_TOKEN_BEDROCK", "t"}}},
      {"bedrock/x", {{"AWS_REGION", "r"}, {"AWS_ACCESS_KEY_ID", "a"}}},
      {"vertex_ai/x", {{"VERTEXAI_ACCESS_TOKEN", "t"}}},
      {"ollama/x", {}},
  };
  for (const auto& [model, settings] : cases) {
    EXPECT_EQ(sent(model, settings).error().code, ErrorCode::kNotFound) << model;
  }
}

TEST(Providers, NameTheSettingThatCannotBeUsed) {
  const std::pair<std::string, ModelSettings> cases[] = {
      {"ANTHROPIC_API_BASE", {{"ANTHROPIC_API_KEY", "k"}, {"ANTHROPIC_API_BASE", "example.com"}}},
      {"OLLAMA_CONTEXT_LENGTH",
       {{"OLLAMA_API_BASE", "http://o"}, {"OLLAMA_CONTEXT_LENGTH", "much"}}},
      {"OLLAMA_CONTEXT_LENGTH", {{"OLLAMA_API_BASE", "http://o"}, {"OLLAMA_CONTEXT_LENGTH", "-1"}}},
  };
  for (const auto& [variable, settings] : cases) {
    const std::string provider = variable.starts_with("OLLAMA") ? "ollama/x" : "anthropic/x";
    const auto request = sent(provider, settings);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(request.error().message, HasSubstr(variable));
  }
}

TEST(Providers, ReadOnlySettingsThatCanBeSet) {
  std::set<std::string> flags;
  std::set<std::string_view> variables;
  for (const ModelSetting& row : model_settings()) {
    EXPECT_TRUE(flags.insert(row.flag()).second) << row.variable;
    variables.insert(row.variable);
  }
  for (const Provider& provider : model_providers()) {
    const std::string_view needs = provider.needs;
    const std::string_view first = needs.substr(0, needs.find(' '));
    EXPECT_TRUE(variables.contains(first)) << first;
  }
}

}  // namespace
}  // namespace holmes
