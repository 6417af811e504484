#include "holmes/server/executions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "holmes/server/fake_work_testing.h"

namespace holmes {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

CheckRequest request(std::string query = "q") {
  CheckRequest check;
  check.query = std::move(query);
  check.name = "ns/name";
  return check;
}

CheckRequest alerting() {
  CheckRequest check = request();
  check.mode = CheckMode::kAlert;
  check.destinations.push_back({"slack", "", {}});
  return check;
}

class ExecutionsTest : public ::testing::Test {
 protected:
  ~ExecutionsTest() override {
    for (auto& executions : all_) loop_.run(executions->close(Stop()));
  }

  Executions& make(ExecutionsOptions options = {}) {
    all_.push_back(std::make_unique<Executions>(loop_, work_.judge(), work_.alert(), metrics_,
                                                Logger(), options));
    return *all_.back();
  }

  std::string answer_of(const std::shared_ptr<Execution>& execution) {
    const Status ended = loop_.run(execution->ended.wait(Stop()));
    EXPECT_TRUE(ended);
    return execution->answer;
  }

  VirtualLoop loop_;
  FakeWork work_{loop_};
  MetricsRegistry registry_;
  ServerMetrics metrics_{registry_};
  std::vector<std::unique_ptr<Executions>> all_;
};

TEST_F(ExecutionsTest, SameKeyIsOneExecutionAndOneAnswer) {
  Executions& executions = make();
  const auto first = executions.start(request(), "k").value();
  const auto second = executions.start(request(), "k").value();
  const std::string answer = answer_of(first);
  EXPECT_THAT(answer, HasSubstr("because of number 1"));
  const auto late = executions.start(request(), "k").value();
  EXPECT_EQ(answer_of(second), answer);
  EXPECT_EQ(answer_of(late), answer);
  EXPECT_EQ(work_.questions.size(), 1U);
}

TEST_F(ExecutionsTest, WithoutKeyEachIsItsOwnExecution) {
  Executions& executions = make();
  const auto a = executions.start(request(), "").value();
  const auto b = executions.start(request(), "").value();
  EXPECT_NE(answer_of(a), answer_of(b));
  EXPECT_EQ(work_.questions.size(), 2U);
  EXPECT_EQ(executions.find(""), nullptr);
}

TEST_F(ExecutionsTest, KeyWithAnotherRequestIsRefusedWhileRunningAndAfter) {
  Executions& executions = make();
  const auto first = executions.start(request(), "k").value();
  EXPECT_EQ(executions.start(request("other"), "k").error().code, ErrorCode::kInvalid);
  answer_of(first);
  EXPECT_EQ(executions.start(request("other"), "k").error().code, ErrorCode::kInvalid);
}

TEST_F(ExecutionsTest, AnswersAreKeptForTheirTime) {
  Executions& executions = make();  // the contract's 10 minutes
  answer_of(executions.start(request(), "k").value());
  loop_.advance(599s);
  ASSERT_NE(executions.find("k"), nullptr);
  loop_.advance(2s);
  EXPECT_EQ(executions.find("k"), nullptr);
  answer_of(executions.start(request("other"), "k").value());
  EXPECT_EQ(work_.questions.size(), 2U);
}

TEST_F(ExecutionsTest, OldestAnswersGoFirstAndRunningOnesStay) {
  EXPECT_EQ(ExecutionsOptions().answers_max, 10'000U);  // the contract's
  Executions& executions = make({.answers_max = 2});
  work_.takes = 100s;
  CheckRequest slow = request();
  slow.timeout = 300s;
  const auto running = executions.start(slow, "running").value();
  loop_.run_until_idle();
  work_.takes = 1s;
  for (const char* key : {"a", "b", "c"}) answer_of(executions.start(request(), key).value());
  EXPECT_EQ(executions.find("a"), nullptr);
  EXPECT_NE(executions.find("b"), nullptr);
  EXPECT_NE(executions.find("c"), nullptr);
  EXPECT_EQ(executions.find("running"), running);
}

TEST_F(ExecutionsTest, AnswersTakeAtMostTheirBytes) {
  Executions& executions = make({.answers_bytes_max = 700});
  for (const char* key : {"a", "b", "c", "d"}) answer_of(executions.start(request(), key).value());
  EXPECT_EQ(executions.find("a"), nullptr);
  EXPECT_NE(executions.find("d"), nullptr);
}

TEST_F(ExecutionsTest, TakesNoMoreThanItsLimitAtOnce) {
  Executions& executions = make({.running_max = 2});
  const auto a = executions.start(request(), "a").value();
  const auto b = executions.start(request(), "").value();
  const auto refused = executions.start(request(), "c");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_TRUE(refused.error().retry_after.has_value());
  EXPECT_EQ(executions.find("c"), nullptr);
  EXPECT_EQ(executions.start(request(), "a").value(), a);  // joining takes no slot
  answer_of(a);
  answer_of(b);
  EXPECT_TRUE(executions.start(request(), "c"));
}

TEST_F(ExecutionsTest, TakesNothingThatHasNoRoomButJoinsWhatRuns) {
  bool room = true;
  ExecutionsOptions options;
  options.room_for = [&room](const CheckRequest& check) -> Status {
    if (room || check.name != "ns/name") return {};
    return fail({ErrorCode::kRefused, "no room at the model", 17s});
  };
  Executions& executions = make(options);
  const auto a = executions.start(request(), "a").value();
  room = false;
  const auto refused = executions.start(request(), "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_EQ(refused.error().retry_after, 17s);
  EXPECT_EQ(executions.find("b"), nullptr);
  EXPECT_EQ(executions.start(request(), "a").value(), a);
  answer_of(a);
  EXPECT_EQ(executions.start(request(), "a").value(), a);
  EXPECT_EQ(work_.questions.size(), 1U);
  room = true;
  answer_of(executions.start(request(), "b").value());  // the same key, sent again
  EXPECT_EQ(work_.questions.size(), 2U);
}

TEST_F(ExecutionsTest, TimeoutEndsTheJudgingWithAnAnswer) {
  Executions& executions = make();
  work_.takes = 100s;
  CheckRequest check = request();
  check.timeout = 3s;
  const MonoTime began = loop_.mono_now();
  const auto execution = executions.start(check, "k").value();
  EXPECT_THAT(answer_of(execution), HasSubstr(R"("reason":"Timeout")"));
  EXPECT_EQ(loop_.mono_now() - began, 3s);
  EXPECT_EQ(work_.judged_to_the_end, 0);
}

TEST_F(ExecutionsTest, CancelEndsItWithAnAnswerAndWithoutAlert) {
  Executions& executions = make();
  work_.verdict = CheckStatus::kFail;
  const auto execution = executions.start(alerting(), "k").value();
  loop_.run_until_idle();
  execution->cancel.request_stop();
  EXPECT_THAT(answer_of(execution), HasSubstr(R"("reason":"Cancelled")"));
  EXPECT_EQ(work_.alerts, 0);
  EXPECT_NE(executions.find("k"), nullptr);
}

TEST_F(ExecutionsTest, OnlyAFailInModeAlertWithDestinationsAlerts) {
  Executions& executions = make();
  const struct {
    CheckStatus verdict;
    CheckMode mode;
    bool destinations;
    int alerts;
  } cases[] = {
      {CheckStatus::kFail, CheckMode::kAlert, true, 1},
      {CheckStatus::kFail, CheckMode::kAlert, false, 0},
      {CheckStatus::kFail, CheckMode::kMonitor, true, 0},
      {CheckStatus::kPass, CheckMode::kAlert, true, 0},
      {CheckStatus::kError, CheckMode::kAlert, true, 0},
  };
  for (const auto& c : cases) {
    work_.alerts = 0;
    work_.verdict = c.verdict;
    CheckRequest check = alerting();
    check.mode = c.mode;
    if (!c.destinations) check.destinations.clear();
    const std::string answer = answer_of(executions.start(check, "").value());
    EXPECT_EQ(work_.alerts, c.alerts) << answer;
    EXPECT_EQ(answer.find(R"("status":"sent")") != std::string::npos, c.alerts > 0) << answer;
  }
}

TEST_F(ExecutionsTest, AlertHasItsOwnTimeAfterTheVerdict) {
  Executions& executions = make({.alert_timeout = 10s});
  work_.verdict = CheckStatus::kFail;
  work_.takes = 2s;
  work_.alert_takes = 100s;
  CheckRequest check = alerting();
  check.timeout = 3s;
  const MonoTime began = loop_.mono_now();
  const std::string answer = answer_of(executions.start(check, "").value());
  EXPECT_EQ(loop_.mono_now() - began, 12s);
  EXPECT_THAT(answer, HasSubstr(R"("status":"fail")"));
  EXPECT_THAT(answer, HasSubstr(R"("status":"failed")"));
}

TEST_F(ExecutionsTest, CloseLetsRunningOnesEndAndTakesNoNewOnes) {
  Executions& executions = make();
  const auto running = executions.start(request(), "k").value();
  executions.refuse_new();
  const auto refused = executions.start(request(), "new");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(refused.error().retry_after.has_value());
  EXPECT_EQ(executions.start(request(), "k").value(), running);
  loop_.run(executions.close(Stop()));
  EXPECT_THAT(running->answer, HasSubstr(R"("status":"pass")"));
}

TEST_F(ExecutionsTest, WhatTheEndOfTheServerCutsOffHasNoAnswer) {
  Executions& executions = make();
  work_.takes = 20s;
  const auto running = executions.start(request(), "k").value();
  loop_.run_until_idle();
  const StopSource grace(Stop(), loop_, loop_.mono_now() + 2s);
  loop_.run(executions.close(grace.stop()));
  EXPECT_TRUE(running->ended.is_set());
  EXPECT_EQ(running->answer, "");
  EXPECT_EQ(executions.find("k"), nullptr);
}

TEST_F(ExecutionsTest, MetricsCountVerdictsAndWhatRuns) {
  Executions& executions = make();
  const auto execution = executions.start(request(), "").value();
  EXPECT_THAT(registry_.expose(), HasSubstr("holmes_server_executions_in_flight 1"));
  answer_of(execution);
  loop_.run_until_idle();
  const std::string text = registry_.expose();
  EXPECT_THAT(text, HasSubstr("holmes_server_executions_in_flight 0"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_server_checks_total{status="pass"} 1)"));
  EXPECT_THAT(text, HasSubstr("holmes_server_check_duration_seconds_sum 1"));
}

TEST_F(ExecutionsTest, PassesTheQuestionOn) {
  Executions& executions = make();
  CheckRequest check = request("are all well?");
  check.model = "m";
  answer_of(executions.start(check, "").value());
  EXPECT_EQ(work_.questions[0].query, "are all well?");
  EXPECT_EQ(work_.questions[0].name, "ns/name");
  EXPECT_EQ(work_.questions[0].model, "m");
}

}  // namespace
}  // namespace holmes
