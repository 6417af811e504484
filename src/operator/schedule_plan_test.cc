#include "operator/schedule_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_testing.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Children = std::vector<ScheduleChild>;
using Missed = std::vector<std::pair<MissedReason, int64_t>>;

constexpr ConcurrencyPolicy kAllPolicies[] = {ConcurrencyPolicy::kAllow, ConcurrencyPolicy::kForbid,
                                              ConcurrencyPolicy::kReplace};
TEST(SchedulePlan, ANewScheduleSaysWhenItWillRun) {
  const SchedulePlan plan = plan_at(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.wake, at("2024-01-01T01:00:00Z"));
  EXPECT_EQ(plan.status.next_schedule_time, at("2024-01-01T01:00:00Z"));
  EXPECT_TRUE(condition(plan, kReady).status);
  EXPECT_FALSE(condition(plan, kSuspended).status);
  EXPECT_EQ(plan.status.observed_generation, 1);
  EXPECT_TRUE(plan.urgent);
}

TEST(SchedulePlan, IsQuietUntilTheNextTick) {
  const auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T00:59:59Z");
  EXPECT_EQ(plan.status, schedule.status);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.wake, at("2024-01-01T01:00:00Z"));
}

TEST(SchedulePlan, ATickThatIsDueRunsUnderEveryPolicy) {
  for (const ConcurrencyPolicy policy : kAllPolicies) {
    ScheduledHealthCheck schedule = schedule_made(kCreated);
    schedule.spec.concurrency_policy = policy;
    EXPECT_FALSE(plan_at(schedule, "2024-01-01T00:59:59.999Z").create);
    EXPECT_EQ(plan_at(schedule, "2024-01-01T01:00:00.001Z").create, at("2024-01-01T01:00:00Z"));
  }
}

TEST(SchedulePlan, AfterTheCreateTheStatusTellsOfTheRunAndMayWait) {
  const auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  const WallTime tick = at("2024-01-01T01:00:00Z");
  const Children children{child_of(schedule, tick, ChildState::kRunning)};
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T01:00:00.1Z", children);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.status.last_schedule_time, tick);
  ASSERT_EQ(plan.status.active.size(), 1U);
  EXPECT_EQ(plan.status.active[0].uid, children[0].check->meta.uid);
  EXPECT_EQ(plan.status.next_schedule_time, at("2024-01-01T02:00:00Z"));
  EXPECT_FALSE(plan.urgent);
  EXPECT_TRUE(plan.missed.empty());
}

TEST(SchedulePlan, ASecondRunThatTheStatusDoesNotKnowIsUrgentNews) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kAllow;
  Children children{child_of(schedule, at("2024-01-01T01:00:00Z"), ChildState::kRunning)};
  EXPECT_FALSE(plan_at(schedule, "2024-01-01T01:59:59Z", children).urgent);
  children.push_back(child_of(schedule, at("2024-01-01T02:00:00Z"), ChildState::kRunning));
  EXPECT_TRUE(plan_at(schedule, "2024-01-01T02:00:00.1Z", children).urgent);
  schedule = settled(schedule, "2024-01-01T02:00:00.1Z", children);
  children.push_back(child_of(schedule, at("2024-01-01T03:00:00Z"), ChildState::kRunning));
  EXPECT_FALSE(plan_at(schedule, "2024-01-01T03:00:00.1Z", children).urgent);
}

TEST(SchedulePlan, TheEndOfARunIsUrgentNews) {
  const WallTime tick = at("2024-01-01T01:00:00Z");
  auto schedule = schedule_made(kCreated);
  schedule =
      settled(schedule, "2024-01-01T01:00:00.1Z", {child_of(schedule, tick, ChildState::kRunning)});
  const SchedulePlan plan =
      plan_at(schedule, "2024-01-01T01:00:03Z", {child_of(schedule, tick, ChildState::kPass)});
  EXPECT_TRUE(plan.urgent);
  EXPECT_TRUE(plan.status.active.empty());
  EXPECT_EQ(plan.status.last_result, CheckStatus::kPass);
  ASSERT_EQ(plan.status.history.size(), 1U);
  EXPECT_EQ(plan.status.history[0].execution_time, tick);
}

TEST(SchedulePlan, TheNextTickRunsWhenThePreviousRunEnded) {
  for (const ConcurrencyPolicy policy : kAllPolicies) {
    auto schedule = schedule_made(kCreated);
    schedule.spec.concurrency_policy = policy;
    const Children done{child_of(schedule, at("2024-01-01T01:00:00Z"), ChildState::kFail)};
    schedule = settled(schedule, "2024-01-01T01:00:03Z", done);
    EXPECT_FALSE(plan_at(schedule, "2024-01-01T01:59:00Z", done).create);
    EXPECT_EQ(plan_at(schedule, "2024-01-01T02:00:00Z", done).create, at("2024-01-01T02:00:00Z"));
  }
}

struct StillActive : testing::Test {
  const WallTime first = at("2024-01-01T01:00:00Z");
  const WallTime second = at("2024-01-01T02:00:00Z");
  ScheduledHealthCheck schedule = schedule_made(kCreated);
  Children running{child_of(schedule, first, ChildState::kRunning)};

  SchedulePlan at_second_tick(ConcurrencyPolicy policy) {
    schedule.spec.concurrency_policy = policy;
    schedule = settled(schedule, "2024-01-01T01:00:03Z", running);
    return plan_at(schedule, "2024-01-01T02:00:00Z", running);
  }
};

TEST_F(StillActive, AllowRunsBoth) {
  EXPECT_EQ(at_second_tick(ConcurrencyPolicy::kAllow).create, second);
}

TEST_F(StillActive, ForbidMissesTheTickForGood) {
  const SchedulePlan plan = at_second_tick(ConcurrencyPolicy::kForbid);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.missed, (Missed{{MissedReason::kForbid, 1}}));
  EXPECT_EQ(plan.status.missed,
            (std::vector<MissedTicks>{{second, second, 1, MissedReason::kForbid}}));
  EXPECT_TRUE(plan.urgent);
  const Children ended{child_of(schedule, first, ChildState::kPass)};
  EXPECT_FALSE(plan_at(written(schedule, plan), "2024-01-01T02:00:10Z", ended).create);
}

TEST_F(StillActive, ReplaceCancelsAndRunsWhenTheOldOneHasEnded) {
  const SchedulePlan plan = at_second_tick(ConcurrencyPolicy::kReplace);
  EXPECT_FALSE(plan.create);
  EXPECT_THAT(plan.cancel, testing::ElementsAre(running[0].check));
  EXPECT_TRUE(plan.missed.empty());
  HealthCheck told = *running[0].check;
  told.spec.cancel = true;
  EXPECT_TRUE(plan_at(schedule, "2024-01-01T02:00:01Z", {{std::make_shared<HealthCheck>(told)}})
                  .cancel.empty());  // once is enough
  const Children ended{child_of(schedule, first, ChildState::kError)};
  EXPECT_EQ(plan_at(schedule, "2024-01-01T02:00:02Z", ended).create, second);
}

// A crash between the create and the status write: upstream then looks at status.active alone.
TEST_F(StillActive, ForbidAndReplaceSeeAChildThatTheStatusDoesNotKnow) {
  schedule.status = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z").status;
  ASSERT_TRUE(schedule.status.active.empty());
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kForbid;
  SchedulePlan plan = plan_at(schedule, "2024-01-01T02:00:00Z", running);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.missed, (Missed{{MissedReason::kForbid, 1}}));
  EXPECT_EQ(plan.status.last_schedule_time, first);
  EXPECT_EQ(plan.status.active.size(), 1U);
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  plan = plan_at(schedule, "2024-01-01T02:00:00Z", running);
  EXPECT_EQ(plan.cancel.size(), 1U);
}

TEST(SchedulePlan, ADeletedRunningChildNoLongerHoldsUpAnybody) {
  auto schedule = schedule_made(kCreated);
  const WallTime tick = at("2024-01-01T01:00:00Z");
  schedule =
      settled(schedule, "2024-01-01T01:00:03Z", {child_of(schedule, tick, ChildState::kRunning)});
  const Children gone{child_of(schedule, tick, ChildState::kGone)};
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T01:30:00Z", gone);
  EXPECT_FALSE(plan.create);  // the tick had its child
  EXPECT_TRUE(plan.status.active.empty());
  ASSERT_EQ(plan.status.history.size(), 1U);
  EXPECT_EQ(plan.status.history[0].result, CheckStatus::kError);
  EXPECT_EQ(plan_at(written(schedule, plan), "2024-01-01T02:00:00Z", gone).create,
            at("2024-01-01T02:00:00Z"));
}

TEST(SchedulePlan, ATickBeyondItsDeadlineIsMissedAndOneWithinRuns) {
  for (const ConcurrencyPolicy policy : kAllPolicies) {
    auto schedule = schedule_made(kCreated);
    schedule.spec.concurrency_policy = policy;
    schedule.spec.starting_deadline = seconds(1);  // upstream's first version never ran these
    EXPECT_TRUE(plan_at(schedule, "2024-01-01T01:00:00.900Z").create);
    const SchedulePlan late = plan_at(schedule, "2024-01-01T01:00:01.100Z");
    EXPECT_FALSE(late.create);
    EXPECT_EQ(late.missed, (Missed{{MissedReason::kDeadline, 1}}));
    EXPECT_EQ(late.wake, at("2024-01-01T02:00:00Z"));
  }
}

struct Overdue {
  std::string_view expression, last, now;
  std::optional<seconds> deadline;
  std::optional<std::string_view> runs;
  Missed missed;
};

// The operator was away; it starts at `now`.
TEST(SchedulePlan, AfterADowntimeTheLatestTickRunsAndTheOthersAreRecorded) {
  constexpr auto kDowntime = MissedReason::kDowntime;
  const Overdue cases[]{
      {"0 * * * *",
       "2024-01-01T01:00:00Z",
       "2024-01-08T01:10:00Z",
       {},
       "2024-01-08T01:00:00Z",
       {{kDowntime, 167}}},
      {"0 * * * *",
       "2024-01-01T01:00:00Z",
       "2024-01-08T01:10:00Z",
       seconds(3600),
       "2024-01-08T01:00:00Z",
       {{kDowntime, 167}}},
      {"0 * * * *",
       "2024-01-01T01:00:00Z",
       "2024-01-08T01:10:00Z",
       seconds(300),
       {},
       {{kDowntime, 167}, {MissedReason::kDeadline, 1}}},
      {"0 * * * *", "2024-01-01T01:00:00Z", "2024-01-01T02:10:00Z", {}, "2024-01-01T02:00:00Z", {}},
      // Upstream's estimate finds nothing to run here, and sleeps until Monday.
      {"30 10,11,12 * * 1-5",
       "2024-01-04T10:30:00Z",
       "2024-01-05T16:30:00Z",
       {},
       "2024-01-05T12:30:00Z",
       {{kDowntime, 4}}},
      {"*/5 9-17 * * 1-5",
       "2024-01-05T17:55:00Z",
       "2024-01-08T09:07:00Z",
       {},
       "2024-01-08T09:05:00Z",
       {{kDowntime, 1}}},
      {"* * * * *",
       "2024-01-02T00:00:00Z",
       "2025-01-02T00:00:30Z",
       {},
       "2025-01-02T00:00:00Z",
       {{kDowntime, 366 * 24 * 60 - 1}}},
      {"0 0 29 2 *",
       "2024-02-29T00:00:00Z",
       "2028-03-01T00:00:00Z",
       {},
       "2028-02-29T00:00:00Z",
       {}},
  };
  for (const Overdue& c : cases) {
    auto schedule = schedule_made(kCreated, c.expression);
    schedule.spec.starting_deadline = c.deadline;
    schedule.status.last_schedule_time = at(c.last);
    const SchedulePlan plan = plan_at(schedule, c.now, {}, c.now);
    EXPECT_EQ(plan.create, c.runs ? std::optional(at(*c.runs)) : std::nullopt) << c.expression;
    EXPECT_EQ(plan.missed, c.missed) << c.expression;
    int64_t recorded = 0;
    for (const MissedTicks& missed : plan.status.missed) recorded += missed.count;
    int64_t wanted = 0;
    for (const auto& [reason, count] : c.missed) wanted += count;
    EXPECT_EQ(recorded, wanted) << c.expression;
    EXPECT_GT(plan.wake, at(c.now)) << c.expression;
  }
}

TEST(SchedulePlan, SkipRunsNothingThatWasMissed) {
  auto schedule = schedule_made(kCreated);
  schedule.spec.missed_run_policy = MissedRunPolicy::kSkip;
  schedule.status.last_schedule_time = at("2024-01-01T01:00:00Z");
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T05:00:01Z", {}, "2024-01-01T05:00:01Z");
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.missed, (Missed{{MissedReason::kDowntime, 3}, {MissedReason::kDowntime, 1}}));
  EXPECT_EQ(plan.status.missed,
            (std::vector<MissedTicks>{{at("2024-01-01T02:00:00Z"), at("2024-01-01T05:00:00Z"), 4,
                                       MissedReason::kDowntime}}));
  // In time is in time, also in a burst that takes a while.
  EXPECT_TRUE(plan_at(written(schedule, plan), "2024-01-01T06:00:40Z").create);
}

TEST(SchedulePlan, SkipCountsATickThatTheOperatorSleptOverAsMissed) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.spec.missed_run_policy = MissedRunPolicy::kSkip;
  // A suspended machine: the process lived all the time.
  EXPECT_FALSE(plan_at(schedule, "2024-01-01T01:20:00Z").create);
}

TEST(SchedulePlan, WhileSuspendedNothingRunsAndNothingIsWritten) {
  auto schedule = schedule_made(kCreated);
  schedule.spec.enabled = false;
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T00:31:00Z");
  EXPECT_TRUE(condition(plan, kSuspended).status);
  EXPECT_THAT(plan.events,
              testing::ElementsAre(testing::Field(&PlannedEvent::reason, "Suspended")));
  EXPECT_FALSE(plan.wake);
  EXPECT_FALSE(plan.status.next_schedule_time);
  schedule = written(schedule, plan);
  const SchedulePlan later = plan_at(schedule, "2024-01-01T09:00:00Z");
  EXPECT_EQ(later.status, schedule.status);
  EXPECT_FALSE(later.create);
  EXPECT_TRUE(later.events.empty());
}

TEST(SchedulePlan, ASuspensionTellsOfTheRunJustBeforeItAndOfWhatWasMissedBeforeThat) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.spec.enabled = false;
  schedule.meta.generation = 2;
  const WallTime tick = at("2024-01-01T03:00:00Z");  // coalesced, then the operator crashed
  const Children children{child_of(schedule, tick, ChildState::kRunning)};
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T05:30:00Z", children);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.status.last_schedule_time, tick);
  EXPECT_EQ(plan.missed, (Missed{{MissedReason::kDowntime, 2}}));
  schedule = written(schedule, plan);
  EXPECT_EQ(plan_at(schedule, "2024-01-01T06:30:00Z", children).status, schedule.status);
  schedule.spec.enabled = true;
  const SchedulePlan resumed = plan_at(schedule, "2024-01-01T07:30:00Z", children);
  EXPECT_EQ(resumed.missed, (Missed{{MissedReason::kSuspended, 3}, {MissedReason::kForbid, 1}}));
}

TEST(SchedulePlan, AResumeRunsTheLatestMissedTickOnceOrWithSkipNone) {
  for (const MissedRunPolicy policy : {MissedRunPolicy::kCoalesce, MissedRunPolicy::kSkip}) {
    auto schedule = schedule_made(kCreated);
    schedule.spec.missed_run_policy = policy;
    schedule.spec.enabled = false;
    schedule = settled(schedule, "2024-01-01T00:31:00Z");
    schedule.spec.enabled = true;
    schedule.meta.generation = 2;
    const SchedulePlan plan = plan_at(schedule, "2024-01-01T04:30:00Z");
    const bool runs = policy == MissedRunPolicy::kCoalesce;
    EXPECT_EQ(plan.create, runs ? std::optional(at("2024-01-01T04:00:00Z")) : std::nullopt);
    EXPECT_EQ(plan.status.missed.size(), 1U);
    EXPECT_EQ(plan.status.missed[0].reason, MissedReason::kSuspended);
    EXPECT_EQ(plan.status.missed[0].count, runs ? 3 : 4);
    EXPECT_FALSE(condition(plan, kSuspended).status);
  }
}

TEST(SchedulePlan, ZonesAndTheirJumpsDecideTheTicks) {
  // 02:30 does not exist on 2024-03-31 in Berlin: it runs once, when the clock jumps to 03:00.
  auto spring = schedule_made("2024-03-30T12:00:00Z", "30 2 * * *");
  spring.spec.time_zone = "Europe/Berlin";
  EXPECT_EQ(plan_at(spring, "2024-03-30T12:00:01Z").wake, at("2024-03-31T01:00:00Z"));
  spring.spec.dst_policy = DstPolicy::kKubernetes;
  EXPECT_EQ(plan_at(spring, "2024-03-30T12:00:01Z").wake, at("2024-04-01T00:30:00Z"));
  // 02:30 comes twice on 2024-10-27: it runs at its first pass only.
  auto autumn = schedule_made("2024-10-26T12:00:00Z", "30 2 * * *");
  autumn.spec.time_zone = "Europe/Berlin";
  const Children done{child_of(autumn, at("2024-10-27T00:30:00Z"), ChildState::kPass)};
  autumn = settled(autumn, "2024-10-27T00:30:03Z", done);
  EXPECT_FALSE(plan_at(autumn, "2024-10-27T01:30:00Z", done).create);
  EXPECT_EQ(plan_at(autumn, "2024-10-27T01:30:00Z", done).wake, at("2024-10-28T01:30:00Z"));
}

TEST(SchedulePlan, MondayIsOne) {
  EXPECT_EQ(plan_at(schedule_made(kCreated, "0 9 * * 1"), "2024-01-01T08:00:00Z").wake,
            at("2024-01-01T09:00:00Z"));  // a Monday
}

TEST(SchedulePlan, EveryIsAnchoredAtTheCreationWhateverRanLast) {
  auto schedule = schedule_made("2024-01-01T00:00:10Z", "@every 1h");
  EXPECT_EQ(plan_at(schedule, "2024-01-01T00:30:00Z").wake, at("2024-01-01T01:00:10Z"));
  schedule.spec.starting_deadline = seconds(10);
  schedule.status.last_schedule_time = at("2024-01-01T01:00:10Z");
  const SchedulePlan late = plan_at(schedule, "2024-01-01T05:30:00Z", {}, "2024-01-01T05:30:00Z");
  EXPECT_FALSE(late.create);
  EXPECT_EQ(late.wake, at("2024-01-01T06:00:10Z"));
  schedule.spec.starting_deadline.reset();
  schedule.spec.schedule = "@every 2s";
  schedule.status = {};
  EXPECT_EQ(plan_at(schedule, "2024-01-01T00:00:12.5Z").create, at("2024-01-01T00:00:12Z"));
}

TEST(SchedulePlan, JitterDelaysTheStartAndNothingElse) {
  auto schedule = schedule_made(kCreated);
  schedule.spec.jitter = seconds(600);
  const seconds delay = start_delay(schedule);
  ASSERT_GT(delay, seconds(0));
  ASSERT_LE(delay, seconds(600));
  const WallTime tick = at("2024-01-01T01:00:00Z");
  PlanContext context{.now = tick + delay - seconds(1), .watching_since = at(kCreated)};
  EXPECT_FALSE(plan_schedule(schedule, {}, context).create);
  EXPECT_EQ(plan_schedule(schedule, {}, context).wake, tick + delay);
  context.now = tick + delay;
  EXPECT_EQ(plan_schedule(schedule, {}, context).create, tick);  // nominal
}

TEST(SchedulePlan, WhatTheApiServerWillNotCreateIsRecordedAndTheNextTickGoesOn) {
  const auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  PlanContext context{.now = at("2024-01-01T01:00:00.5Z"), .watching_since = at(kCreated)};
  context.denied_tick = at("2024-01-01T01:00:00Z");
  context.denied_why = "exceeded quota";
  const SchedulePlan plan = plan_schedule(schedule, {}, context);
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.missed, (Missed{{MissedReason::kCreateDenied, 1}}));
  EXPECT_EQ(plan.events.size(), 2U);
  EXPECT_THAT(plan.events[0].note, testing::HasSubstr("exceeded quota"));
  EXPECT_TRUE(plan_at(written(schedule, plan), "2024-01-01T02:00:00Z").create);
}

TEST(SchedulePlan, RunNowIsAcceptedThenUnmarkedThenRunOnce) {
  auto schedule = settled(schedule_made(kCreated), "2024-01-01T00:31:00Z");
  schedule.meta.annotations[std::string(kRunNowAnnotation)] = "true";
  SchedulePlan plan = plan_at(schedule, "2024-01-01T00:40:00Z");
  EXPECT_FALSE(plan.create_run_now);
  EXPECT_FALSE(plan.remove_run_now_annotation);
  EXPECT_FALSE(plan.status.run_now_id.empty());
  EXPECT_TRUE(plan.urgent);
  schedule = written(schedule, plan);
  plan = plan_at(schedule, "2024-01-01T00:40:00Z");
  EXPECT_TRUE(plan.remove_run_now_annotation);
  EXPECT_FALSE(plan.create_run_now);
  schedule.meta.annotations.clear();
  plan = plan_at(schedule, "2024-01-01T00:40:01Z");
  EXPECT_TRUE(plan.create_run_now);
  ScheduleChild child = child_of(schedule, at("2024-01-01T00:40:01Z"), ChildState::kRunning);
  HealthCheck made = *child.check;
  made.meta.name = run_now_name(schedule.meta, schedule.status.run_now_id);
  made.meta.annotations.clear();
  const Children children{{std::make_shared<HealthCheck>(made)}};
  plan = plan_at(schedule, "2024-01-01T00:40:02Z", children);
  EXPECT_FALSE(plan.create_run_now);
  EXPECT_TRUE(plan.status.run_now_id.empty());
  EXPECT_FALSE(plan.status.last_schedule_time);  // not a tick
  EXPECT_EQ(plan.status.active.size(), 1U);
  // Asked for again before the status is written: another run.
  const std::string id = schedule.status.run_now_id;
  schedule.meta.annotations[std::string(kRunNowAnnotation)] = "true";
  schedule.meta.resource_version = "8";
  plan = plan_at(schedule, "2024-01-01T00:40:02Z", children);
  EXPECT_FALSE(plan.remove_run_now_annotation);
  EXPECT_FALSE(plan.status.run_now_id.empty());
  EXPECT_NE(plan.status.run_now_id, id);
}

TEST(SchedulePlan, RunNowObeysThePolicyAndWorksWhileSuspended) {
  auto schedule = schedule_made(kCreated);
  schedule.spec.enabled = false;
  schedule = settled(schedule, "2024-01-01T00:31:00Z");
  schedule.status.run_now_id = "id";
  EXPECT_TRUE(plan_at(schedule, "2024-01-01T00:40:00Z").create_run_now);
  const Children running{child_of(schedule, at("2024-01-01T00:35:00Z"), ChildState::kRunning)};
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kForbid;
  EXPECT_FALSE(plan_at(schedule, "2024-01-01T00:40:00Z", running).create_run_now);
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  EXPECT_EQ(plan_at(schedule, "2024-01-01T00:40:00Z", running).cancel.size(), 1U);
  EXPECT_FALSE(plan_at(schedule, "2024-01-01T00:40:00Z", running).create_run_now);
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kAllow;
  EXPECT_TRUE(plan_at(schedule, "2024-01-01T00:40:00Z", running).create_run_now);
}

TEST(SchedulePlan, ADeletedScheduleIsLeftAlone) {
  auto schedule = schedule_made(kCreated);
  schedule.meta.deletion_timestamp = at("2024-01-01T00:50:00Z");
  const SchedulePlan plan = plan_at(schedule, "2024-01-01T01:00:00Z");
  EXPECT_FALSE(plan.create);
  EXPECT_EQ(plan.status, schedule.status);
}

}  // namespace
}  // namespace holmes
