// Edits of the schedule and of the clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_plan.h"
#include "operator/schedule_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using Children = std::vector<ScheduleChild>;

TEST(SchedulePlan, AnEditRunsNoPastTickOfItsNewMeaning) {
  auto schedule = schedule_made(kCreated);
  const Children done{child_of(schedule, at("2024-01-01T01:00:00Z"), ChildState::kPass)};
  schedule = settled(schedule, "2024-01-01T01:00:03Z", done);
  const std::pair<std::string_view, std::string_view> edits[]{
      {"15 * * * *", ""}, {"0 1 * * *", "Asia/Kathmandu"}, {"@every 7m", ""}};
  for (const auto& [expression, zone] : edits) {
    ScheduledHealthCheck edited = schedule;
    edited.meta.generation = 2;
    edited.spec.schedule = expression;
    edited.spec.time_zone = zone;
    const SchedulePlan plan = plan_at(edited, "2024-01-01T01:30:00Z", done);
    EXPECT_FALSE(plan.create) << expression;
    EXPECT_TRUE(plan.missed.empty()) << expression;
    EXPECT_EQ(plan.status.observed_generation, 2);
    const SchedulePlan again = plan_at(written(edited, plan), "2024-01-01T01:30:01Z", done);
    EXPECT_FALSE(again.create) << expression;
    EXPECT_EQ(again.status, plan.status) << expression;
    ASSERT_TRUE(again.wake);
    EXPECT_GT(*again.wake, at("2024-01-01T01:30:00Z"));
  }
}

TEST(SchedulePlan, AnEditJustAfterATickDoesNotLoseThatTick) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.spec.schedule = "30 * * * *";
  schedule.meta.generation = 2;
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T01:00:00.200Z");
  EXPECT_EQ(plan.create, at("2024-01-01T01:00:00Z"));  // of the old meaning
  const Children made{child_of(schedule, *plan.create, ChildState::kRunning)};
  const SchedulePlan then = plan_at(schedule, "2024-01-01T01:00:00.300Z", made);
  EXPECT_FALSE(then.create);
  EXPECT_EQ(then.status.observed_schedule->schedule, "30 * * * *");
  EXPECT_EQ(then.wake, at("2024-01-01T01:30:00Z"));
}

TEST(SchedulePlan, AnEditWhileTheOperatorWasAwayRecordsTheOldTicks) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.spec.schedule = "30 * * * *";
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T04:10:00Z", {}, "2024-01-01T04:10:00Z");
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.status.missed,
            (std::vector<MissedTicks>{{at("2024-01-01T01:00:00Z"), at("2024-01-01T04:00:00Z"), 4,
                                       MissedReason::kDowntime}}));
  EXPECT_EQ(plan.wake, at("2024-01-01T04:30:00Z"));
}

TEST(SchedulePlan, AnEditThereAndBackEqualsAFreshSchedule) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  const auto fresh = schedule;
  schedule.spec.schedule = "*/7 * * * *";
  schedule = settled(schedule, "2024-01-01T00:32:00Z");
  schedule.spec.schedule = "0 * * * *";
  const SchedulePlan back = plan_at(schedule, "2024-01-01T00:33:00Z");
  EXPECT_EQ(back.wake, plan_at(fresh, "2024-01-01T00:33:00Z").wake);
}

TEST(SchedulePlan, WhatCannotBeReadStopsTheScheduleWithASentenceAndTheNextEditHealsIt) {
  struct Case {
    std::string_view expression, zone;
    seconds jitter;
    std::string_view reason;
  };
  const Case cases[]{{"61 * * * *", "", seconds(0), "InvalidSchedule"},
                     {"TZ=UTC 0 * * * *", "", seconds(0), "InvalidSchedule"},
                     {"0 0 30 2 *", "", seconds(0), "InvalidSchedule"},
                     {"0 * * * *", "Mars/Olympus", seconds(0), "UnknownTimeZone"},
                     {"*/2 * * * *", "", seconds(60), "InvalidJitter"}};
  for (const Case& c : cases) {
    auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
    schedule.spec.schedule = c.expression;
    schedule.spec.time_zone = c.zone;
    schedule.spec.jitter = c.jitter;
    schedule.meta.generation = 2;
    const SchedulePlan plan = plan_at(schedule, "2024-01-01T00:40:00Z");
    EXPECT_FALSE(condition(plan, kReady).status);
    EXPECT_EQ(condition(plan, kReady).reason, c.reason);
    EXPECT_FALSE(condition(plan, kReady).message.empty());
    EXPECT_THAT(plan.events,
                testing::ElementsAre(testing::Field(&PlannedEvent::reason, "InvalidSchedule")));
    EXPECT_FALSE(plan.wake);
    schedule = written(schedule, plan);
    const SchedulePlan later = plan_at(schedule, "2024-01-01T03:00:00Z");
    EXPECT_EQ(later.status, schedule.status) << c.expression;  // no word more
    EXPECT_TRUE(later.events.empty());
    // Healed at 05:30: the ticks in between never had this meaning.
    schedule.spec.schedule = "0 * * * *";
    schedule.spec.time_zone = "";
    schedule.spec.jitter = seconds(0);
    schedule.meta.generation = 3;
    const SchedulePlan healed = plan_at(schedule, "2024-01-01T05:30:00Z");
    EXPECT_TRUE(condition(healed, kReady).status);
    EXPECT_FALSE(healed.create) << c.expression;
    EXPECT_TRUE(healed.missed.empty()) << c.expression;
    EXPECT_EQ(healed.wake, at("2024-01-01T06:00:00Z"));
  }
}

TEST(SchedulePlan, AJitterThatBecomesInvalidLosesNoTickThatWaitsForItsDelay) {
  auto schedule = schedule_made(kCreated, "*/5 * * * *");
  schedule.spec.jitter = seconds(120);
  schedule = settled(schedule, "2024-01-01T00:31:00Z");
  const WallTime tick = at("2024-01-01T00:35:00Z");
  ASSERT_GT(start_delay(schedule), seconds(0));
  schedule.spec.jitter = seconds(200);
  schedule.meta.generation = 2;
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T00:35:00.5Z");
  EXPECT_EQ(plan.create, tick);
  const SchedulePlan then =
      plan_at(schedule, "2024-01-01T00:35:01Z", {child_of(schedule, tick, ChildState::kRunning)});
  EXPECT_FALSE(then.create);
  EXPECT_FALSE(condition(then, kReady).status);
  EXPECT_EQ(then.status.last_schedule_time, tick);
}

TEST(SchedulePlan, AnEditThatMeetsAReplacementInWaitingTakesOverAtOnce) {
  auto schedule = schedule_made(kCreated);
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  const Children running{child_of(schedule, at("2024-01-01T01:00:00Z"), ChildState::kRunning)};
  schedule = settled(schedule, "2024-01-01T01:00:03Z", running);
  schedule.spec.schedule = "30 * * * *";
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T02:00:10Z", running);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.status.missed.at(0).reason, MissedReason::kForbid);
  EXPECT_EQ(plan.status.observed_schedule->schedule, "30 * * * *");
  EXPECT_EQ(plan.wake, at("2024-01-01T02:30:00Z"));
}

TEST(SchedulePlan, AClockThatWentBackALittleIsWaitedForAndNoTickRunsTwice) {
  auto schedule = schedule_made(kCreated);
  const Children done{child_of(schedule, at("2024-01-01T05:00:00Z"), ChildState::kPass)};
  schedule = settled(schedule, "2024-01-01T05:00:03Z", done);
  for (const std::string_view now :
       {"2024-01-01T04:59:59Z", "2024-01-01T04:00:00Z", "2024-01-01T02:30:00Z"}) {
    const SchedulePlan plan = plan_at(schedule, now, done);
    EXPECT_FALSE(plan.create) << now;
    EXPECT_EQ(plan.status, schedule.status) << now;
    EXPECT_EQ(plan.wake, at("2024-01-01T06:00:00Z")) << now;
  }
}

TEST(SchedulePlan, TimesFarInTheFutureAreHealedAndTheTicksGoOnFromNow) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.status.last_schedule_time = at("2025-06-01T00:00:00Z");
  schedule.status.missed = {
      {at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"), 3, MissedReason::kForbid}};
  schedule.status.history.emplace_back().execution_time = at("2030-01-01T00:00:00Z");
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T09:30:00Z");
  EXPECT_FALSE(plan.create);
  EXPECT_FALSE(plan.status.last_schedule_time);
  EXPECT_TRUE(plan.status.missed.empty());
  EXPECT_TRUE(plan.status.history.empty());
  EXPECT_EQ(plan.wake, at("2024-01-01T10:00:00Z"));
  EXPECT_THAT(plan.events,
              testing::Contains(testing::Field(&PlannedEvent::reason, "ClockSetBack")));
  EXPECT_TRUE(plan_at(written(schedule, plan), "2024-01-01T10:00:00Z").create);
}

TEST(SchedulePlan, ATickThatTheHistoryKnowsNeverRunsAgain) {
  // The clock went back by a day, and the child's object is gone.
  auto schedule = schedule_made(kCreated);
  const WallTime tick = at("2024-01-01T05:00:00Z");
  HistoryEntry& entry = schedule.status.history.emplace_back();
  entry.execution_time = tick;
  entry.check_name = child_name(schedule.meta, tick);
  EXPECT_FALSE(plan_at(schedule, "2024-01-01T05:00:00Z").create);
}

TEST(SchedulePlan, TheWakeIsNeverInThePast) {
  for (const std::string_view expression : {"* * * * *", "@every 1s", "0 0 29 2 *", "@yearly"}) {
    for (const std::string_view now : {"2024-01-01T00:30:00Z", "2024-02-29T00:00:00Z",
                                       "2099-12-31T23:59:59.999Z", "2023-01-01T00:00:00Z"}) {
      const SchedulePlan plan = plan_at(schedule_made(kCreated, expression), now);
      ASSERT_TRUE(plan.wake) << expression;
      EXPECT_GT(*plan.wake, at(now)) << expression << " " << now;
    }
  }
}

}  // namespace
}  // namespace holmes
