#include "cmd/check_judges.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"
#include "base/strings.h"
#include "holmes/checks/fake_tool_testing.h"
#include "holmes/llm/fake_model_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kPass =
    R"({"status":"pass","message":"m","duration":1.5,"rationale":"r","model_used":"m"})";

// Answers each POST with the next of a list, and DELETE with 200.
class FakeServer final : public HttpClient {
 public:
  explicit FakeServer(Loop& loop) : loop_(loop) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    requests.push_back(request);
    if (request.method == "DELETE") co_return HttpResponse{200};
    if (answers.empty()) {
      Event never(loop_);
      HOLMES_CO_CHECK(co_await never.wait(stop));
    }
    Result<HttpResponse> answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

  std::vector<HttpRequest> requests;
  std::deque<Result<HttpResponse>> answers;

 private:
  Loop& loop_;
};

class OneAddress final : public Resolver {
 public:
  Task<Result<std::vector<std::string>>> resolve(std::string, uint16_t, Stop) override {
    co_return std::vector<std::string>{"10.0.0.1:8080"};
  }
};

class RemoteJudgeTest : public ::testing::Test {
 protected:
  CheckResponse judge(Stop stop = {}) {
    CheckClient client(loop_, http_, resolver_, Logger(), {Url{"http", "api", 8080, ""}, "key"});
    SeededRandom random(1);
    RemoteJudge judge(loop_, client, random);
    return loop_.run(judge.judge(request_, {}, std::move(stop)));
  }

  VirtualLoop loop_;
  FakeServer http_{loop_};
  OneAddress resolver_;
  CheckRequest request_{"q", seconds(30), CheckMode::kAlert, {}, "", "shop/a"};
};

HttpResponse busy(std::string seconds) {
  return {429, {{"Retry-After", std::move(seconds)}}, R"({"detail":"busy"})"};
}

TEST_F(RemoteJudgeTest, SendsTheCheckWithTheKeyAndGivesTheAnswer) {
  http_.answers = {HttpResponse{200, {}, kPass}};
  const CheckResponse response = judge();
  EXPECT_EQ(response.status, CheckStatus::kPass);
  EXPECT_EQ(response.duration_seconds, 1.5);
  ASSERT_THAT(http_.requests, SizeIs(1));
  EXPECT_EQ(http_.requests[0].headers.find("X-API-Key"), "key");
  EXPECT_THAT(http_.requests[0].body, HasSubstr(R"("mode":"alert")"));
}

TEST_F(RemoteJudgeTest, WaitsForABusyServerAndSendsTheSameCheckAgain) {
  http_.answers = {busy("7"), busy("7"), HttpResponse{200, {}, kPass}};
  const MonoTime began = loop_.mono_now();
  EXPECT_EQ(judge().status, CheckStatus::kPass);
  EXPECT_EQ(loop_.mono_now() - began, seconds(14));
  ASSERT_THAT(http_.requests, SizeIs(3));
  EXPECT_EQ(http_.requests[0].headers.find("Idempotency-Key"),
            http_.requests[2].headers.find("Idempotency-Key"));
}

TEST_F(RemoteJudgeTest, WaitsNoLongerThanTheChecksTimeout) {
  http_.answers = {busy("20")};
  const CheckResponse response = judge();
  EXPECT_EQ(response.status, CheckStatus::kError);
  EXPECT_EQ(response.reason, ErrorReason::kTimeout);
  EXPECT_THAT(response.error, AllOf(HasSubstr("within 30 s"), HasSubstr("busy")));
  EXPECT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(response.duration_seconds, 20);
}

TEST_F(RemoteJudgeTest, TellsAtOnceWhatWaitingDoesNotHeal) {
  const std::pair<Result<HttpResponse>, std::string> cases[] = {
      {HttpResponse{401, {}, "no"}, "does not take this key (HOLMES_API_KEY): HTTP 401: no"},
      {HttpResponse{422, {}, "no"}, "does not take this check: HTTP 422: no"},
      {HttpResponse{404, {}, "no"}, "no route for checks"},
      {fail(ErrorCode::kRefused, "connection refused"), "connection refused"}};
  for (const auto& [answer, error] : cases) {
    http_.answers = {answer};
    const MonoTime began = loop_.mono_now();
    const CheckResponse response = judge();
    EXPECT_EQ(response.status, CheckStatus::kError);
    EXPECT_THAT(response.error, HasSubstr(error));
    EXPECT_EQ(loop_.mono_now(), began);
  }
}

TEST_F(RemoteJudgeTest, CancellingCancelsAtTheServer) {
  StopSource stop;
  const Timer later(loop_, loop_.mono_now() + seconds(3), [&stop] { stop.request_stop(); });
  const CheckResponse response = judge(stop.stop());
  EXPECT_EQ(response.reason, ErrorReason::kCancelled);
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(http_.requests[1].method, "DELETE");
  EXPECT_THAT(http_.requests[1].target,
              HasSubstr(std::string(*http_.requests[0].headers.find("Idempotency-Key"))));
}

// Keeps what it was to deliver.
class Delivered final : public DestinationAdapter {
 public:
  explicit Delivered(std::vector<Alert>& alerts) : alerts_(alerts) {}
  [[nodiscard]] std::string_view type() const override { return "slack"; }
  Task<Notification> deliver(Destination, Alert alert, Stop) override {
    alerts_.push_back(std::move(alert));
    co_return Notification{"slack", "", Notification::Outcome::kSent, ""};
  }

 private:
  std::vector<Alert>& alerts_;
};

class LocalJudgeTest : public ::testing::Test {
 protected:
  CheckResponse judge(std::string_view verdict, CheckRequest request) {
    std::vector<std::unique_ptr<Model>> models;
    const std::string text = to_text(json::object{{"rationale", "because"}, {"verdict", verdict}});
    models.push_back(std::make_unique<FakeModel>(
        loop_, std::vector<FakeModel::Turn>{
                   {calls({{"c", "get", "{}"}})}, {says("Looked.")}, {says(text)}}));
    const ModelTable table(std::move(models));
    std::vector<std::unique_ptr<Tool>> tools;
    tools.push_back(std::make_unique<FakeTool>(
        loop_, "get", ToolResult{ToolOutcome::kAnswered, "3/3"}, seconds(2)));
    const ToolTable tool_table(std::move(tools));
    MetricsRegistry metrics;
    CheckRunner runner(loop_, table, tool_table, metrics, Logger());
    std::vector<std::unique_ptr<DestinationAdapter>> adapters;
    adapters.push_back(std::make_unique<Delivered>(alerts_));
    Notifier notifier(loop_, Logger(), std::move(adapters));
    const auto answer = [&runner](CheckQuestion question, Stop stop) {
      return runner.run(std::move(question), std::move(stop));
    };
    LocalJudge judge(loop_, answer, notifier);
    return loop_.run(
        judge.judge(std::move(request), [this](const CheckProgress& p) { progress_ = p; }, {}));
  }

  VirtualLoop loop_;
  std::vector<Alert> alerts_;
  CheckProgress progress_;
  CheckRequest alerting_{"q", seconds(30), CheckMode::kAlert, {{"slack", "", {}}}, "", "shop/a"};
};

TEST_F(LocalJudgeTest, AFailInModeAlertIsTold) {
  const CheckResponse response = judge("fail", alerting_);
  EXPECT_EQ(response.status, CheckStatus::kFail);
  ASSERT_THAT(alerts_, SizeIs(1));
  EXPECT_EQ(alerts_[0].check, "shop/a");
  EXPECT_EQ(alerts_[0].rationale, "because");
  EXPECT_THAT(response.notifications, SizeIs(1));
  EXPECT_EQ(progress_, (CheckProgress{3, 1}));
}

TEST_F(LocalJudgeTest, NothingElseIsTold) {
  EXPECT_EQ(judge("pass", alerting_).status, CheckStatus::kPass);
  CheckRequest monitoring = alerting_;
  monitoring.mode = CheckMode::kMonitor;
  EXPECT_EQ(judge("fail", monitoring).status, CheckStatus::kFail);
  EXPECT_THAT(alerts_, IsEmpty());
}

TEST_F(LocalJudgeTest, TheTimeoutOfTheCheckHolds) {
  alerting_.timeout = seconds(1);
  EXPECT_EQ(judge("fail", alerting_).reason, ErrorReason::kTimeout);
  EXPECT_THAT(alerts_, IsEmpty());
}

TEST(ReplayJudge, GivesEachRecordingItsTurn) {
  VirtualLoop loop;
  std::vector<Recording> recordings(2);
  for (Recording& recording : recordings) {
    recording.name = "shop/frontend";
    recording.query = "Is it up?";
    recording.model = "openai/gpt-4.1";
  }
  ModelReply sure;
  sure.content = "I am sure.";
  recordings[1].turns.push_back({{}, sure});
  const std::vector<FileCheck> checks = recorded_checks(recordings);
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].ns, "shop");
  EXPECT_EQ(checks[0].name, "frontend");
  ReplayJudge judge(loop, recordings, {}, Logger());
  // The first has no reply at all, the second a findings without any tool call.
  EXPECT_EQ(loop.run(judge.judge(checks[0].request, {}, {})).reason,
            ErrorReason::kModelUnavailable);
  EXPECT_EQ(loop.run(judge.judge(checks[1].request, {}, {})).reason, ErrorReason::kNoEvidence);
  CheckRequest other;
  other.query = "Is it up?";
  EXPECT_EQ(loop.run(judge.judge(other, {}, {})).reason, ErrorReason::kModelUnavailable);
}

}  // namespace
}  // namespace holmes
