#include "kube/runtime/controller.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/runtime/sweep.h"
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
        loop, queue_, [this](ObjectKey key, Stop stop) { return call(key, stop); }, logger, metrics,
        ControllerOptions{.name = "toys", .workers = workers});
    tasks.spawn(controller_->run(tasks.stop()));
    loop.run_until_idle();
  }
  Task<Outcome> call(const ObjectKey& key, const Stop& stop) {
    if (throws_) return std::exchange(throws_, {})(key);
    return reconcile(key, stop);
  }
  Task<Outcome> shallow(bool number) {
    if (number) throw 42;
    throw std::runtime_error("a library did this");
    co_return Done{};
  }
  Task<Outcome> deep();
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
  std::function<Task<Outcome>(const ObjectKey&)> throws_;  // once, instead of a reconcile
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

TEST_F(ControllerTest, GivingUpIsCountedAsATerminalError) {
  outcomes_ = {GiveUp{Error(ErrorCode::kInvalid, "no")}};
  start();
  queue_.add(kA);
  loop.run_until_idle();
  EXPECT_TRUE(counted("error", 1));
  EXPECT_TRUE(metric(R"(controller_runtime_reconcile_errors_total{controller="toys"} 1)"));
  EXPECT_TRUE(metric(R"(controller_runtime_terminal_reconcile_errors_total{controller="toys"} 1)"));
}

Task<> throw_later(Loop& loop) {
  static_cast<void>(co_await sleep_for(loop, seconds(1), {}));
  throw std::runtime_error("a library did this");
}

Task<Outcome> ControllerTest::deep() {
  co_await throw_later(loop);
  co_return Done{};
}

TEST_F(ControllerTest, WhatAReconcilerThrowsIsCountedAndTriedAgainLikeAnError) {
  enum class Way { kCoroutine, kDeep, kFunction, kNoException };
  for (const Way way : {Way::kCoroutine, Way::kDeep, Way::kFunction, Way::kNoException}) {
    throws_ = [this, way](const ObjectKey&) -> Task<Outcome> {
      if (way == Way::kFunction) throw std::runtime_error("a library did this");
      return way == Way::kDeep ? deep() : shallow(way == Way::kNoException);
    };
    const size_t before = calls_.size();
    if (controller_ == nullptr) start();
    queue_.add(kA);
    loop.advance(minutes(1));
    EXPECT_EQ(calls_.size(), before + 1);  // the second try
    EXPECT_EQ(queue_.in_hand(), 0U);
  }
  EXPECT_TRUE(metric(R"(controller_runtime_reconcile_panics_total{controller="toys"} 4)"));
  EXPECT_TRUE(metric(R"(controller_runtime_reconcile_errors_total{controller="toys"} 4)"));
  EXPECT_TRUE(metric(R"(controller_runtime_active_workers{controller="toys"} 0)"));
  EXPECT_THAT(logs, ::testing::Each("reconcile failed, retrying"));
  EXPECT_EQ(logs.size(), 4U);
}

TEST_F(ControllerTest, LetsOtherWorkOfTheLoopRunBetweenReconciles) {
  start();
  for (int i = 0; i < 1000; ++i) queue_.add({"ns", std::to_string(i)});
  size_t done_before = 0;
  loop.post([&] { loop.post([&] { done_before = calls_.size(); }); });
  loop.run_until_idle();
  EXPECT_EQ(calls_.size(), 1000U);
  EXPECT_LT(done_before, 10U);
}

// A cache for sweeps.
struct Cache {
  std::vector<std::shared_ptr<const Toy>> toys;
  void for_each(const std::function<void(const std::shared_ptr<const Toy>&)>& visit) const {
    for (const auto& toy : toys) visit(toy);
  }
};

TEST_F(ControllerTest, ASweepLooksAtEveryObjectAndItsRepairsAreCounted) {
  Cache cache;
  for (const char* name : {"a", "b", "c"}) {
    cache.toys.push_back(std::make_shared<const Toy>(toy_of({.name = name})));
  }
  outcomes_ = {Done{}, Done{.changed = true}, RequeueAfter{minutes(2), true},
               Done{.changed = true}};  // the last is no sweep's
  start();
  tasks.spawn(sweep(loop, random, cache, queue_, minutes(10), tasks.stop()));
  loop.advance(minutes(9) - seconds(1));
  EXPECT_THAT(calls_, ElementsAre());
  loop.advance(minutes(2));
  EXPECT_THAT(calls_, ElementsAre("a", "b", "c"));
  const std::string repairs = R"(holmes_sweep_repairs_total{controller="toys"} 2)";
  EXPECT_TRUE(metric(repairs));
  EXPECT_THAT(logs, ElementsAre("a full sweep found something to repair",
                                "a full sweep found something to repair"));
  loop.advance(minutes(3));
  EXPECT_THAT(calls_, ElementsAre("a", "b", "c", "c"));
  loop.advance(minutes(60));
  EXPECT_GE(calls_.size(), 4U + 3 * 4);
  EXPECT_LE(calls_.size(), 4U + 3 * 8);
  EXPECT_TRUE(metric(repairs));
}

TEST_F(ControllerTest, ARepairThatNeededASecondTryIsCounted) {
  outcomes_ = {RetryWithBackoff{Error(ErrorCode::kUnavailable, "away")}, Done{.changed = true}};
  start();
  queue_.add(kA, Lane::kSweep);
  loop.advance(seconds(1));
  EXPECT_TRUE(metric(R"(holmes_sweep_repairs_total{controller="toys"} 1)"));
}

TEST_F(ControllerTest, WhatAChangeAskedForIsNoRepair) {
  outcomes_ = {Done{.changed = true}, Done{}, Done{.changed = true}};
  takes_ = seconds(1);
  start();
  queue_.add(kA, Lane::kSweep);
  queue_.add(kA);
  queue_.add(kB, Lane::kSweep);
  loop.advance(milliseconds(1500));
  queue_.add(kB);  // while the sweep's reconcile finds nothing
  loop.advance(seconds(10));
  EXPECT_THAT(calls_, ElementsAre("a", "b", "b"));
  EXPECT_TRUE(metric(R"(holmes_sweep_repairs_total{controller="toys"} 0)"));
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
