#include "holmes/server/check_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "base/json.h"
#include "holmes/server/fake_work_testing.h"

namespace holmes {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kBody = R"({"query":"q"})";

// An answer that comes later; the call may outlive whoever waits for it.
using Pending = std::shared_ptr<std::optional<HttpResponse>>;

Task<> store(Task<HttpResponse> task, Pending slot) {
  *slot = co_await std::move(task);
}

class CheckServerTest : public ::testing::Test {
 protected:
  CheckServerTest() { restart({}); }
  ~CheckServerTest() override {
    loop_.run(calls_.close());
    loop_.run(server_->shut_down(Stop()));
  }

  void restart(CheckServerOptions options) {
    if (server_) loop_.run(server_->shut_down(Stop()));
    server_.reset();
    registry_ = std::make_unique<MetricsRegistry>();
    options.version = "1.2.3";
    options.models = {"openai/m"};
    options.toolsets = {1, 0, 2};
    server_ = std::make_unique<CheckServer>(loop_, work_.judge(), work_.alert(), *registry_, log_,
                                            options);
    server_->set_ready();
  }

  static HttpRequest request(std::string method, std::string target, std::string body = "",
                             HttpHeaders headers = {}) {
    HttpRequest request{std::move(method), std::move(target), std::move(headers), std::move(body),
                        ""};
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    return request;
  }

  HttpResponse call(std::string method, std::string target, std::string body = "",
                    HttpHeaders headers = {}) {
    return loop_.run(server_->handle(
        request(std::move(method), std::move(target), std::move(body), std::move(headers)),
        Stop()));
  }

  // A call that goes on in the background.
  Pending begin(HttpRequest request, Stop stop = {}) {
    auto slot = std::make_shared<std::optional<HttpResponse>>();
    calls_.spawn(store(server_->handle(std::move(request), std::move(stop)), slot));
    loop_.run_until_idle();
    return slot;
  }

  VirtualLoop loop_;
  FakeWork work_{loop_};
  std::vector<std::string> lines_;
  Logger log_{LogLevel::kInfo, [this](LogLevel, std::string_view message, const LogFields& fields) {
                std::string line(message);
                for (const LogField& field : fields) {
                  if (const auto* text = std::get_if<std::string>(&field.value)) {
                    line += " " + field.key + "=" + *text;
                  }
                }
                lines_.push_back(std::move(line));
              }};
  std::unique_ptr<MetricsRegistry> registry_;
  std::unique_ptr<CheckServer> server_;
  TaskScope calls_{loop_};
};

TEST_F(CheckServerTest, BothRoutesAnswerAlike) {
  for (const char* path : {"/api/check/execute", "/api/checks/execute"}) {
    const HttpResponse response = call("POST", path, kBody);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
    EXPECT_EQ(json_string_or(parse_json(response.body).value(), {"status"}), "pass");
  }
}

TEST_F(CheckServerTest, ErrorsAreADetail) {
  const struct {
    const char* method;
    const char* target;
    const char* body;
    int status;
  } cases[] = {
      {"GET", "/", "", 404},
      {"GET", "/api/check/executions/unknown", "", 404},
      {"DELETE", "/api/check/executions/unknown", "", 404},
      {"GET", "/api/check/execute", "", 405},
      {"POST", "/healthz", "{}", 405},
      {"POST", "/api/check/execute", "", 415},
      {"POST", "/api/check/execute", "{", 400},
      {"GET", "/%zz", "", 400},
      {"GET", "*", "", 400},
  };
  for (const auto& c : cases) {
    const HttpResponse response = call(c.method, c.target, c.body);
    EXPECT_EQ(response.status, c.status) << c.method << " " << c.target;
    EXPECT_TRUE(json_string(parse_json(response.body).value(), {"detail"}).has_value());
  }
  EXPECT_EQ(call("PUT", "/api/check/executions/x").headers.find("Allow"), "GET, DELETE");
}

TEST_F(CheckServerTest, InvalidFieldsAreAList) {
  const HttpResponse response = call("POST", "/api/check/execute", R"({"query":7})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(json_array(parse_json(response.body).value(), {"detail"})->size(), 1U);
}

TEST_F(CheckServerTest, UnknownFieldsAreLoggedUnlessStrict) {
  const char* body = R"({"query":"q","surprise":1})";
  EXPECT_EQ(call("POST", "/api/check/execute", body).status, 200);
  EXPECT_THAT(lines_, testing::Contains(HasSubstr("first=surprise")));
  EXPECT_EQ(call("POST", "/api/check/execute", body, {{"Holmes-Strict", "true"}}).status, 422);
}

TEST_F(CheckServerTest, KeyIsWantedEverywhereButForHealthAndMetrics) {
  CheckServerOptions options;
  options.api_key = "secret";
  restart(options);
  for (const char* path : {"/api/info", "/api/model", "/api/check/executions/x", "/nothing"}) {
    const HttpResponse refused = call("GET", path);
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_EQ(refused.body, R"({"detail":"Invalid or missing API key"})");
    EXPECT_NE(call("GET", path, "", {{"X-API-Key", "secret"}}).status, 401) << path;
  }
  EXPECT_EQ(call("POST", "/api/check/execute", kBody).status, 401);
  EXPECT_TRUE(work_.questions.empty());
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(call("GET", path).status, 200) << path;
  }
  EXPECT_EQ(call("POST", "/api/check/execute", kBody, {{"Authorization", "Bearer secret"}}).status,
            200);
  for (const std::string& line : lines_) EXPECT_THAT(line, testing::Not(HasSubstr("secret")));
}

TEST_F(CheckServerTest, HeaderNamesTheCheckInLogsAndQuestion) {
  call("POST", "/api/check/execute", R"({"query":"q","name":"body/b"})",
       {{"X-Check-Name", "ns/name"}, {"Idempotency-Key", "attempt-1"}});
  EXPECT_EQ(work_.questions.at(0).name, "ns/name");
  EXPECT_THAT(lines_, testing::Contains(testing::AllOf(HasSubstr("check=ns/name"),
                                                       HasSubstr("attempt=attempt-1"))));
}

TEST_F(CheckServerTest, DroppedConnectionCancelsWithoutAKeyOnly) {
  for (const bool with_key : {false, true}) {
    work_.judged_to_the_end = 0;
    StopSource connection;
    HttpRequest post = request("POST", "/api/check/execute", kBody);
    if (with_key) post.headers.add("Idempotency-Key", "k");
    const Pending answer = begin(std::move(post), connection.stop());
    connection.request_stop();
    loop_.advance(2s);
    EXPECT_TRUE(answer->has_value());
    EXPECT_EQ(work_.judged_to_the_end, with_key ? 1 : 0);
  }
  EXPECT_EQ(call("GET", "/api/check/executions/k").status, 200);
}

TEST_F(CheckServerTest, ExecutionIsWaitedForUntilItsAnswer) {
  work_.takes = 20s;
  const Pending answer =
      begin(request("POST", "/api/check/execute", kBody, {{"Idempotency-Key", "a/b"}}));
  const std::string path = "/api/check/executions/a%2Fb";
  EXPECT_EQ(call("GET", path).status, 202);
  EXPECT_EQ(call("GET", path + "?waitSeconds=3").status, 202);
  EXPECT_EQ(call("GET", path + "?waitSeconds=x").status, 422);
  EXPECT_EQ(call("GET", path + "?waitSeconds=-1").status, 422);
  const HttpResponse waited = call("GET", path + "?waitSeconds=25");
  EXPECT_EQ(waited.status, 200);
  loop_.run_until_idle();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ(waited.body, (*answer)->body);
}

TEST_F(CheckServerTest, WaitingForAnExecutionIsCapped) {
  work_.takes = 200s;
  const Pending answer = begin(request(
      "POST", "/api/check/execute", R"({"query":"q","timeout":300})", {{"Idempotency-Key", "k"}}));
  const MonoTime began = loop_.mono_now();
  EXPECT_EQ(call("GET", "/api/check/executions/k?waitSeconds=4000000000").status, 202);
  EXPECT_EQ(loop_.mono_now() - began, 30s);
}

TEST_F(CheckServerTest, DeleteCancelsAndTellsTheAnswer) {
  const Pending answer =
      begin(request("POST", "/api/check/execute", kBody, {{"Idempotency-Key", "k"}}));
  const HttpResponse cancelled = call("DELETE", "/api/check/executions/k");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_THAT(cancelled.body, HasSubstr(R"("reason":"Cancelled")"));
  loop_.run_until_idle();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 200);
  EXPECT_EQ((*answer)->body, cancelled.body);
}

TEST_F(CheckServerTest, SameKeyWithAnotherBodyIsRefusedWithASentence) {
  call("POST", "/api/check/execute", kBody, {{"Idempotency-Key", "k"}});
  const HttpResponse clash =
      call("POST", "/api/check/execute", R"({"query":"other"})", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(clash.status, 422);
  EXPECT_THAT(clash.body, HasSubstr("stands for one request only"));
}

TEST_F(CheckServerTest, WorkThatIsNotTakenSaysWhenToTryAgain) {
  CheckServerOptions options;
  options.executions.running_max = 1;
  restart(options);
  const Pending answer = begin(request("POST", "/api/check/execute", kBody));
  const HttpResponse busy = call("POST", "/api/check/execute", kBody);
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.headers.find("Retry-After"), "5");
}

TEST_F(CheckServerTest, ACheckWithoutRoomAtItsModelIsNotTakenAndMayBeSentAgain) {
  bool room = false;
  CheckServerOptions options;
  options.executions.room_for = [&room](const CheckRequest&) -> Status {
    if (room) return {};
    return fail({ErrorCode::kRefused, "the model 'm' has no room", 16'500ms});
  };
  restart(options);
  const HttpHeaders key{{"Idempotency-Key", "k"}};
  const HttpResponse busy = call("POST", "/api/check/execute", kBody, key);
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.headers.find("Retry-After"), "17");
  EXPECT_EQ(busy.body, R"({"detail":"the model 'm' has no room"})");
  EXPECT_TRUE(work_.questions.empty());
  EXPECT_EQ(call("GET", "/api/check/executions/k").status, 404);
  room = true;
  EXPECT_EQ(call("POST", "/api/check/execute", kBody, key).status, 200);
}

TEST_F(CheckServerTest, ShutDownRefusesNewWorkAndFinishesTheOld) {
  const Pending old =
      begin(request("POST", "/api/check/execute", kBody, {{"Idempotency-Key", "k"}}));
  calls_.spawn(server_->shut_down(Stop()));
  loop_.run_until_idle();
  EXPECT_EQ(call("GET", "/readyz").status, 503);
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  const HttpResponse refused = call("POST", "/api/check/execute", kBody);
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.headers.find("Retry-After").has_value());
  EXPECT_EQ(call("GET", "/api/check/executions/k?waitSeconds=10").status, 200);
  loop_.run_until_idle();
  ASSERT_TRUE(old->has_value());
  EXPECT_EQ((*old)->status, 200);
  EXPECT_EQ(work_.questions.size(), 1U);
}

TEST_F(CheckServerTest, WhatTheShutDownCutsOffIsOfUnknownOutcome) {
  work_.takes = 20s;
  const Pending answer = begin(request("POST", "/api/check/execute", kBody));
  const StopSource grace(Stop(), loop_, loop_.mono_now() + 1s);
  loop_.run(server_->shut_down(grace.stop()));
  loop_.run_until_idle();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 503);
  EXPECT_FALSE((*answer)->headers.find("Retry-After").has_value());
}

TEST_F(CheckServerTest, ReadyOnlyOnceItIsSaid) {
  MetricsRegistry registry;
  CheckServer server(loop_, work_.judge(), work_.alert(), registry, Logger(), {});
  const HttpResponse starting = loop_.run(server.handle(request("GET", "/readyz"), Stop()));
  EXPECT_EQ(starting.status, 503);
  EXPECT_EQ(starting.body, R"({"detail":"Service not ready"})");
  server.set_ready();
  EXPECT_EQ(loop_.run(server.handle(request("GET", "/readyz"), Stop())).status, 200);
  EXPECT_EQ(call("GET", "/readyz").body, R"({"status":"ready","models":["openai/m"]})");
  EXPECT_EQ(call("GET", "/healthz").body, R"({"status":"healthy"})");
}

TEST_F(CheckServerTest, InfoAndModelTellWhatRuns) {
  loop_.advance(90s);
  EXPECT_EQ(call("GET", "/api/info").body,
            R"({"version":"1.2.3","uptime_seconds":90,"auth_enabled":false,"models":["openai/m"],)"
            R"("toolsets_summary":{"total":3,"enabled":1,"failed":0,"disabled":2},)"
            R"("capabilities":["executions/v1"]})");
  EXPECT_EQ(call("GET", "/api/model").body, R"({"model_name":"[\"openai/m\"]"})");
}

TEST_F(CheckServerTest, RequestsAreCountedByRouteNotByPath) {
  call("GET", "/healthz");
  call("GET", "/api/check/executions/one");
  call("GET", "/api/check/executions/two");
  call("GET", "/a-scan");
  const std::string text = call("GET", "/metrics").body;
  for (const char* sample :
       {R"(holmes_server_requests_total{code="200",route="/healthz"} 1)",
        R"(holmes_server_requests_total{code="404",route="/api/check/executions/{key}"} 2)",
        R"(holmes_server_requests_total{code="404",route="other"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

}  // namespace
}  // namespace holmes
