#include "operator/schedule_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_testing.h"

namespace holmes {
namespace {

using Children = std::vector<ScheduleChild>;

struct ScheduleHistory : testing::Test {
  ScheduledHealthCheck schedule = schedule_made("2024-01-01T00:00:00Z");

  static WallTime hour(int n) { return at("2024-01-01T00:00:00Z") + std::chrono::hours(n); }
  ScheduleChild child(int n, ChildState state) const { return child_of(schedule, hour(n), state); }
  void observe(const Children& children) {
    observe_children(schedule.status, schedule, children, hour(100));
  }
  std::vector<WallTime> history() const {
    std::vector<WallTime> times;
    for (const HistoryEntry& entry : schedule.status.history) times.push_back(entry.execution_time);
    return times;
  }
};

TEST_F(ScheduleHistory, TellsWhatRunsAndWhatEndedNewestFirst) {
  observe(
      {child(2, ChildState::kPass), child(3, ChildState::kRunning), child(1, ChildState::kFail)});
  EXPECT_EQ(history(), (std::vector{hour(2), hour(1)}));
  EXPECT_EQ(schedule.status.history[0].result, CheckStatus::kPass);
  EXPECT_EQ(schedule.status.history[0].check_name, child_name(schedule.meta, hour(2)));
  EXPECT_EQ(schedule.status.history[0].duration_seconds, 2);
  EXPECT_EQ(schedule.status.last_result, CheckStatus::kPass);
  EXPECT_EQ(schedule.status.last_successful_time, hour(2) + std::chrono::seconds(2));
  ASSERT_EQ(schedule.status.active.size(), 1U);
  EXPECT_EQ(schedule.status.active[0].name, child_name(schedule.meta, hour(3)));
  EXPECT_EQ(schedule.status.active[0].ns, "default");
}

TEST_F(ScheduleHistory, CountsEachEndOnce) {
  const Children children{child(1, ChildState::kFail), child(2, ChildState::kFail)};
  observe(children);
  EXPECT_EQ(schedule.status.consecutive_failures, 2);
  const auto once = schedule.status;
  observe(children);
  EXPECT_EQ(schedule.status, once);
}

TEST_F(ScheduleHistory, AnErrorIsNoVerdictAndLeavesTheCount) {
  observe({child(1, ChildState::kFail), child(2, ChildState::kError)});
  EXPECT_EQ(schedule.status.consecutive_failures, 1);
  observe({child(3, ChildState::kFail)});
  EXPECT_EQ(schedule.status.consecutive_failures, 2);
  observe({child(4, ChildState::kPass)});
  EXPECT_EQ(schedule.status.consecutive_failures, 0);
}

TEST_F(ScheduleHistory, KeepsTheNewestEntriesAndCountsNoOldObjectAgain) {
  schedule.spec.history_limit = 2;
  Children children;
  for (int n = 1; n <= 5; ++n) children.push_back(child(n, ChildState::kFail));
  observe(children);
  EXPECT_EQ(history(), (std::vector{hour(5), hour(4)}));
  EXPECT_EQ(schedule.status.consecutive_failures, 5);
  schedule.spec.history_limit = 10;  // the old ones may come back, but are no news
  observe(children);
  EXPECT_EQ(history().size(), 5U);
  EXPECT_EQ(schedule.status.consecutive_failures, 5);
  EXPECT_EQ(schedule.status.last_result, CheckStatus::kFail);
}

TEST_F(ScheduleHistory, AResultIsToldAlsoOfAChildThatIsDeletedByNow) {
  ScheduleChild ended = child(1, ChildState::kPass);
  ended.gone = true;
  observe({ended});
  ASSERT_EQ(history().size(), 1U);
  EXPECT_EQ(schedule.status.last_result, CheckStatus::kPass);
}

TEST_F(ScheduleHistory, GhostsInActiveEndAsErrorsAndForeignOnesJustGo) {
  const std::string ours = child_name(schedule.meta, hour(1));
  schedule.status.active = {{ours, "default", "u1", hour(1)},
                            {"somebody-else", "default", "u2", hour(1)},
                            {ours, "other-namespace", "u3", hour(1)},
                            {"", "", "", {}}};
  observe({});
  EXPECT_TRUE(schedule.status.active.empty());
  ASSERT_EQ(schedule.status.history.size(), 1U);
  EXPECT_EQ(schedule.status.history[0].check_name, ours);
  EXPECT_EQ(schedule.status.history[0].result, CheckStatus::kError);
  EXPECT_THAT(schedule.status.history[0].message, testing::HasSubstr("deleted"));
  EXPECT_EQ(schedule.status.consecutive_failures, 0);
}

TEST_F(ScheduleHistory, ALateEndOfAnOldRunDoesNotBecomeTheLastResult) {
  const ScheduleChild slow = child(1, ChildState::kRunning);
  observe({slow, child(2, ChildState::kPass)});
  observe({child(1, ChildState::kFail), child(2, ChildState::kPass)});
  EXPECT_EQ(history(), (std::vector{hour(2), hour(1)}));
  EXPECT_EQ(schedule.status.last_result, CheckStatus::kPass);
  EXPECT_EQ(schedule.status.consecutive_failures, 1);  // it was active: it is news
}

TEST_F(ScheduleHistory, AChildMayGoWhenTheStatusTellsOfItOrHasNoRoomForIt) {
  schedule.spec.history_limit = 1;
  const ScheduleChild first = child(1, ChildState::kPass);
  EXPECT_FALSE(is_told(schedule, *first.check));
  observe({first});
  EXPECT_TRUE(is_told(schedule, *first.check));
  observe({first, child(2, ChildState::kPass)});
  ASSERT_EQ(history(), std::vector{hour(2)});
  EXPECT_FALSE(is_told(schedule, *first.check));  // its tick is not decided
  schedule.status.last_schedule_time = hour(2);
  EXPECT_TRUE(is_told(schedule, *first.check));
}

TEST_F(ScheduleHistory, AChildThatWasActiveMayGoOnlyWhenTheStatusHasSeenItEnd) {
  schedule.spec.history_limit = 1;
  schedule.status.last_schedule_time = hour(2);
  const ScheduleChild newer = child(2, ChildState::kPass);
  observe({child(1, ChildState::kRunning), newer});
  const ScheduleChild ended = child(1, ChildState::kPass);
  EXPECT_FALSE(is_told(schedule, *ended.check));
  observe({ended, newer});
  ASSERT_EQ(history(), std::vector{hour(2)});
  EXPECT_TRUE(is_told(schedule, *ended.check));
}

TEST_F(ScheduleHistory, AChildOfARunNowMayGoOnlyWhenTheRunNowIsDone) {
  HealthCheck check = *child(1, ChildState::kPass).check;
  check.meta.annotations.clear();
  check.meta.name = run_now_name(schedule.meta, "id");
  schedule.status.run_now_id = "id";
  observe({{std::make_shared<const HealthCheck>(check)}});
  ASSERT_EQ(schedule.status.history.size(), 1U);
  EXPECT_FALSE(is_told(schedule, check));
  schedule.status.run_now_id.clear();
  EXPECT_TRUE(is_told(schedule, check));
}

TEST_F(ScheduleHistory, NamesTheFinishedChildrenBeyondTheLimitsOldestFirst) {
  schedule.spec.successful_history_limit = 1;
  schedule.spec.failed_history_limit = 0;
  const Children children{child(4, ChildState::kPass),    child(1, ChildState::kPass),
                          child(2, ChildState::kFail),    child(3, ChildState::kError),
                          child(5, ChildState::kRunning), child(0, ChildState::kGone)};
  std::vector<WallTime> times;
  for (const CheckSnapshot& check : surplus_children(schedule.spec, children)) {
    times.push_back(execution_time(*check));
  }
  EXPECT_EQ(times, (std::vector{hour(1), hour(2), hour(3)}));
}

}  // namespace
}  // namespace holmes
