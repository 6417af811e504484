#include "holmes/llm/openai_chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/files.h"
#include "async/virtual_loop.h"
#include "base/strings.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

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

Usage usage(int64_t input, int64_t cached, int64_t output) {
  Usage usage;
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
    EXPECT_EQ(to_text(encode_openai_chat("gpt-4.1", requests[i])), golden[i]);
  }
}

TEST(OpenAiChat, LeavesOutWhatWasNotAskedFor) {
  ModelRequest request;
  request.messages.push_back({Role::kUser, "hi", {}, "", {}});
  EXPECT_EQ(to_text(encode_openai_chat("m", request)),
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
  EXPECT_EQ(reply->tool_calls, (std::vector<ToolCall>{{"call_4_0", "x", R"({"kind":"Pod"})"},
                                                      {"call_4_1", "y", "{}"},
                                                      {"call_4_2", "z", "{}"},
                                                      {"call_4_3", "", "{}"}}));
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
      {"content":null,"reasoning_content":"hmm","tool_calls":[
        {"id":"a","function":{"name":"x","arguments":"{}"}}]}}]})",
                                        0);
  ASSERT_TRUE(reply);
  ModelRequest next;
  next.messages.push_back({Role::kAssistant, "", reply->tool_calls, "", reply->opaque});
  EXPECT_EQ(json_string(encode_openai_chat("m", next).at("messages").at(0), {"reasoning_content"}),
            "hmm");
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
  EXPECT_EQ(broken.error(), Error(ErrorCode::kUnavailable, "HTTP 500: upstream is gone"));
}

TEST(OpenAiChat, SortsErrorsByWhatHelps) {
  struct Case {
    int status;
    std::string_view body;
    ErrorCode code;
    std::string_view part;
  };
  const Case cases[] = {
      {400, R"({"error":{"message":"bad tool","type":"invalid_request_error"}})",
       ErrorCode::kInvalid, "HTTP 400: bad tool"},
      {400, R"({"error":{"message":"too long","code":"context_length_exceeded"}})",
       ErrorCode::kTooLarge, "too long"},
      {400, R"({"object":"error","message":"maximum context length is 4096 tokens","code":400})",
       ErrorCode::kTooLarge, "4096"},
      {401, R"({"error":{"message":"Incorrect API key provided: sk-abc"}})",
       ErrorCode::kUnauthenticated, "did not accept the API key"},
      {402, "{}", ErrorCode::kForbidden, "HTTP 402"},
      {403, R"({"error":{"message":"not in your country"}})", ErrorCode::kForbidden, "country"},
      {404, R"({"error":{"message":"no model x","code":"model_not_found"}})", ErrorCode::kNotFound,
       "no model x"},
      {408, "", ErrorCode::kUnavailable, "HTTP 408"},
      {413, "", ErrorCode::kTooLarge, "HTTP 413"},
      {429, R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})",
       ErrorCode::kRefused, "slow down"},
      {429, R"({"error":{"message":"pay","type":"insufficient_quota"}})", ErrorCode::kForbidden,
       "the quota is used up: pay"},
      {500, "<html>oops</html>", ErrorCode::kUnavailable, "HTTP 500: <html>oops</html>"},
      {503, "\xff", ErrorCode::kUnavailable, "HTTP 503"},
      {529, R"({"error":{"message":"overloaded"}})", ErrorCode::kUnavailable, "overloaded"},
      {302, "", ErrorCode::kInvalid, "HTTP 302"},
  };
  for (const Case& c : cases) {
    const Error error = decode_openai_error(c.status, c.body);
    EXPECT_EQ(error.code, c.code) << c.status << c.body;
    EXPECT_THAT(error.message, HasSubstr(std::string(c.part)));
  }
}

TEST(OpenAiChat, NeverQuotesTheKey) {
  const Error error = decode_openai_error(401, R"({"error":{"message":"bad key sk-abc***xyz"}})");
  EXPECT_THAT(error.message, Not(HasSubstr("sk-")));
}

TEST(OpenAiChat, QuotesALongErrorOnlyInPart) {
  EXPECT_LT(decode_openai_error(500, std::string(100'000, 'x')).message.size(), 600U);
}

class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(Result<HttpResponse> answer) : answer_(std::move(answer)) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop /*stop*/) override {
    last = std::move(request);
    co_return answer_;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest /*request*/, Stop /*stop*/) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

  HttpRequest last;

 private:
  Result<HttpResponse> answer_;
};

Result<ModelReply> ask(FakeHttp& http, std::string key = "k") {
  VirtualLoop loop;
  OpenAiChat model(loop, http, {"openai/m", "m", "https://llm.example/v1", std::move(key)});
  return loop.run(model.complete(opening(), {}));
}

TEST(OpenAiChat, PostsToTheAddressWithTheKey) {
  FakeHttp http(HttpResponse{200, {}, R"({"choices":[{"message":{"content":"ok"}}]})"});
  ASSERT_TRUE(ask(http));
  EXPECT_EQ(http.last.method, "POST");
  EXPECT_EQ(http.last.target, "https://llm.example/v1/chat/completions");
  EXPECT_EQ(http.last.headers.find("Authorization"), "Bearer k");
  EXPECT_EQ(http.last.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(json_string(parse_json_object(http.last.body).value(), {"model"}), "m");
}

TEST(OpenAiChat, SendsNoKeyWhenThereIsNone) {
  FakeHttp http(HttpResponse{200, {}, R"({"choices":[{"message":{"content":"ok"}}]})"});
  ASSERT_TRUE(ask(http, ""));
  EXPECT_EQ(http.last.headers.find("Authorization"), std::nullopt);
}

TEST(OpenAiChat, PassesOnHowLongToWait) {
  FakeHttp seconds(HttpResponse{429, {{"Retry-After", "3"}}, ""});
  EXPECT_EQ(ask(seconds).error().retry_after, milliseconds(3000));
  FakeHttp exact(HttpResponse{429, {{"Retry-After", "3"}, {"retry-after-ms", "2500.5"}}, ""});
  EXPECT_EQ(ask(exact).error().retry_after, milliseconds(2500));
  FakeHttp silent(HttpResponse{503, {}, ""});
  EXPECT_EQ(ask(silent).error().retry_after, std::nullopt);
}

TEST(OpenAiChat, KeepsTheCodeOfABrokenConnectionAndNamesTheModel) {
  FakeHttp http(fail(ErrorCode::kRefused, "connection refused"));
  EXPECT_EQ(ask(http).error(),
            Error(ErrorCode::kRefused, "asking model 'openai/m': connection refused"));
}

}  // namespace
}  // namespace holmes
