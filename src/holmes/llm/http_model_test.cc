#include "holmes/llm/http_model.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"
#include "holmes/llm/openai_chat.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::string_view kOk =
    R"({"choices":[{"finish_reason":"stop","message":{"content":"ok"}}]})";

class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(Loop& l) : loop(l) {}
  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    bodies.push_back(parse_json_object(request.body).value());
    headers = request.headers;
    if (takes.count() > 0) {
      const Status slept = co_await sleep_for(loop, takes, stop);
      if (!slept) co_return fail(slept.error());
    }
    Result<HttpResponse> answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest /*request*/, Stop /*stop*/) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

  std::deque<Result<HttpResponse>> answers;  // the last one again and again
  std::vector<json::object> bodies;
  HttpHeaders headers;  // of the last request
  milliseconds takes{0};
  Loop& loop;
};

class HttpModelTest : public testing::Test {
 protected:
  void answer(int status, std::string_view body, HttpHeaders headers = {}) {
    http_.answers.emplace_back(HttpResponse{status, std::move(headers), std::string(body)});
  }
  ModelResult ask() {
    ModelRequest request;
    request.messages.push_back({Role::kUser, "hi", {}, "", {}});
    request.temperature = 0.5;
    request.output_tokens_max = 100;
    request.reasoning_effort = "low";
    return loop_.run(model_.complete(std::move(request), {}));
  }
  static std::string refused(std::string_view parameter) {
    return R"({"error":{"message":"Unsupported parameter: ')" + std::string(parameter) +
           R"(' is not supported with this model.","code":"unsupported_parameter"}})";
  }

  VirtualLoop loop_;
  FakeHttp http_{loop_};
  HttpModel model_{loop_, http_, make_openai_chat({.id = "m"}), "openai/m", Logger()};
};

TEST_F(HttpModelTest, LeavesOutWhatIsRefusedAtOnceAndFromThenOn) {
  answer(400, refused("temperature"));
  answer(400, refused("max_completion_tokens"));
  answer(200, kOk);
  const MonoTime before = loop_.mono_now();
  const ModelResult reply = ask();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.model_calls, 3);
  EXPECT_EQ(loop_.mono_now(), before);
  ASSERT_TRUE(ask());
  ASSERT_EQ(http_.bodies.size(), 4U);
  for (const size_t last : {2U, 3U}) {
    EXPECT_EQ(json_find(http_.bodies[last], {"temperature"}), nullptr);
    EXPECT_EQ(json_find(http_.bodies[last], {"max_completion_tokens"}), nullptr);
    EXPECT_EQ(json_int(http_.bodies[last], {"max_tokens"}), 100);
    EXPECT_EQ(json_string(http_.bodies[last], {"reasoning_effort"}), "low");
  }
}

TEST_F(HttpModelTest, ARefusalOfTheSameAgainIsTheError) {
  answer(400, refused("temperature"));
  const ModelResult reply = ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kInvalidRequest);
  EXPECT_EQ(http_.bodies.size(), 2U);
}

// Ollama says so; a check without tools would be a guess.
TEST_F(HttpModelTest, AModelWithoutToolsIsAskedForThemOnce) {
  answer(400, R"({"error":"registry.ollama.ai/library/gemma:2b does not support tools"})");
  for (int i = 0; i < 2; ++i) {
    ModelRequest request;
    request.messages.push_back({Role::kUser, "hi", {}, "", {}});
    request.tools.push_back({"x", "", {}});
    const ModelResult reply = loop_.run(model_.complete(std::move(request), {}));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().message,
              "the model 'openai/m' cannot call tools, and a check needs one that can");
  }
  EXPECT_EQ(http_.bodies.size(), 1U);
}

TEST_F(HttpModelTest, ARefusedSchemaIsAToolThatMustBeCalledThenJsonThenWords) {
  answer(400, refused("response_format"));
  answer(200, R"({"choices":[{"finish_reason":"tool_calls","message":{"tool_calls":[{"id":"1",
      "type":"function","function":{"name":"submit_verdict","arguments":"{\"a\":1}"}}]}}]})");
  ModelRequest request;
  request.messages.push_back({Role::kUser, "Judge.", {}, "", {}});
  request.schema = ResponseSchema{"verdict", {{"type", "object"}, {"properties", json::object{}}}};
  const ModelResult reply = loop_.run(model_.complete(request, {}));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, R"({"a":1})");
  EXPECT_TRUE(reply->tool_calls.empty());
  EXPECT_NE(json_find(http_.bodies[0], {"response_format"}), nullptr);
  EXPECT_EQ(json_find(http_.bodies[1], {"response_format"}), nullptr);
  EXPECT_NE(json_find(http_.bodies[1], {"tools"}), nullptr);
  EXPECT_EQ(json_string(http_.bodies[1], {"tool_choice", "function", "name"}), "submit_verdict");

  http_.answers.clear();
  http_.bodies.clear();
  answer(400, refused("tool_choice"));
  answer(400, refused("response_format"));
  answer(200, kOk);
  EXPECT_EQ(loop_.run(model_.complete(request, {}))->content, "ok");
  ASSERT_EQ(http_.bodies.size(), 3U);
  EXPECT_NE(json_find(http_.bodies[0], {"tool_choice"}), nullptr);
  EXPECT_EQ(json_find(http_.bodies[1], {"tools"}), nullptr);
  EXPECT_EQ(json_string(http_.bodies[1], {"response_format", "type"}), "json_object");
  EXPECT_EQ(json_find(http_.bodies[2], {"response_format"}), nullptr);

  EXPECT_EQ(loop_.run(model_.complete(request, {}))->content, "ok");
  EXPECT_EQ(http_.bodies.size(), 4U) << "what was refused is not tried again";
}

TEST_F(HttpModelTest, ARefusalOfWhatWasNotSentIsTheError) {
  answer(400, refused("response_format"));
  EXPECT_FALSE(ask());
  EXPECT_EQ(http_.bodies.size(), 1U);
}

TEST_F(HttpModelTest, OtherErrorsAreNotTriedAgainEvenWhenTheyNameAParameter) {
  answer(500, refused("temperature"));
  EXPECT_FALSE(ask());
  EXPECT_EQ(http_.bodies.size(), 1U);
}

TEST_F(HttpModelTest, NamesTheModelInItsErrorsAndPassesOnTheWait) {
  answer(429, "{}", {{"Retry-After", "3"}});
  const ModelResult reply = ask();
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("asking model 'openai/m': HTTP 429"));
  EXPECT_EQ(reply.error().retry_after, milliseconds(3000));
}

TEST_F(HttpModelTest, KeepsTheKindOfABrokenConnection) {
  http_.answers.emplace_back(fail(ErrorCode::kRefused, "connection refused"));
  const ModelResult reply = ask();
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kNoConnection);
  EXPECT_EQ(reply.error().message, "asking model 'openai/m': connection refused");
}

TEST_F(HttpModelTest, AnAnswerWithoutEndIsUnreadableNotTooLongAConversation) {
  http_.answers.emplace_back(fail(ErrorCode::kTooLarge, "the body is larger than 8 MB"));
  EXPECT_EQ(ask().error().kind, ModelErrorKind::kUnreadable);
}

TEST_F(HttpModelTest, TellsOfItsModelAndItsAddress) {
  EXPECT_EQ(model_.wire().model_id(), "m");
  EXPECT_FALSE(model_.price());
  const HttpModel known(loop_, http_, make_openai_chat({.id = "gpt-4.1"}), "gpt-4.1", Logger());
  EXPECT_TRUE(known.price());
  EXPECT_EQ(model_.wire().base_url(), "https://api.openai.com/v1");
}

TEST_F(HttpModelTest, SendsWhatItsOwnerSaysOfIt) {
  ModelTuning tuning{.temperature = 0, .output_tokens_max = 7};
  tuning.headers = {{"X-Team", "blue"}, {"authorization", "Bearer other"}};
  tuning.price = {.input = 1, .output = 2};
  tuning.context_tokens_max = 9000;
  OpenAiChatOptions chat{.id = "m"};
  chat.key_header = {"Authorization", "Bearer key"};
  HttpModel model(loop_, http_, make_openai_chat(chat), "m", Logger(), tuning);
  answer(200, kOk);
  ModelRequest request;
  request.temperature = 1;
  ASSERT_TRUE(loop_.run(model.complete(request, {})));
  EXPECT_EQ(json_find(http_.bodies[0], {"temperature"})->to_number<double>(), 0);
  EXPECT_EQ(json_int(http_.bodies[0], {"max_completion_tokens"}), 7);
  EXPECT_EQ(http_.headers.find("X-Team"), "blue");
  EXPECT_THAT(http_.headers.find_all("Authorization"), testing::ElementsAre("Bearer other"));
  EXPECT_EQ(model.price()->output, 2);
  EXPECT_EQ(model.context_tokens_max(), 9000);
}

TEST_F(HttpModelTest, ARequestThatTakesTooLongIsTheProvidersTimeoutAndMayBeTriedAgain) {
  HttpModel model(loop_, http_, make_openai_chat({.id = "m"}), "m", Logger(),
                  {.call_time_max = std::chrono::seconds(5)});
  answer(200, kOk);
  http_.takes = milliseconds(6000);
  const auto reply = loop_.run(model.complete({}, {}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kTimeout);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(reply.error().message, HasSubstr("no answer within 5 seconds"));
  // The check's own deadline is another thing.
  const StopSource check({}, loop_, loop_.mono_now() + std::chrono::seconds(3));
  EXPECT_EQ(loop_.run(model.complete({}, check.stop())).error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace holmes
