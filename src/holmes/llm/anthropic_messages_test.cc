#include "holmes/llm/anthropic_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

constexpr std::string_view kThinkingReply = R"({"id":"msg_1","type":"message","role":"assistant",
  "content":[
    {"type":"thinking","thinking":"Hm.","signature":"c2ln"},
    {"type":"redacted_thinking","data":"eHh4"},
    {"type":"text","text":"I look."},
    {"type":"tool_use","id":"toolu_1","name":"kubernetes_list","input":{"kind":"Pod"}},
    {"type":"tool_use","id":"toolu_2","name":"version","input":{}}],
  "stop_reason":"tool_use",
  "usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":100,
           "output_tokens":40,"output_tokens_details":{"thinking_tokens":30}}})";

TEST(AnthropicMessages, SendsTheConversationWithMarksForTheCache) {
  EXPECT_EQ(json::value(encode_anthropic("claude", opening_request(), {})), json_of(R"({
    "model":"claude","max_tokens":8192,
    "system":[{"type":"text","text":"Be exact.","cache_control":{"type":"ephemeral"}}],
    "messages":[{"role":"user","content":[{"type":"text","text":"Are all pods healthy?",
                                           "cache_control":{"type":"ephemeral"}}]}],
    "tools":[{"name":"kubernetes_list","description":"Lists objects.","input_schema":{
                "type":"object","properties":{"kind":{"type":"string"}},"required":["kind"],
                "additionalProperties":false}},
             {"name":"version","description":"Tells it.","input_schema":{
                "type":"object","properties":{},"required":[],"additionalProperties":false}}]})"));
}

TEST(AnthropicMessages, ReturnsThinkingUnchangedAndAllResultsInOneMessage) {
  const ModelResult reply = decode_anthropic(kThinkingReply, 2);
  ASSERT_TRUE(reply) << reply.error().message;
  Capabilities can;
  can.cache_hints = false;
  const json::object body = encode_anthropic("claude", request_after(*reply), can);
  EXPECT_EQ(body.at("messages").at(1), json_of(R"({"role":"assistant","content":[
    {"type":"thinking","thinking":"Hm.","signature":"c2ln"},
    {"type":"redacted_thinking","data":"eHh4"},
    {"type":"text","text":"I look."},
    {"type":"tool_use","id":"toolu_1","name":"kubernetes_list","input":{"kind":"Pod"}},
    {"type":"tool_use","id":"toolu_2","name":"version","input":{}}]})"));
  EXPECT_EQ(body.at("messages").at(2), json_of(R"({"role":"user","content":[
    {"type":"tool_result","tool_use_id":"toolu_1","content":"answer of kubernetes_list"},
    {"type":"tool_result","tool_use_id":"toolu_2","content":"answer of version"}]})"));
}

TEST(AnthropicMessages, CountsWhatTheCacheWasAskedForAsInput) {
  const ModelResult reply = decode_anthropic(kThinkingReply, 2);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "I look.");
  EXPECT_EQ(reply->usage, (ModelUsage{.model_calls = 1,
                                      .input_tokens = 115,
                                      .cached_input_tokens = 100,
                                      .cache_write_tokens = 5,
                                      .output_tokens = 40,
                                      .reasoning_tokens = 30}));
}

TEST(AnthropicMessages, AsksForASchemaAnEffortAndATemperature) {
  ModelRequest request = verdict_request();
  request.reasoning_effort = "low";
  request.temperature = 0.5;
  const json::object body = encode_anthropic("claude", request, {});
  EXPECT_EQ(body.at("output_config"), json_of(R"({"format":{"type":"json_schema","schema":{
    "type":"object","properties":{"verdict":{"type":"string"}},"required":["verdict"],
    "additionalProperties":false}},"effort":"low"})"));
  EXPECT_EQ(body.at("thinking"), json_of(R"({"type":"adaptive"})"));
  EXPECT_EQ(json_number(body, {"temperature"}), 0.5);
  EXPECT_EQ(json_find(encode_anthropic("claude", verdict_request(), {}), {"thinking"}), nullptr);
}

TEST(AnthropicMessages, SaysHowMuchTheModelMayThink) {
  ModelRequest request = verdict_request();
  request.reasoning_effort = "low";
  request.output_tokens_max = 8000;
  request.thinking = Thinking{Thinking::Kind::kBudget, 2000};
  const json::object body = encode_anthropic("claude", request, {});
  EXPECT_EQ(body.at("thinking"), json_of(R"({"type":"enabled","budget_tokens":2000})"));
  EXPECT_EQ(json_int(body, {"max_tokens"}), 10'000);  // thinking is a part of what is written
  EXPECT_EQ(json_string(body, {"output_config", "effort"}), "low");
  request.thinking = Thinking{Thinking::Kind::kOff};
  EXPECT_EQ(encode_anthropic("claude", request, {}).at("thinking"),
            json_of(R"({"type":"disabled"})"));
}

TEST(AnthropicMessages, SaysHowATextEnded) {
  const std::pair<std::string_view, FinishReason> cases[] = {
      {R"("end_turn")", FinishReason::kStop},
      {R"("stop_sequence")", FinishReason::kStop},
      {R"("max_tokens")", FinishReason::kLength},
      {R"("model_context_window_exceeded")", FinishReason::kLength},
      {R"("pause_turn")", FinishReason::kOther},
      {R"("refusal")", FinishReason::kContentFilter},
      {"null", FinishReason::kOther},
  };
  for (const auto& [reason, finish] : cases) {
    const ModelResult reply = decode_anthropic(
        R"({"content":[{"type":"text","text":"x"}],"stop_reason":)" + std::string(reason) + "}", 0);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->finish, finish) << reason;
    EXPECT_EQ(reply->refusal, finish == FinishReason::kContentFilter ? "x" : "");
  }
}

TEST(AnthropicMessages, PostsToTheAddressWithKeyAndVersion) {
  const auto wire =
      make_anthropic({.id = "claude", .base_url = "https://a.example", .api_key = "k"});
  const HttpRequest sent = wire->encode(opening_request(), {}, {});
  EXPECT_EQ(sent.target, "https://a.example/v1/messages");
  EXPECT_EQ(sent.headers.find("x-api-key"), "k");
  EXPECT_EQ(sent.headers.find("anthropic-version"), "2026-10-21");
  EXPECT_EQ(wire->key_name(), "ANTHROPIC_API_KEY");
  // Newer versions of the API refuse every temperature.
  ModelRequest warm = opening_request();
  warm.temperature = 0.5;
  EXPECT_EQ(wire->encode(warm, {}, {}).headers.find("anthropic-version"), "2023-06-01");
}

}  // namespace
}  // namespace holmes
