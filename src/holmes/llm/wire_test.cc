// What every wire format promises, whatever the provider sends.
#include "holmes/llm/wire.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::Not;

class WireTest : public testing::TestWithParam<WireCase> {
 protected:
  static json::object call(std::string_view id, std::string_view name, json::object arguments) {
    return {{"id", id}, {"name", name}, {"arguments", std::move(arguments)}};
  }
  [[nodiscard]] static std::string reply_with(const std::vector<json::object>& calls) {
    return GetParam().with_calls(calls);
  }
  [[nodiscard]] ModelResult decode(std::string_view body) const { return wire_->decode(body, 2); }
  [[nodiscard]] json::object encode(const ModelRequest& request) const {
    return parse_json_object(wire_->encode(request, wire_->capabilities(), {}).body).value();
  }

  std::unique_ptr<Wire> wire_ = GetParam().make();
};

TEST_P(WireTest, ReadsCallsInTheirOrder) {
  const ModelResult reply =
      decode(reply_with({call("a", "x", {{"n", 1}}), call("b", "y", {}), call("c", "x", {})}));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->finish, FinishReason::kToolCalls);
  EXPECT_EQ(reply->tool_calls,
            (std::vector<ToolCall>{{"a", "x", R"({"n":1})"}, {"b", "y", "{}"}, {"c", "x", "{}"}}));
  EXPECT_TRUE(reply->opaque.is_null());
  EXPECT_EQ(reply->usage.model_calls, 1);
}

TEST_P(WireTest, AnnouncedCallsThatAreNotThereLeaveTheTextUnfinished) {
  const ModelResult reply = decode(reply_with({}));
  ASSERT_TRUE(reply);
  EXPECT_NE(reply->finish, FinishReason::kToolCalls);
}

TEST_P(WireTest, NamesCallsThatHaveNoIdAndDoesNotSendSuchAName) {
  const ModelResult reply = decode(reply_with({call("", "x", {}), call("", "x", {})}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->tool_calls[0].id, "holmes_call_2_0");
  EXPECT_EQ(reply->tool_calls[1].id, "holmes_call_2_1");
}

TEST_P(WireTest, ResultsFollowInTheOrderOfTheCalls) {
  const ModelResult reply = decode(reply_with({call("a", "x", {}), call("b", "y", {})}));
  ASSERT_TRUE(reply);
  const std::string body = to_text(encode(request_after(*reply)));
  const size_t first = body.find("answer of x");
  ASSERT_NE(first, std::string::npos);
  EXPECT_GT(body.find("answer of y"), first);
}

// Providers refuse to read back what they would not write.
TEST_P(WireTest, SendsInventedNamesAndArgumentsInAFormThatIsAccepted) {
  ModelReply reply;
  reply.tool_calls = {{"a", "kubectl get!\n\u00e9", "{\"kind\": "}};
  ModelRequest request = request_after(reply);
  request.messages.change().back().content = "there is no such tool";
  const std::string body = to_text(encode(request));
  EXPECT_THAT(body, HasSubstr("kubectl_get"));
  EXPECT_THAT(body, Not(HasSubstr("get!")));
}

TEST_P(WireTest, WhatIsNoAnswerIsAClearError) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "the answer is empty"},
      {"  \n", "the answer is empty"},
      {"<!DOCTYPE html><html><body>Sign in</body></html>",
       "HTML or XML instead of JSON: <!DOCTYPE"},
      {"data: {\"choices\":[]}\n\ndata: [DONE]\n\n", "an event stream, which was not asked for"},
      {"event: message_start\ndata: {}\n\n", "an event stream, which was not asked for"},
      {": OPENROUTER PROCESSING\n\n", "an event stream, which was not asked for"},
      {"{\"a\":1}\n{\"b\":2}\n", "cannot be read"},
      {"not json", "cannot be read"},
      {"[1,2]", "cannot be read"},
      {"\"text\"", "cannot be read"},
      {"{\"content\": \"\xff\xfe\"}", "cannot be read"},
      {std::string(100, '['), "cannot be read"},
      {reply_with({call("a", "x", {})}).substr(0, 40), "cannot be read"},
      {"{}", "the answer has no"},
      {R"({"choices":7,"content":7,"candidates":7,"output":7,"message":7})", "the answer has no"},
  };
  for (const auto& [body, part] : cases) {
    const ModelResult reply = decode(body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().kind, ModelErrorKind::kUnreadable) << body;
    EXPECT_THAT(reply.error().message, HasSubstr(part));
    EXPECT_LT(reply.error().message.size(), 500U);
    EXPECT_EQ(to_valid_utf8(reply.error().message), reply.error().message);
  }
}

TEST_P(WireTest, WrongTypesNeverBecomeAVerdict) {
  const std::string_view bodies[] = {
      R"({"choices":[{"finish_reason":7,"message":{"content":{"a":1},"tool_calls":"x"}}]})",
      R"({"content":[7,null,"x",{"type":7},{"type":"text","text":[]}],"stop_reason":[]})",
      R"({"candidates":[{"content":{"parts":[7,null,{"text":1},{"functionCall":7}]},"finishReason":1}]})",
      R"({"output":{"message":{"content":[7,null,{"text":1},{"toolUse":7}]}},"stopReason":1})",
      R"({"message":{"content":1,"tool_calls":{}},"done_reason":1})",
  };
  for (const std::string_view body : bodies) {
    const ModelResult reply = decode(body);
    if (!reply) continue;  // of another format
    EXPECT_EQ(reply->content, "");
    EXPECT_NE(reply->finish, FinishReason::kStop) << body;
    EXPECT_NE(reply->finish, FinishReason::kToolCalls) << body;
    to_text(encode(request_after(*reply)));  // and what is kept can be sent
  }
}

TEST_P(WireTest, TwoCallsWithOneIdAreAClearError) {
  const ModelResult reply = decode(reply_with({call("same", "x", {}), call("same", "y", {})}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kUnreadable);
  EXPECT_THAT(reply.error().message, HasSubstr("two tool calls with the id 'same'"));
}

TEST_P(WireTest, AMegabyteOfArgumentsIsAClearError) {
  const ModelResult reply =
      decode(reply_with({call("a", "x", {{"text", std::string(1'000'000, 'x')}})}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kUnreadable);
  EXPECT_THAT(reply.error().message, HasSubstr("1000011 bytes of arguments"));
}

TEST_P(WireTest, TenThousandCallsAtOnceAreAClearError) {
  std::vector<json::object> calls;
  calls.reserve(10'000);
  for (int i = 0; i < 10'000; ++i) calls.push_back(call(fmt::format("c{}", i), "x", {}));
  const ModelResult reply = decode(reply_with(calls));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kUnreadable);
  EXPECT_THAT(reply.error().message, HasSubstr("10000 tool calls at once; at most 256"));
}

TEST_P(WireTest, AnErrorInsideA200IsThatError) {
  const std::pair<std::string_view, ModelErrorKind> cases[] = {
      {R"({"error":{"code":429,"message":"slow down"}})", ModelErrorKind::kRateLimited},
      {R"({"error":{"message":"pay","type":"insufficient_quota"}})",
       ModelErrorKind::kQuotaExhausted},
      {R"({"error":"upstream is gone"})", ModelErrorKind::kServerError},
      {R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
       ModelErrorKind::kOverloaded},
      {R"({"error":{"code":401,"message":"bad key sk-12345678"}})",
       ModelErrorKind::kAuthentication},
  };
  for (const auto& [body, kind] : cases) {
    const ModelResult reply = decode(body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().kind, kind) << body;
    EXPECT_THAT(reply.error().message, Not(HasSubstr("sk-")));
  }
}

// A model that is told to end has no say in it.
TEST_P(WireTest, WithoutCallsItAsksForATextOnly) {
  const ModelResult reply = decode(reply_with({call("a", "kubernetes_list", {{"kind", "Pod"}})}));
  ASSERT_TRUE(reply);
  ModelRequest request = request_after(*reply);
  request.may_call_tools = false;
  const json::object body = encode(request);
  const bool none_offered =
      json_find(body, {"tools"}) == nullptr && json_find(body, {"toolConfig"}) == nullptr;
  const bool forbidden =
      json_string(body, {"tool_choice", "type"}) == "none" ||
      json_string(body, {"toolConfig", "functionCallingConfig", "mode"}) == "NONE";
  EXPECT_TRUE(none_offered || forbidden);
  EXPECT_THAT(to_text(body), HasSubstr("answer of kubernetes_list"));
}

TEST_P(WireTest, RequestsGrowAtTheirEndSoThatCachesHelp) {
  const ModelResult reply = decode(reply_with({call("a", "kubernetes_list", {{"kind", "Pod"}})}));
  ASSERT_TRUE(reply);
  Capabilities can = wire_->capabilities();
  can.cache_hints = false;
  const auto messages = [&](const ModelRequest& request) {
    const json::object body = parse_json_object(wire_->encode(request, can, {}).body).value();
    return json_array(body, {json_find(body, {"contents"}) != nullptr ? "contents" : "messages"})
        ->size();
  };
  const ModelRequest first = opening_request();
  const ModelRequest second = request_after(*reply);
  EXPECT_GT(messages(second), messages(first));
  EXPECT_EQ(wire_->encode(second, can, {}).body, wire_->encode(second, can, {}).body);
}

INSTANTIATE_TEST_SUITE_P(All, WireTest, testing::ValuesIn(all_wires()),
                         [](const testing::TestParamInfo<WireCase>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace holmes
