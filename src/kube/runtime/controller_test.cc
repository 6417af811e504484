#include "kube/runtime/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/runtime/toy_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

const ObjectKey kA{"ns", "a"};
const ObjectKey kB{"ns", "b"};

class ControllerTest : public ::testing::Test, protected World {
 protected:
  void start(size_t workers = 1) {
    controller_ = std::make_unique<Controller>(
        loop, queue_, [this](ObjectKey key, Stop stop) { return reconcile(key, stop); }, logger,
        metrics, ControllerOptions{.name = "toys", .workers = workers});
    tasks.spawn(controller_->run(tasks.stop()));
    loop.run_until_idle();
  }
  Task<Outcome> reconcile(ObjectKey key, Stop stop) {
    ++running_;
    most_running_ = std::max(most_running_, running_);
    calls_.push_back(key.name);
    const Status slept = co_await sleep_for(loop, takes_, stop);
    if (!slept) calls_.push_back(key.name + " cut short");
    --running_;
    if (outcomes_.empty()) co_return Done{};
    Outcome outcome = outcomes_.front();
    outcomes_.erase(outcomes_.begin());
    co_return outcome;
  }
  bool counted(const std::string& result, int count) {
    return metric(
        fmt::format(R"(controller_runtime_reconcile_total{{controller="toys",result="{}"}} {})",
                    result, count));
  }
  void TearDown() override { close(); }

  WorkQueue queue_{loop, random, metrics, {.name = "toys"}};
  std::unique_ptr<Controller> controller_;
  std::vector<std::string> calls_;
  std::vector<Outcome> outcomes_;
  std::chrono::nanoseconds takes_{0};
  size_t running_ = 0;
  size_t most_running_ = 0;
};

TEST_F(ControllerTest, ReconcilesEachKeyAndIsDone) {
  start();
  queue_.add(kA);
  queue_.add(kB);
  loop.advance(minutes(5));
  EXPECT_THAT(calls_, ElementsAre("a", "b"));
  EXPECT_TRUE(counted("success", 2));
  EXPECT_EQ(queue_.in_hand(), 0U);
}

TEST_F(ControllerTest, WorksOnAsManyKeysAtOnceAsItHasWorkers) {
  takes_ = seconds(1);
  start(3);
  for (const char* name : {"a", "b", "c", "d", "e"}) queue_.add({"ns", name});
  loop.advance(milliseconds(1500));
  EXPECT_TRUE(metric(R"(controller_runtime_active_workers{controller="toys"} 2)"));
  loop.advance(seconds(5));
  EXPECT_EQ(calls_.size(), 5U);
  EXPECT_EQ(most_running_, 3U);
  EXPECT_TRUE(metric(R"(controller_runtime_max_concurrent_reconciles{controller="toys"} 3)"));
}

TEST_F(ControllerTest, RequeueAfterComesBackInTime) {
  outcomes_ = {RequeueAfter{seconds(30)}};
  start();
  queue_.add(kA);
  loop.advance(seconds(29));
  EXPECT_EQ(calls_.size(), 1U);
  loop.advance(seconds(1));
  EXPECT_EQ(calls_.size(), 2U);
  EXPECT_TRUE(counted("requeue_after", 1));
}

TEST_F(ControllerTest, RetriesBackOffAndSuccessBeginsAnew) {
  const RetryWithBackoff retry{Error(ErrorCode::kUnavailable, "the server is away")};
  outcomes_ = {retry, retry, retry};
  start();
  queue_.add(kA);
  loop.advance(milliseconds(10));
  EXPECT_EQ(queue_.retries(kA), 1U);
  loop.advance(seconds(5));
  EXPECT_EQ(calls_.size(), 4U);
  EXPECT_EQ(queue_.retries(kA), 0U);
  EXPECT_TRUE(counted("error", 3));
  EXPECT_TRUE(metric(R"(controller_runtime_reconcile_errors_total{controller="toys"} 3)"));
  EXPECT_EQ(logs.size(), 3U);
}

TEST_F(ControllerTest, GivingUpWaitsForAChange) {
  outcomes_ = {GiveUp{Error(ErrorCode::kInvalid, "no")}};
  start();
  queue_.add(kA);
  loop.advance(minutes(10));
  EXPECT_EQ(calls_.size(), 1U);
  EXPECT_THAT(logs, ElementsAre("reconcile failed, not retrying"));
  queue_.add(kA);
  loop.run_until_idle();
  EXPECT_EQ(calls_.size(), 2U);
}

TEST_F(ControllerTest, AStopFinishesWhatIsInHandAndTakesNothingNew) {
  takes_ = seconds(5);
  start();
  queue_.add(kA);
  queue_.add(kB);
  loop.run_until_idle();
  const MonoTime before = loop.mono_now();
  close();
  EXPECT_THAT(calls_, ElementsAre("a"));
  EXPECT_EQ(loop.mono_now() - before, seconds(5));
  EXPECT_EQ(queue_.size(), 1U);
}

TEST_F(ControllerTest, AReconcileThatGoesOnForTooLongAfterTheStopIsCutShort) {
  takes_ = minutes(5);
  start();
  queue_.add(kA);
  loop.run_until_idle();
  const MonoTime before = loop.mono_now();
  close();
  EXPECT_THAT(calls_, ElementsAre("a", "a cut short"));
  EXPECT_EQ(loop.mono_now() - before, seconds(10));
}

TEST_F(ControllerTest, TimesAreMeasured) {
  takes_ = milliseconds(250);
  start();
  queue_.add(kA);
  loop.advance(seconds(1));
  EXPECT_TRUE(metric(R"(controller_runtime_reconcile_time_seconds_sum{controller="toys"} 0.25)"));
}

}  // namespace
}  // namespace holmes::kube
