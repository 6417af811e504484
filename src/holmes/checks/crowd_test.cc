// Many checks at one model that has little room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/random.h"
#include "async/task_scope.h"
#include "holmes/checks/check_runner_testing.h"
#include "holmes/llm/crowded_model_testing.h"
#include "holmes/llm/model_queue.h"
#include "holmes/llm/retry.h"

namespace holmes {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// Looks once, then passes.
ModelReply look_and_pass(const ModelRequest& request) {
  if (request.schema) return says(R"({"rationale":"3 of 3 pods are ready.","verdict":"pass"})");
  if (request.messages.back().role == Role::kTool) return says("All well.");
  return calls({kGet});
}

class CrowdTest : public CheckRunnerTest {
 protected:
  ~CrowdTest() override { loop_.run(scope_.close()); }

  void make(const ModelLimits& limits) {
    auto provider = std::make_unique<CrowdedModel>(loop_);
    provider_ = provider.get();
    provider_->says = look_and_pass;
    auto queue =
        std::make_shared<ModelQueue>(loop_, "m", limits, ModelQueueMetrics(*metrics_), Logger());
    auto queued = std::make_unique<QueuedModel>(std::move(queue), std::move(provider));
    std::vector<std::unique_ptr<Model>> models;
    models.push_back(std::make_unique<RetryingModel>(loop_, random_, std::move(queued),
                                                     ModelMetrics(*metrics_), Logger()));
    models_ = ModelTable(std::move(models));
    add_tool(ToolOutcome::kAnswered, "3/3 ready");
    table_.emplace(std::exchange(tools_, {}));
    runner_.emplace(loop_, models_, *table_, *metrics_, log_, options_);
  }
  void check(std::string name, std::chrono::seconds timeout) {
    scope_.spawn(run_one(std::move(name), timeout));
    loop_.run_until_idle();
  }
  Task<> run_one(std::string name, std::chrono::seconds timeout) {
    const StopSource limit({}, loop_, loop_.mono_now() + timeout);
    responses_.push_back(co_await runner_->run({"Well?", std::move(name), ""}, limit.stop()));
  }
  [[nodiscard]] int64_t passed() const {
    return std::ranges::count(responses_, CheckStatus::kPass, &CheckResponse::status);
  }
  Status room(std::string name, std::chrono::seconds timeout) {
    CheckRequest request;
    request.name = std::move(name);
    request.timeout = timeout;
    return runner_->room_for(request);
  }

  SeededRandom random_{1};
  CrowdedModel* provider_ = nullptr;
  std::vector<CheckResponse> responses_;
  TaskScope scope_{loop_};
};

TEST_F(CrowdTest, AllEndRightAlthoughTheProviderRefusesMostAtFirst) {
  make({.calls_max = 64});
  provider_->room = 4;
  for (int i = 0; i < 60; ++i) check("shop/" + std::to_string(i), 300s);
  loop_.advance(300s);
  EXPECT_EQ(passed(), 60);
  EXPECT_GT(provider_->refused, 0);
  EXPECT_EQ(provider_->answered, 180);
}

TEST_F(CrowdTest, NamespacesOfChecksTakeTurns) {
  make({.calls_max = 2});
  for (int i = 0; i < 50; ++i) check("busy/" + std::to_string(i), 300s);
  check("quiet/one", 30s);
  loop_.advance(8s);  // its three calls, each after one of others
  EXPECT_TRUE(
      std::ranges::any_of(provider_->asked, [](const auto& asked) { return asked.ns == "quiet"; }));
  EXPECT_EQ(std::ranges::count(provider_->asked, "quiet", &CrowdedModel::Asked::ns), 3);
}

// First come, first served for each call would let 40 checks pass their time limits together.
TEST_F(CrowdTest, ChecksThatBeganEndBeforeOthersBegin) {
  make({.calls_max = 1});
  for (int i = 0; i < 40; ++i) {
    check("shop/" + std::to_string(i), 30s);
    loop_.advance(1ms);
  }
  loop_.advance(31s);
  ASSERT_EQ(responses_.size(), 40U);
  EXPECT_GE(passed(), 9);
}

TEST_F(CrowdTest, WaitingCountsAgainstTheDeadlineAndIsTold) {
  make({.calls_max = 1});
  provider_->takes = 20s;
  check("shop/first", 300s);
  loop_.advance(1s);
  check("shop/late", 5s);
  loop_.advance(5s);
  ASSERT_EQ(responses_.size(), 1U);
  expect_error(responses_[0], ErrorReason::kTimeout);
  EXPECT_EQ(responses_[0].error,
            "the check's time limit passed before there was a verdict; it waited 5.0 s for room at "
            "the model 'm'");
  EXPECT_DOUBLE_EQ(responses_[0].duration_seconds, 5);
  EXPECT_EQ(provider_->asked.size(), 1U);
  EXPECT_EQ(responses_[0].usage.model_calls, 0);
  EXPECT_THAT(metrics_->expose(), Not(HasSubstr("holmes_model_requests_total{")));
  // Also when it was asked in the end.
  loop_.advance(5s);
  check("quiet/late", 15s);
  loop_.advance(15s);
  ASSERT_EQ(responses_.size(), 2U);
  EXPECT_THAT(responses_[1].error, HasSubstr("; it waited 9.0 s for room at the model 'm'"));
  EXPECT_EQ(responses_[1].usage.model_calls, 1);
  // And when it was asked, refused, and then waited.
  provider_->takes = 1s;
  loop_.advance(60s);
  provider_->fails_next = ModelErrorKind::kServerError;
  check("shop/refused", 5s);
  provider_->takes = 20s;
  check("shop/other", 300s);
  loop_.advance(5s);
  ASSERT_EQ(responses_.size(), 4U);
  EXPECT_THAT(responses_[3].error, HasSubstr("s for room at the model 'm'"));
  EXPECT_EQ(responses_[3].usage.model_calls, 1);
}

TEST_F(CrowdTest, ARoomyModelIsNotMentionedWhenTimePasses) {
  make({});
  provider_->takes = 20s;
  check("shop/slow", 5s);
  loop_.advance(5s);
  ASSERT_EQ(responses_.size(), 1U);
  EXPECT_EQ(responses_[0].error, "the check's time limit passed before there was a verdict");
}

TEST_F(CrowdTest, TellsBeforehandWhetherThereIsRoomForACheckOfThisNamespaceInItsTime) {
  options_.budget.time_max = 60s;
  make({.calls_max = 1});
  for (int i = 0; i < 21; ++i) check("busy/" + std::to_string(i), 300s);
  loop_.advance(1s);  // 20 wait or are asked; their 60 calls take a minute
  EXPECT_TRUE(room("quiet/x", 10s));
  const Status none = room("busy/x", 30s);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kRefused);
  EXPECT_TRUE(none.error().retry_after);
  EXPECT_FALSE(room("busy/x", 300s));  // no check may take longer than a minute
  CheckRequest unknown;
  unknown.model = "nobody";
  EXPECT_TRUE(runner_->room_for(unknown));
}

}  // namespace
}  // namespace holmes
