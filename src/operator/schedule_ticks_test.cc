#include "operator/schedule_ticks.h"

#include <gtest/gtest.h>

#include "operator/schedule_testing.h"

namespace holmes {
namespace {

using Missed = std::vector<MissedTicks>;

struct ScheduleTicks : testing::Test {
  ScheduledHealthCheck schedule = schedule_made("2024-01-01T00:00:00Z");
  Schedule hourly = Schedule::parse("0 * * * *").value();

  static WallTime hour(int n) { return at("2024-01-01T00:00:00Z") + std::chrono::hours(n); }
  std::optional<OpenTicks> open(const std::vector<int>& with_child, int until) const {
    std::vector<ScheduleChild> children;
    for (const int n : with_child) {
      children.push_back(child_of(schedule, hour(n), ChildState::kPass));
    }
    return open_ticks(hourly, schedule, children, hour(0), hour(until));
  }
};

TEST_F(ScheduleTicks, AreNoneBeforeTheFirst) {
  EXPECT_FALSE(open_ticks(hourly, schedule, {}, hour(0), hour(1) - std::chrono::seconds(1)));
}

TEST_F(ScheduleTicks, AreThoseWithoutAChild) {
  struct Case {
    std::vector<int> with_child;
    bool latest_is_open;
    int64_t earlier;
    int from, to;
  };
  const Case cases[]{{{}, true, 4, 1, 4},      {{5}, false, 4, 1, 4},
                     {{1, 2}, true, 2, 3, 4},  {{3, 4}, true, 2, 1, 2},
                     {{2, 4}, true, 2, 1, 3},  {{1, 2, 3, 4}, true, 0, 0, 0},
                     {{2, 5}, false, 3, 1, 4}, {{1, 2, 3, 4, 5}, false, 0, 0, 0}};
  for (const Case& c : cases) {
    const auto ticks = open(c.with_child, 5);
    ASSERT_TRUE(ticks);
    EXPECT_EQ(ticks->latest, hour(5));
    EXPECT_EQ(ticks->latest_is_open, c.latest_is_open);
    EXPECT_EQ(ticks->earlier, c.earlier);
    if (c.earlier > 0) {
      EXPECT_EQ(ticks->from, hour(c.from));
      EXPECT_EQ(ticks->to, hour(c.to));
    }
    EXPECT_EQ(ticks->last_run.has_value(), !c.with_child.empty());
  }
}

TEST_F(ScheduleTicks, AChildOfAnotherMeaningOrAForgedNameIsNoTicksChild) {
  std::vector<ScheduleChild> children{
      child_of(schedule, hour(1) + std::chrono::minutes(30), ChildState::kPass)};
  HealthCheck forged = *child_of(schedule, hour(2), ChildState::kPass).check;
  forged.meta.name = "by-hand";
  children.push_back({std::make_shared<const HealthCheck>(forged)});
  EXPECT_EQ(open_ticks(hourly, schedule, children, hour(0), hour(5))->earlier, 4);
}

TEST_F(ScheduleTicks, AreDecidedUpToTheLatestThatIsRecorded) {
  ScheduledHealthCheckStatus status;
  EXPECT_EQ(decided_until(schedule, status, hour(9)), hour(0));
  EXPECT_EQ(decided_until(schedule, status, hour(-1)), hour(-1));  // the clock was behind
  status.last_schedule_time = hour(3);
  EXPECT_EQ(decided_until(schedule, status, hour(9)), hour(3));
  status.missed = {{hour(4), hour(5), 2, MissedReason::kForbid}};
  EXPECT_EQ(decided_until(schedule, status, hour(9)), hour(5));
  status.observed_schedule = ObservedSchedule{"0 * * * *", "", DstPolicy::kRunOnce, hour(7)};
  EXPECT_EQ(decided_until(schedule, status, hour(9)), hour(7));
}

TEST_F(ScheduleTicks, MissedOnesInARowAreOneEntry) {
  ScheduledHealthCheckStatus status;
  add_missed(status, {hour(1), hour(1), 1, MissedReason::kForbid});
  add_missed(status, {hour(2), hour(3), 2, MissedReason::kForbid});
  EXPECT_EQ(status.missed, (Missed{{hour(1), hour(3), 3, MissedReason::kForbid}}));
  status.last_schedule_time = hour(4);  // a run between
  add_missed(status, {hour(5), hour(5), 1, MissedReason::kForbid});
  EXPECT_EQ(status.missed.size(), 2U);
  add_missed(status, {hour(6), hour(6), 1, MissedReason::kDeadline});
  EXPECT_EQ(status.missed.size(), 3U);
  EXPECT_EQ(status.missed[0].reason, MissedReason::kDeadline);
  for (int n = 7; n < 60; n += 2) {
    status.last_schedule_time = hour(n);
    add_missed(status, {hour(n + 1), hour(n + 1), 1, MissedReason::kForbid});
  }
  EXPECT_EQ(status.missed.size(), kMaxMissedEntries);
}

TEST_F(ScheduleTicks, StatusesOfTheFutureHealAndOthersStay) {
  ScheduledHealthCheckStatus status;
  status.last_schedule_time = hour(3);
  status.missed = {{hour(1), hour(2), 2, MissedReason::kForbid}};
  const auto sane = status;
  EXPECT_FALSE(heal_future_times(status, hour(1)));  // a small step back
  EXPECT_EQ(status, sane);
  status.missed.push_back({hour(2), hour(1), 1, MissedReason::kForbid});
  status.missed.push_back({hour(1), hour(1), -5, MissedReason::kForbid});
  EXPECT_TRUE(heal_future_times(status, hour(5)));
  EXPECT_EQ(status, sane);
  EXPECT_TRUE(heal_future_times(status, hour(-24)));
  EXPECT_FALSE(status.last_schedule_time);
  EXPECT_TRUE(status.missed.empty());
}

}  // namespace
}  // namespace holmes
