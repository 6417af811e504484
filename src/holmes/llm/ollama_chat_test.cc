#include "holmes/llm/ollama_chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;

constexpr std::string_view kThinkingReply = R"({"model":"m","created_at":"2026-01-01T00:00:00Z",
  "message":{"role":"assistant","content":"I look.","thinking":"Hm.","tool_calls":[
    {"function":{"name":"kubernetes_list","arguments":{"kind":"Pod"}}},
    {"id":"call_x","function":{"index":1,"name":"version","arguments":{}}}]},
  "done":true,"done_reason":"stop","prompt_eval_count":100,"eval_count":20})";

TEST(OllamaChat, SendsTheConversationAndHowMuchToRead) {
  EXPECT_EQ(json::value(encode_ollama({.id = "m"}, opening_request())), json_of(R"({
    "model":"m","stream":false,
    "messages":[{"role":"system","content":"Be exact."},
                {"role":"user","content":"Are all pods healthy?"}],
    "tools":[
      {"type":"function","function":{"name":"kubernetes_list","description":"Lists objects.",
        "parameters":{"type":"object","properties":{"kind":{"type":"string"}},
                      "required":["kind"],"additionalProperties":false}}},
      {"type":"function","function":{"name":"version","description":"Tells it.",
        "parameters":{"type":"object","properties":{},"required":[],
                      "additionalProperties":false}}}],
    "options":{"num_ctx":32768,"num_predict":8192}})"));
}

TEST(OllamaChat, ReturnsThinkingAndNamesTheToolOfEachResult) {
  const ModelResult reply = decode_ollama(kThinkingReply, 2);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->finish, FinishReason::kToolCalls);
  EXPECT_EQ(reply->usage, (ModelUsage{.model_calls = 1, .input_tokens = 100, .output_tokens = 20}));
  const json::object body = encode_ollama({.id = "m"}, request_after(*reply));
  EXPECT_EQ(body.at("messages").at(2), json_of(R"({"role":"assistant","content":"I look.",
    "thinking":"Hm.","tool_calls":[
      {"function":{"name":"kubernetes_list","arguments":{"kind":"Pod"}}},
      {"function":{"name":"version","arguments":{}},"id":"call_x"}]})"));
  EXPECT_EQ(body.at("messages").at(3), json_of(R"({"role":"tool","tool_name":"kubernetes_list",
    "content":"answer of kubernetes_list"})"));
  EXPECT_EQ(body.at("messages").at(4), json_of(R"({"role":"tool","tool_name":"version",
    "content":"answer of version","tool_call_id":"call_x"})"));
}

TEST(OllamaChat, AsksForASchemaAndAnEffort) {
  ModelRequest request = verdict_request();
  request.reasoning_effort = "low";
  request.temperature = 0.5;
  const json::object body = encode_ollama({.id = "m", .context_tokens = 0}, request);
  EXPECT_EQ(json_string(body, {"format", "type"}), "object");
  EXPECT_EQ(json_string(body, {"think"}), "low");
  EXPECT_EQ(body.at("options"), json_of(R"({"temperature":0.5})"));
}

TEST(OllamaChat, SaysWhetherTheModelMayThink) {
  ModelRequest request = opening_request();
  request.thinking = Thinking{Thinking::Kind::kOff};
  EXPECT_EQ(encode_ollama({.id = "m"}, request).at("think"), false);
  request.thinking = Thinking{Thinking::Kind::kBudget, 2000};
  EXPECT_EQ(encode_ollama({.id = "m"}, request).at("think"), true);
}

TEST(OllamaChat, SaysHowATextEnded) {
  const std::pair<std::string_view, FinishReason> cases[] = {
      {R"("stop")", FinishReason::kStop},
      {R"("length")", FinishReason::kLength},
      {R"("load")", FinishReason::kOther},
      {"null", FinishReason::kOther},
  };
  for (const auto& [reason, finish] : cases) {
    const ModelResult reply = decode_ollama(
        R"({"message":{"content":"x"},"done":true,"done_reason":)" + std::string(reason) + "}", 0);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->finish, finish) << reason;
  }
}

TEST(OllamaChat, TheFirstPieceOfAStreamIsNoAnswer) {
  const ModelResult reply = decode_ollama(R"({"message":{"content":"x"},"done":false})", 0);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("the beginning of a stream"));
}

TEST(OllamaChat, PostsToTheAddress) {
  const HttpRequest sent = make_ollama({.id = "m"})->encode(opening_request(), {}, {});
  EXPECT_EQ(sent.target, "http://127.0.0.1:11434/api/chat");
  EXPECT_EQ(sent.headers.find("Authorization"), std::nullopt);
  EXPECT_EQ(make_ollama({.id = "m", .api_key = "k"})
                ->encode(opening_request(), {}, {})
                .headers.find("Authorization"),
            "Bearer k");
}

}  // namespace
}  // namespace holmes
