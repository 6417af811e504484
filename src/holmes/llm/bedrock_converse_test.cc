#include "holmes/llm/bedrock_converse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kClaude = "us.anthropic.claude-x-v1:0";
constexpr std::string_view kThinkingReply = R"({"output":{"message":{"role":"assistant","content":[
    {"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"c2ln"}}},
    {"text":"I look."},
    {"toolUse":{"toolUseId":"t1","name":"kubernetes_list","input":{"kind":"Pod"}}},
    {"toolUse":{"toolUseId":"t2","name":"version","input":{}}}]}},
  "stopReason":"tool_use",
  "usage":{"inputTokens":10,"outputTokens":40,"totalTokens":155,"cacheReadInputTokens":100,
           "cacheWriteInputTokens":5}})";

TEST(BedrockConverse, SendsTheConversationWithCachePoints) {
  EXPECT_EQ(json::value(encode_bedrock(kClaude, opening_request(), bedrock_capabilities(kClaude))),
            json_of(R"({
    "messages":[{"role":"user","content":[{"text":"Are all pods healthy?"},
                                          {"cachePoint":{"type":"default"}}]}],
    "system":[{"text":"Be exact."},{"cachePoint":{"type":"default"}}],
    "toolConfig":{"tools":[
      {"toolSpec":{"name":"kubernetes_list","description":"Lists objects.","inputSchema":{"json":{
         "type":"object","properties":{"kind":{"type":"string"}},"required":["kind"],
         "additionalProperties":false}}}},
      {"toolSpec":{"name":"version","description":"Tells it.","inputSchema":{"json":{
         "type":"object","properties":{},"required":[],"additionalProperties":false}}}}]},
    "inferenceConfig":{"maxTokens":8192}})"));
}

TEST(BedrockConverse, SendsNoCachePointsToModelsThatRefuseThem) {
  const json::object body = encode_bedrock("amazon.nova-pro-v1:0", opening_request(),
                                           bedrock_capabilities("amazon.nova-pro-v1:0"));
  EXPECT_THAT(to_text(body), Not(HasSubstr("cachePoint")));
}

TEST(BedrockConverse, ReturnsReasoningUnchangedAndAllResultsInOneMessage) {
  const ModelResult reply = decode_bedrock(kThinkingReply, 2);
  ASSERT_TRUE(reply) << reply.error().message;
  Capabilities can;
  can.cache_hints = false;
  const json::object body = encode_bedrock(kClaude, request_after(*reply), can);
  EXPECT_EQ(body.at("messages").at(1),
            json::value(*json_object(json_of(kThinkingReply), {"output", "message"})));
  EXPECT_EQ(body.at("messages").at(2), json_of(R"({"role":"user","content":[
    {"toolResult":{"toolUseId":"t1","content":[{"text":"answer of kubernetes_list"}]}},
    {"toolResult":{"toolUseId":"t2","content":[{"text":"answer of version"}]}}]})"));
}

// Converse has no way to forbid calls, and refuses calls in a conversation without tools.
TEST(BedrockConverse, TellsCallsInWordsWhenNoneMayFollow) {
  const ModelResult reply = decode_bedrock(kThinkingReply, 2);
  ASSERT_TRUE(reply);
  ModelRequest request = request_after(*reply);
  request.may_call_tools = false;
  const json::object body = encode_bedrock("m", request, {.cache_hints = false});
  EXPECT_EQ(body.at("messages").at(1), json_of(R"({"role":"assistant","content":[{"text":
    "I look.\n[calls kubernetes_list with {\"kind\":\"Pod\"}]\n[calls version with {}]"}]})"));
  EXPECT_EQ(body.at("messages").at(2), json_of(R"({"role":"user","content":[
    {"text":"[answer of kubernetes_list]\nanswer of kubernetes_list"},
    {"text":"[answer of version]\nanswer of version"}]})"));
}

TEST(BedrockConverse, CountsWhatTheCacheWasAskedForAsInput) {
  const ModelResult reply = decode_bedrock(kThinkingReply, 2);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "I look.");
  EXPECT_EQ(reply->usage, (ModelUsage{.model_calls = 1,
                                      .input_tokens = 115,
                                      .cached_input_tokens = 100,
                                      .cache_write_tokens = 5,
                                      .output_tokens = 40}));
}

TEST(BedrockConverse, AsksForASchemaAndAnEffortInTheModelsOwnWay) {
  ModelRequest request = verdict_request();
  request.reasoning_effort = "low";
  const json::object body = encode_bedrock(kClaude, request, {});
  EXPECT_EQ(body.at("outputConfig"), json_of(R"({"textFormat":{"type":"json_schema","structure":{
    "jsonSchema":{"name":"verdict","schema":"{\"type\":\"object\",\"properties\":{\"verdict\":{\"type\":\"string\"}},\"required\":[\"verdict\"],\"additionalProperties\":false}"}}}})"));
  EXPECT_EQ(body.at("additionalModelRequestFields"),
            json_of(R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}})"));
  EXPECT_EQ(encode_bedrock("openai.gpt-oss-20b", request, {}).at("additionalModelRequestFields"),
            json_of(R"({"reasoning_effort":"low"})"));
  EXPECT_FALSE(bedrock_capabilities("amazon.nova-pro-v1:0").reasoning_effort);
}

TEST(BedrockConverse, TellsAnthropicsModelsHowMuchToThink) {
  ModelRequest request = verdict_request();
  request.output_tokens_max = 8000;
  request.thinking = Thinking{Thinking::Kind::kBudget, 2000};
  const json::object body = encode_bedrock(kClaude, request, {});
  EXPECT_EQ(body.at("additionalModelRequestFields"),
            json_of(R"({"thinking":{"type":"enabled","budget_tokens":2000}})"));
  EXPECT_EQ(json_int(body, {"inferenceConfig", "maxTokens"}), 10'000);
  const json::object other = encode_bedrock("openai.gpt-oss-20b", request, {});
  EXPECT_EQ(json_find(other, {"additionalModelRequestFields"}), nullptr);
  EXPECT_EQ(json_int(other, {"inferenceConfig", "maxTokens"}), 8000);
}

TEST(BedrockConverse, SaysHowATextEnded) {
  const std::pair<std::string_view, FinishReason> cases[] = {
      {"end_turn", FinishReason::kStop},
      {"max_tokens", FinishReason::kLength},
      {"model_context_window_exceeded", FinishReason::kLength},
      {"guardrail_intervened", FinishReason::kContentFilter},
      {"content_filtered", FinishReason::kContentFilter},
      {"malformed_tool_use", FinishReason::kOther},
      {"", FinishReason::kOther},
  };
  for (const auto& [reason, finish] : cases) {
    const ModelResult reply =
        decode_bedrock(R"({"output":{"message":{"content":[{"text":"x"}]}},"stopReason":")" +
                           std::string(reason) + "\"}",
                       0);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->finish, finish) << reason;
    EXPECT_EQ(reply->refusal.empty(), finish != FinishReason::kContentFilter);
  }
}

TEST(BedrockConverse, PostsToTheEncodedModelSignedOrWithAToken) {
  const WallTime now = parse_rfc3339("2026-01-02T03:04:05Z").value();
  BedrockOptions options{.id = std::string(kClaude),
                         .base_url = bedrock_base_url("us-east-1"),
                         .region = "us-east-1",
                         .credentials = {"AKIDEXAMPLE", "secret", ""}};
  const HttpRequest is_signed = make_bedrock(options)->encode(opening_request(), {}, now);
  EXPECT_EQ(is_signed.target,
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
            "us.anthropic.claude-x-v1%3A0/converse");
  EXPECT_THAT(std::string(is_signed.headers.find("Authorization").value_or("")),
              StartsWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/"
                         "aws4_request, SignedHeaders=accept;content-type;host;x-amz-date"));
  options.bearer_token = "t";
  const HttpRequest with_token = make_bedrock(options)->encode(opening_request(), {}, now);
  EXPECT_EQ(with_token.headers.find("Authorization"), "Bearer t");
  EXPECT_EQ(with_token.headers.find("X-Amz-Date"), std::nullopt);
}

}  // namespace
}  // namespace holmes
