#include "holmes/llm/gemini.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

constexpr std::string_view kThinkingReply = R"({"candidates":[{"content":{"role":"model","parts":[
    {"text":"Hm.","thought":true},
    {"text":"I look."},
    {"functionCall":{"name":"kubernetes_list","args":{"kind":"Pod"}},"thoughtSignature":"c2ln"},
    {"functionCall":{"id":"g1","name":"version","args":{}}}]},"finishReason":"STOP"}],
  "usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":7,
                   "thoughtsTokenCount":20,"totalTokenCount":127}})";

TEST(Gemini, SendsTheConversation) {
  EXPECT_EQ(json::value(encode_gemini(opening_request())), json_of(R"({
    "contents":[{"role":"user","parts":[{"text":"Are all pods healthy?"}]}],
    "systemInstruction":{"parts":[{"text":"Be exact."}]},
    "tools":[{"functionDeclarations":[
      {"name":"kubernetes_list","description":"Lists objects.","parametersJsonSchema":{
         "type":"object","properties":{"kind":{"type":"string"}},"required":["kind"],
         "additionalProperties":false}},
      {"name":"version","description":"Tells it."}]}],
    "generationConfig":{"maxOutputTokens":8192}})"));
}

TEST(Gemini, ReturnsEachSignatureOnItsPartAndNoIdThatItDidNotGive) {
  const ModelResult reply = decode_gemini(kThinkingReply, 2);
  ASSERT_TRUE(reply) << reply.error().message;
  const json::object body = encode_gemini(request_after(*reply));
  EXPECT_EQ(body.at("contents").at(1), json_of(R"({"role":"model","parts":[
    {"text":"Hm.","thought":true},
    {"text":"I look."},
    {"functionCall":{"name":"kubernetes_list","args":{"kind":"Pod"}},"thoughtSignature":"c2ln"},
    {"functionCall":{"id":"g1","name":"version","args":{}}}]})"));
  EXPECT_EQ(body.at("contents").at(2), json_of(R"({"role":"user","parts":[
    {"functionResponse":{"name":"kubernetes_list",
                         "response":{"output":"answer of kubernetes_list"}}},
    {"functionResponse":{"name":"version","response":{"output":"answer of version"},"id":"g1"}}]})"));
}

TEST(Gemini, ThoughtsAreOutputButNoAnswer) {
  const ModelResult reply = decode_gemini(kThinkingReply, 2);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "I look.");
  EXPECT_EQ(reply->usage, (ModelUsage{.model_calls = 1,
                                      .input_tokens = 100,
                                      .cached_input_tokens = 60,
                                      .output_tokens = 27,
                                      .reasoning_tokens = 20}));
}

TEST(Gemini, AsksForASchemaAndAnEffort) {
  ModelRequest request = verdict_request();
  request.reasoning_effort = "low";
  EXPECT_EQ(encode_gemini(request).at("generationConfig"), json_of(R"({
    "responseMimeType":"application/json","responseJsonSchema":{"type":"object",
      "properties":{"verdict":{"type":"string"}},"required":["verdict"],
      "additionalProperties":false},"thinkingConfig":{"thinkingLevel":"low"}})"));
}

TEST(Gemini, SaysHowATextEnded) {
  const std::pair<std::string_view, FinishReason> cases[] = {
      {"STOP", FinishReason::kStop},
      {"MAX_TOKENS", FinishReason::kLength},
      {"SAFETY", FinishReason::kContentFilter},
      {"PROHIBITED_CONTENT", FinishReason::kContentFilter},
      {"MALFORMED_FUNCTION_CALL", FinishReason::kOther},
      {"UNEXPECTED_TOOL_CALL", FinishReason::kOther},
      {"", FinishReason::kOther},
  };
  for (const auto& [reason, finish] : cases) {
    const ModelResult reply =
        decode_gemini(R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":")" +
                          std::string(reason) + "\"}]}",
                      0);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->finish, finish) << reason;
    EXPECT_EQ(reply->refusal.empty(), finish != FinishReason::kContentFilter);
  }
}

TEST(Gemini, ABlockedQuestionIsARefusal) {
  const ModelResult reply = decode_gemini(R"({"promptFeedback":{"blockReason":"SAFETY"}})", 0);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->finish, FinishReason::kContentFilter);
  EXPECT_EQ(reply->refusal, "the provider's filter refused the question (SAFETY)");
}

TEST(Gemini, SaysHowMuchTheModelMayThink) {
  ModelRequest request = opening_request();
  request.reasoning_effort = "low";
  const auto config = [&request] {
    return encode_gemini(request).at("generationConfig").at("thinkingConfig");
  };
  EXPECT_EQ(config(), json_of(R"({"thinkingLevel":"low"})"));
  for (const auto& [thinking, budget] : {std::pair{Thinking{Thinking::Kind::kBudget, 2000}, 2000},
                                         {Thinking{Thinking::Kind::kAdaptive}, -1},
                                         {Thinking{Thinking::Kind::kOff}, 0}}) {
    request.thinking = thinking;
    EXPECT_EQ(config(), (json::value{{"thinkingBudget", budget}}));
  }
}

TEST(Gemini, CallsMayEndInEitherWord) {
  for (const std::string reason : {"STOP", "FUNCTION_CALL"}) {
    const ModelResult reply = decode_gemini(
        R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"x"}}]},"finishReason":")" +
            reason + "\"}]}",
        0);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->finish, FinishReason::kToolCalls) << reason;
    EXPECT_EQ(reply->tool_calls[0].arguments, "{}");
  }
}

// The limit may be reached while it thinks.
TEST(Gemini, AnEndWithoutContentIsNoUnreadableAnswer) {
  const ModelResult reply = decode_gemini(
      R"({"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]})", 0);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->finish, FinishReason::kLength);
}

TEST(Gemini, PostsToTheModelWithAKeyOrAToken) {
  const HttpRequest with_key =
      make_gemini({.id = "gemini-x", .base_url = "https://g.example", .api_key = "k"})
          ->encode(opening_request(), {}, {});
  EXPECT_EQ(with_key.target, "https://g.example/v1beta/models/gemini-x:generateContent");
  EXPECT_EQ(with_key.headers.find("x-goog-api-key"), "k");
  const HttpRequest with_token =
      make_gemini({.id = "gemini-x",
                   .base_url = vertex_base_url("europe-west4"),
                   .models_path = vertex_models_path("p-1", "europe-west4"),
                   .bearer_token = "t"})
          ->encode(opening_request(), {}, {});
  EXPECT_EQ(with_token.target,
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/p-1/locations/"
            "europe-west4/publishers/google/models/gemini-x:generateContent");
  EXPECT_EQ(with_token.headers.find("Authorization"), "Bearer t");
  EXPECT_EQ(vertex_base_url("global"), "https://aiplatform.googleapis.com");
}

}  // namespace
}  // namespace holmes
