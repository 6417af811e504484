#include "holmes/llm/openai_chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/files.h"
#include "base/strings.h"

namespace holmes {
namespace {

ToolSpec pods_tool() {
  return {"kubernetes_list", "Lists objects of one kind.",
          parse_json_object(R"({"type":"object","properties":{"kind":{"type":"string"},
              "namespace":{"type":["string","null"]}},"required":["kind","namespace"],
              "additionalProperties":false})")
              .value()};
}

ModelRequest opening() {
  ModelRequest request;
  request.messages.push_back({Role::kSystem, "Be exact.", {}, "", {}});
  request.messages.push_back({Role::kUser, "Are all pods healthy?", {}, "", {}});
  request.tools.push_back(pods_tool());
  request.output_tokens_max = 8192;
  return request;
}

ModelRequest after_two_tool_calls() {
  ModelRequest request = opening();
  Message calls{Role::kAssistant, "", {}, "", {}};
  calls.tool_calls.push_back({"call_1", "kubernetes_list", R"({"kind":"Pod","namespace":null})"});
  calls.tool_calls.push_back({"call_2", "kubectl get pods!", "{}"});
  request.messages.push_back(calls);
  request.messages.push_back({Role::kTool, "NAME READY\nfrontend 1/1", {}, "call_1", {}});
  request.messages.push_back({Role::kTool, "error: there is no tool", {}, "call_2", {}});
  return request;
}

ModelRequest verdict() {
  ModelRequest request;
  request.messages.push_back({Role::kSystem, "Answer with JSON.", {}, "", {}});
  request.messages.push_back({Role::kUser, "Findings: \"fine\" \u2713", {}, "", {}});
  request.schema = {"verdict", parse_json_object(R"({"type":"object","properties":{
      "rationale":{"type":"string"},"verdict":{"type":"string","enum":["pass","fail","unknown"]}},
      "required":["rationale","verdict"],"additionalProperties":false})")
                                   .value()};
  request.temperature = 0.5;
  return request;
}

ModelUsage usage(int64_t input, int64_t cached, int64_t output) {
  ModelUsage usage;
  usage.model_calls = 1;
  usage.input_tokens = input;
  usage.cached_input_tokens = cached;
  usage.output_tokens = output;
  return usage;
}

// The file is also held against the vendor's published description of the API.
TEST(OpenAiChat, SendsTheGoldenRequests) {
  const std::string text = real_files().read(HOLMES_LLM_TESTDATA "/openai_requests.jsonl").value();
  const std::vector<std::string_view> golden = split(trim(text), '\n');
  const std::vector<ModelRequest> requests{opening(), after_two_tool_calls(), verdict()};
  ASSERT_EQ(golden.size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(to_text(encode_openai_chat({.id = "gpt-4.1"}, requests[i], {})), golden[i]);
  }
}

TEST(OpenAiChat, LeavesOutWhatWasNotAskedFor) {
  ModelRequest request;
  request.messages.push_back({Role::kUser, "hi", {}, "", {}});
  EXPECT_EQ(to_text(encode_openai_chat({.id = "m"}, request, {})),
            R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
}

TEST(OpenAiChat, ReadsAText) {
  const auto reply = decode_openai_chat(R"({"choices":[{"index":0,"finish_reason":"stop","message":
      {"role":"assistant","content":"All well.","refusal":null}}],"usage":{"prompt_tokens":100,
      "completion_tokens":7,"total_tokens":107,"prompt_tokens_details":{"cached_tokens":64}}})",
                                        2);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "All well.");
  EXPECT_TRUE(reply->tool_calls.empty());
  EXPECT_EQ(reply->finish, FinishReason::kStop);
  EXPECT_EQ(reply->refusal, "");
  EXPECT_EQ(reply->usage, usage(100, 64, 7));
}

TEST(OpenAiChat, ReadsToolCallsInTheirOrder) {
  const auto reply = decode_openai_chat(R"({"choices":[{"finish_reason":"tool_calls","message":
      {"content":null,"tool_calls":[
        {"id":"a","type":"function","function":{"name":"x","arguments":"{\"n\":1}"}},
        {"id":"b","type":"function","function":{"name":"y","arguments":"{\"n\":"}}]}}]})",
                                        2);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->finish, FinishReason::kToolCalls);
  EXPECT_EQ(reply->tool_calls,
            (std::vector<ToolCall>{{"a", "x", R"({"n":1})"}, {"b", "y", R"({"n":)"}}));
}

TEST(OpenAiChat, ToleratesWhatCompatibleServersSend) {
  const auto reply = decode_openai_chat(R"({"choices":[{"finish_reason":"stop","message":
      {"content":[{"type":"text","text":"one "},{"type":"text","text":"two"}],"tool_calls":[
        {"function":{"name":"x","arguments":{"kind":"Pod"}}},
        {"id":"","function":{"name":"y"}},{"function":{"name":"z","arguments":" "}}, 5]}}]})",
                                        4);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "one two");
  EXPECT_EQ(reply->finish, FinishReason::kToolCalls);
  EXPECT_EQ(reply->tool_calls, (std::vector<ToolCall>{{"holmes_call_4_0", "x", R"({"kind":"Pod"})"},
                                                      {"holmes_call_4_1", "y", "{}"},
                                                      {"holmes_call_4_2", "z", "{}"},
                                                      {"holmes_call_4_3", "", "{}"}}));
  EXPECT_EQ(reply->usage, usage(0, 0, 0));
}

TEST(OpenAiChat, SaysHowATextEnded) {
  const std::pair<std::string_view, FinishReason> cases[] = {
      {R"("stop")", FinishReason::kStop},     {R"(null)", FinishReason::kOther},
      {R"("length")", FinishReason::kLength}, {R"("content_filter")", FinishReason::kContentFilter},
      {R"("abort")", FinishReason::kOther},
  };
  for (const auto& [text, finish] : cases) {
    const auto reply = decode_openai_chat(R"({"choices":[{"message":{"content":"x"},)"
                                          R"("finish_reason":)" +
                                              std::string(text) + "}]}",
                                          0);
    ASSERT_TRUE(reply) << text;
    EXPECT_EQ(reply->finish, finish) << text;
  }
}

TEST(OpenAiChat, TellsToolCallsThatWereCutOffFromWholeOnes) {
  const auto reply = decode_openai_chat(R"({"choices":[{"finish_reason":"length","message":
      {"tool_calls":[{"id":"a","function":{"name":"x","arguments":"{"}}]}}]})",
                                        0);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->finish, FinishReason::kLength);
}

TEST(OpenAiChat, CallsOfABrokenReplyAreNotRun) {
  const auto reply = decode_openai_chat(R"({"choices":[{"finish_reason":"error","message":
      {"tool_calls":[{"id":"a","function":{"name":"x","arguments":"{}"}}]}}]})",
                                        0);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->finish, FinishReason::kOther);
}

TEST(OpenAiChat, ReadsARefusal) {
  const auto reply = decode_openai_chat(
      R"({"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I can't."}}]})",
      0);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->refusal, "I can't.");
}

TEST(OpenAiChat, GivesReasoningBackToTheServerWithItsToolCalls) {
  const auto reply = decode_openai_chat(R"({"choices":[{"finish_reason":"tool_calls","message":
      {"content":null,"reasoning_content":"hmm","reasoning_details":[{"type":"x"}],"tool_calls":[
        {"id":"a","function":{"name":"x","arguments":"{}"}}]}}]})",
                                        0);
  ASSERT_TRUE(reply);
  ModelRequest next;
  next.messages.push_back({Role::kAssistant, "", reply->tool_calls, "", reply->opaque});
  const json::object body = encode_openai_chat({.id = "m"}, next, {});
  const json::value& message = body.at("messages").at(0);
  EXPECT_EQ(json_string(message, {"reasoning_content"}), "hmm");
  EXPECT_EQ(to_text(message.at("reasoning_details")), R"([{"type":"x"}])");
}

TEST(OpenAiChat, UnreadableRepliesAreProtocolErrors) {
  for (const std::string_view body :
       {"", "not json", "[]", "{}", R"({"choices":[]})", R"({"choices":[7]})",
        R"({"choices":[{"finish_reason":"stop"}]})", R"({"choices":[{"message":{"content":"x"})"}) {
    const auto reply = decode_openai_chat(body, 0);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().code, ErrorCode::kProtocol) << body;
  }
}

TEST(OpenAiChat, FindsAnErrorInsideA200) {
  const auto busy = decode_openai_chat(R"({"error":{"code":429,"message":"busy"}})", 0);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::kRefused);
  const auto broken = decode_openai_chat(R"({"error":"upstream is gone"})", 0);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(broken.error().message, "HTTP 500: upstream is gone");
}

HttpRequest encoded(OpenAiChatOptions options) {
  const std::unique_ptr<Wire> wire = make_openai_chat(std::move(options));
  return wire->encode(opening(), wire->capabilities(), {});
}

TEST(OpenAiChat, PostsToTheAddressWithTheKey) {
  const HttpRequest sent = encoded({.id = "m",
                                    .base_url = "https://llm.example/v1",
                                    .key_header = {"Authorization", "Bearer k"}});
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "https://llm.example/v1/chat/completions");
  EXPECT_EQ(sent.headers.find("Authorization"), "Bearer k");
  EXPECT_EQ(sent.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(json_string(parse_json_object(sent.body).value(), {"model"}), "m");
}

TEST(OpenAiChat, SendsNoKeyWhenThereIsNone) {
  EXPECT_EQ(encoded({.id = "m"}).headers.find("Authorization"), std::nullopt);
}

// llama.cpp calls several tools at once only when told that it may; vLLM never ends when a tool
// without arguments is strict.
TEST(OpenAiChat, TellsCompatibleServersWhatTheyNeedToKnow) {
  ModelRequest request = opening();
  request.tools.push_back({"version", "Tells it.", {{"type", "object"}, {"properties", {}}}});
  const json::object body =
      encode_openai_chat({.id = "m", .compatible = true}, request, Capabilities());
  EXPECT_EQ(json_bool(body, {"parallel_tool_calls"}), true);
  EXPECT_EQ(json_bool(body.at("tools").at(0), {"function", "strict"}), true);
  EXPECT_EQ(json_find(body.at("tools").at(1), {"function", "strict"}), nullptr);
}

TEST(OpenAiChat, LeavesOutWhatWasGivenUp) {
  Capabilities can;
  can.strict_tools = can.parallel_calls = can.max_completion_tokens = false;
  const json::object body = encode_openai_chat({.id = "m", .compatible = true}, opening(), can);
  EXPECT_EQ(json_find(body, {"parallel_tool_calls"}), nullptr);
  EXPECT_EQ(json_find(body.at("tools").at(0), {"function", "strict"}), nullptr);
  EXPECT_EQ(json_int(body, {"max_tokens"}), 8192);
  EXPECT_EQ(json_find(body, {"max_completion_tokens"}), nullptr);
}

TEST(OpenAiChat, OffersNoToolsWhenNoneMayBeCalled) {
  ModelRequest request = after_two_tool_calls();
  request.may_call_tools = false;
  const json::object body = encode_openai_chat({.id = "m"}, request, Capabilities());
  EXPECT_EQ(json_find(body, {"tools"}), nullptr);
  EXPECT_EQ(body.at("messages").as_array().size(), 5U);
}

TEST(OpenAiChat, AsksForAnEffortWhenThereIsOne) {
  ModelRequest request = opening();
  request.reasoning_effort = "high";
  EXPECT_EQ(json_string(encode_openai_chat({.id = "m"}, request, {}), {"reasoning_effort"}),
            "high");
}

}  // namespace
}  // namespace holmes
