#include "operator/schedule_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ScheduleReconciler, MakesOneCheckAtEachTickNamedMarkedAndOwned) {
  ScheduleWorld world;
  ScheduledHealthCheck asked = new_schedule();
  asked.spec.check.model = "m";
  asked.spec.check.mode = CheckMode::kAlert;
  world.cluster.put(asked);
  const Process process(world);
  world.loop.advance(seconds(150));
  const ScheduledHealthCheck schedule = world.schedule();
  const std::vector<HealthCheck> checks = world.cluster.checks();
  ASSERT_EQ(checks.size(), 2U);
  for (int minute = 1; minute <= 2; ++minute) {
    const HealthCheck& check = checks[static_cast<size_t>(minute - 1)];
    EXPECT_EQ(check.meta.name, child_name(schedule.meta, at_minute(minute)));
    EXPECT_EQ(check.meta.labels.at(std::string(kScheduledByLabel)), "s");
    EXPECT_EQ(check.meta.annotations.at(std::string(kScheduledAtAnnotation)),
              format_rfc3339(at_minute(minute)));
    ASSERT_EQ(check.meta.owner_references.size(), 1U);
    EXPECT_EQ(check.meta.owner_references[0],
              (kube::OwnerReference{"holmesgpt.dev/v1alpha1", "ScheduledHealthCheck", "s",
                                    schedule.meta.uid, true}));
    EXPECT_EQ(check.meta.creation_timestamp, at_minute(minute));
    EXPECT_EQ(check.spec, schedule.spec.check);
    EXPECT_EQ(check.status.result, CheckStatus::kPass);
  }
  EXPECT_EQ(world.total_executions(), 2);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleReconciler, TellsInTheStatusWhatRanWhatRunsAndWhatComesNext) {
  ScheduleWorld world;
  world.server.duration = seconds(10);
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(125));
  ScheduledHealthCheckStatus status = world.status();
  EXPECT_EQ(status.last_schedule_time, at_minute(2));
  EXPECT_EQ(status.next_schedule_time, at_minute(3));
  ASSERT_EQ(status.active.size(), 1U);
  EXPECT_EQ(status.active[0].uid, world.cluster.checks()[1].meta.uid);
  ASSERT_EQ(status.history.size(), 1U);
  EXPECT_EQ(status.history[0].execution_time, at_minute(1));
  world.loop.advance(seconds(10));
  status = world.status();
  EXPECT_TRUE(status.active.empty());
  EXPECT_EQ(status.history.size(), 2U);
  EXPECT_EQ(status.last_result, CheckStatus::kPass);
  EXPECT_EQ(status.last_successful_time, at_second(130));
  EXPECT_TRUE(kube::find_condition(status.conditions, kReady)->status);
  EXPECT_EQ(status.observed_generation, 1);
}

TEST(ScheduleReconciler, CreatesEverythingThatIsDueBeforeAnythingThatCanWait) {
  ScheduleWorld world;
  for (int i = 0; i < 200; ++i) world.cluster.put(new_schedule("* * * * *", fmt::format("s{}", i)));
  world.server.duration = seconds(10);
  const Process process(world, "one", 1000);
  world.loop.advance(minutes(1) + seconds(50));
  // So slow an API server that the creates take longer than anything else would wait by itself.
  world.cluster.latency = seconds(1);
  world.cluster.put(new_check());  // ends while the creates are under way
  world.loop.advance(seconds(9));
  world.cluster.requests.clear();
  world.loop.advance(seconds(30));
  const auto& requests = world.cluster.requests;
  const auto is_create = [](const std::string& r) { return r.starts_with("create healthchecks"); };
  EXPECT_EQ(std::ranges::count_if(requests, is_create), 200);
  const auto last = std::ranges::find_if(requests.rbegin(), requests.rend(), is_create).base();
  std::vector<std::string> first(requests.begin(), last);
  std::erase_if(first, is_create);
  EXPECT_THAT(first, ::testing::ElementsAre("update healthchecks a"));  // an answer does not wait
  EXPECT_THAT(requests, Contains("create events"));
}

TEST(ScheduleReconciler, ARunCostsAtMostSixWrites) {
  // create, claim, answer, its event; status when it began and when it ended, or only then and the
  // removal of the oldest check.
  for (const int duration : {1, 10}) {
    ScheduleWorld world;
    world.server.duration = seconds(duration);
    world.cluster.put(new_schedule());
    const Process process(world);
    world.loop.advance(minutes(duration == 1 ? 20 : 5) + seconds(30));
    world.cluster.requests.clear();
    world.loop.advance(minutes(5));
    EXPECT_EQ(world.cluster.requests.size(), 30U) << duration;
    EXPECT_THAT(world.cluster.requests, Not(Contains(StartsWith("get")))) << duration;
  }
}

TEST(ScheduleReconciler, ForbidNeverHasTwoUnfinishedAndRecordsTheTicksItPassedOver) {
  ScheduleWorld world;
  world.server.duration = seconds(150);
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(minutes(10) + seconds(30));
  EXPECT_EQ(world.account().unfinished_max, 1U);
  EXPECT_TRUE(world.ran(1) && world.ran(4) && world.ran(7) && world.ran(10));
  EXPECT_EQ(world.missed(MissedReason::kForbid), 6);
  EXPECT_EQ(world.inexact(), "");
  EXPECT_EQ(world.server.running_max, 1U);
}

TEST(ScheduleReconciler, ReplaceCancelsTheRunningOneAndStartsWhenItHasEnded) {
  ScheduleWorld world;
  world.server.duration = seconds(150);
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  world.cluster.put(schedule);
  const Process process(world);
  world.loop.advance(minutes(5) + seconds(30));
  EXPECT_EQ(world.account().unfinished_max, 1U);
  EXPECT_EQ(world.server.running_max, 1U);
  EXPECT_EQ(world.server.cancelled.size(), 4U);
  EXPECT_EQ(world.account().children.size(), 5U);
  EXPECT_EQ(world.inexact(), "");
  for (const HealthCheck& check : world.cluster.checks()) {
    const bool last = scheduled_at(check) == at_minute(5);
    EXPECT_EQ(check.spec.cancel, !last);
    EXPECT_EQ(check.status.finished(), !last);
  }
}

TEST(ScheduleReconciler, AllowLetsRunsOverlap) {
  ScheduleWorld world;
  world.server.duration = seconds(150);
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kAllow;
  world.cluster.put(schedule);
  const Process process(world);
  world.loop.advance(minutes(5) + seconds(20));
  EXPECT_EQ(world.account().unfinished_max, 3U);
  EXPECT_EQ(world.account().children.size(), 5U);
  EXPECT_EQ(world.status().active.size(), 3U);
}

TEST(ScheduleReconciler, AfterDowntimeTheLatestTickRunsOrNoneAndAllOthersAreCounted) {
  for (const MissedRunPolicy policy : {MissedRunPolicy::kCoalesce, MissedRunPolicy::kSkip}) {
    const bool skip = policy == MissedRunPolicy::kSkip;
    ScheduleWorld world;
    ScheduledHealthCheck schedule = new_schedule();
    schedule.spec.missed_run_policy = policy;
    world.cluster.put(schedule);
    {
      const Process first(world);
      world.loop.advance(seconds(150));
    }
    world.loop.advance(minutes(30));
    const Process second(world, "two");
    world.loop.advance(seconds(5));
    EXPECT_EQ(world.ran(32), !skip);
    EXPECT_EQ(world.missed(MissedReason::kDowntime), skip ? 30 : 29);  // 3 to 32, or 31
    ASSERT_EQ(world.status().missed.size(), 1U);
    EXPECT_EQ(world.status().missed[0].from, at_minute(3));
    EXPECT_EQ(world.inexact(), "");
    world.loop.advance(minutes(1));
    EXPECT_TRUE(world.ran(33));
    EXPECT_THAT(world.cluster.event_reasons, Contains("Missed"));
    EXPECT_NE(second.metrics().find(
                  fmt::format(R"(holmes_schedule_missed_total{{name="s",namespace="default",)"
                              R"(reason="Downtime"}} {})",
                              skip ? 30 : 29)),
              std::string::npos);
  }
}

TEST(ScheduleReconciler, AfterASuspensionTheLatestTickRunsOrNoneAndAllOthersAreCounted) {
  for (const MissedRunPolicy policy : {MissedRunPolicy::kCoalesce, MissedRunPolicy::kSkip}) {
    for (const bool restart : {false, true}) {
      const bool skip = policy == MissedRunPolicy::kSkip;
      ScheduleWorld world;
      ScheduledHealthCheck schedule = new_schedule();
      schedule.spec.missed_run_policy = policy;
      world.cluster.put(schedule);
      auto process = std::make_unique<Process>(world);
      world.loop.advance(seconds(150));
      world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = false; });
      world.loop.advance(seconds(5));
      EXPECT_FALSE(world.status().next_schedule_time);
      if (restart) process = nullptr;
      if (restart) process = std::make_unique<Process>(world, "two");
      world.advance_to(at_minute(12) + seconds(30));
      EXPECT_EQ(world.account().children.size(), 2U);
      world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = true; });
      world.loop.advance(seconds(5));
      EXPECT_EQ(world.ran(12), !skip);
      EXPECT_EQ(world.missed(MissedReason::kSuspended), skip ? 10 : 9);
      EXPECT_EQ(world.inexact(), "");
      world.loop.advance(minutes(1));
      EXPECT_TRUE(world.ran(13));
      EXPECT_THAT(world.cluster.event_reasons, Contains("Suspended"));
    }
  }
}

TEST(ScheduleReconciler, ATickThatRanJustBeforeASuspensionIsNotCountedAsSuspended) {
  ScheduleWorld world;
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.check.ttl_after_finished = seconds(0);
  schedule.spec.history_limit = 1;
  schedule.spec.missed_run_policy = MissedRunPolicy::kSkip;
  world.cluster.put(schedule);
  const Process process(world);
  world.advance_to(at_minute(1) + std::chrono::milliseconds(500));
  world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = false; });
  world.loop.advance(seconds(20));
  EXPECT_EQ(world.status().last_schedule_time, at_minute(1));
  world.annotate_run_now();  // takes the only place in the history
  world.advance_to(at_minute(3) + seconds(30));
  world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = true; });
  world.loop.advance(seconds(10));
  EXPECT_EQ(world.missed(MissedReason::kSuspended), 2);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleReconciler, ATickOlderThanTheStartingDeadlineDoesNotRun) {
  for (const bool late : {false, true}) {
    ScheduleWorld world;
    ScheduledHealthCheck schedule = new_schedule();
    schedule.spec.starting_deadline = seconds(10);
    world.cluster.put(schedule);
    {
      const Process first(world);
      world.loop.advance(seconds(90));
    }
    world.advance_to(at_minute(5) + seconds(late ? 11 : 9));
    const Process second(world, "two");
    world.loop.advance(seconds(30));
    EXPECT_EQ(world.ran(5), !late);
    EXPECT_EQ(world.missed(MissedReason::kDowntime), 3);
    EXPECT_EQ(world.missed(MissedReason::kDeadline), late ? 1 : 0);
    EXPECT_EQ(world.inexact(), "");
  }
}

TEST(ScheduleReconciler, AnEditedScheduleNeverRunsAPastTickOfItsNewMeaning) {
  for (const bool down : {false, true}) {
    ScheduleWorld world;
    world.cluster.put(new_schedule("0 0 * * *"));  // none for a day
    auto process = std::make_unique<Process>(world);
    world.advance_to(at_minute(10) + seconds(30));
    if (down) process = nullptr;
    world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.schedule = "*/5 * * * *"; });
    if (down) process = std::make_unique<Process>(world, "two");
    world.advance_to(at_minute(14) + seconds(30));
    EXPECT_TRUE(world.account().children.empty());
    EXPECT_TRUE(world.account().missed.empty());
    EXPECT_EQ(world.status().next_schedule_time, at_minute(15));
    world.advance_to(at_minute(16));
    EXPECT_TRUE(world.ran(15));
  }
}

TEST(ScheduleReconciler, ANewZoneIsANewMeaning) {
  for (const bool down : {false, true}) {
    ScheduleWorld world;
    world.cluster.put(new_schedule("0 1 * * *"));
    auto process = std::make_unique<Process>(world);
    world.advance_to(at_minute(30));
    if (down) process = nullptr;
    world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.time_zone = "Europe/Berlin"; });
    if (down) process = std::make_unique<Process>(world, "two");
    world.advance_to(at_minute(70));  // 02:10 in Berlin; 01:00 there was at 00:00
    EXPECT_TRUE(world.account().children.empty());
    EXPECT_TRUE(world.account().missed.empty());
    EXPECT_EQ(world.status().next_schedule_time, at_minute(24 * 60));
  }
}

TEST(ScheduleReconciler, ABadScheduleIsReportedAndTheNextGoodOneHealsIt) {
  ScheduleWorld world;
  world.cluster.put(new_schedule("61 * * * *"));
  const Process process(world);
  world.loop.advance(minutes(5));
  const ScheduledHealthCheckStatus bad = world.status();
  EXPECT_EQ(kube::find_condition(bad.conditions, kReady)->reason, "InvalidSchedule");
  EXPECT_EQ(world.cluster.writes, 1);
  EXPECT_THAT(world.cluster.event_reasons, Contains("InvalidSchedule"));
  world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.schedule = "* * * * *"; });
  world.loop.advance(seconds(90));
  EXPECT_TRUE(world.ran(6));
  EXPECT_EQ(world.account().children.size(), 1U);
  EXPECT_TRUE(world.account().missed.empty());
}

TEST(ScheduleReconciler, ASuccessorUnderTheSameNameLeavesThePredecessorsChecksAlone) {
  ScheduleWorld world;
  world.server.duration = seconds(100);
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  schedule.spec.successful_history_limit = 0;
  world.cluster.put(schedule);
  const Process process(world);
  world.loop.advance(seconds(90));
  const std::string old = world.cluster.checks().at(0).meta.name;
  world.cluster.remove_schedule("s");
  world.cluster.put(schedule);
  world.loop.advance(seconds(40));  // the old one's check runs, the new one's begins beside it
  EXPECT_FALSE(world.cluster.at(old).spec.cancel);
  EXPECT_EQ(world.cluster.checks().size(), 2U);
  world.loop.advance(seconds(45));
  EXPECT_EQ(world.cluster.at(old).status.result, CheckStatus::kPass);
  EXPECT_TRUE(world.status().history.empty());
  world.cluster.collect_garbage();
  EXPECT_FALSE(world.cluster.has(old));
  world.loop.advance(seconds(30));
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleReconciler, ADeletedScheduleRunsNoMoreAndItsMetricsGo) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(90));
  EXPECT_NE(process.metrics().find(R"(name="s")"), std::string::npos);
  world.cluster.remove_schedule("s");
  world.cluster.collect_garbage();
  const int writes = world.cluster.writes;
  world.loop.advance(minutes(5));
  EXPECT_EQ(world.cluster.writes, writes);
  EXPECT_TRUE(world.cluster.checks().empty());
  EXPECT_EQ(process.metrics().find(R"(name="s")"), std::string::npos);
}

TEST(ScheduleReconciler, AChecksResultOutlivesTheCheckThatIsDeletedAtOnce) {
  ScheduleWorld world;
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.check.ttl_after_finished = seconds(0);
  world.cluster.put(schedule);
  const Process process(world);
  world.loop.advance(minutes(3) + seconds(30));
  EXPECT_TRUE(world.cluster.checks().empty());
  ASSERT_EQ(world.status().history.size(), 3U);
  for (const HistoryEntry& entry : world.status().history) {
    EXPECT_EQ(entry.result, CheckStatus::kPass);
  }
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleReconciler, AResultOutlivesACheckThatIsDeletedBeforeTheStatusCouldBeWritten) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(50));
  world.cluster.before = [](const kube::Request& request) -> Status {
    if (!request.path.ends_with("/scheduledhealthchecks/s/status")) return {};
    return fail(ErrorCode::kRefused, "not now");
  };
  world.loop.advance(seconds(20));
  world.cluster.remove(world.cluster.checks().at(0).meta.name);
  world.loop.advance(seconds(10));
  world.cluster.before = nullptr;
  world.loop.advance(seconds(30));
  ASSERT_EQ(world.status().history.size(), 1U);
  EXPECT_EQ(world.status().history[0].result, CheckStatus::kPass);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleReconciler, KeepsAsManyChecksOfEachOutcomeAsItShall) {
  ScheduleWorld world;
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.successful_history_limit = 2;
  schedule.spec.failed_history_limit = 1;
  schedule.spec.history_limit = 4;
  world.cluster.put(schedule);
  const Process process(world);
  world.loop.advance(minutes(3) + seconds(30));
  world.server.verdict = CheckStatus::kFail;
  world.loop.advance(minutes(3));
  std::vector<std::optional<WallTime>> kept;
  for (const HealthCheck& check : world.cluster.checks()) kept.push_back(scheduled_at(check));
  EXPECT_EQ(kept, (std::vector<std::optional<WallTime>>{at_minute(2), at_minute(3), at_minute(6)}));
  EXPECT_EQ(world.status().history.size(), 4U);
  EXPECT_EQ(world.status().consecutive_failures, 3);
  EXPECT_EQ(world.status().last_successful_time, at_minute(3) + seconds(2));
}

TEST(ScheduleReconciler, OneAnnotationIsOneRunNowAndMovesNoTick) {
  ScheduleWorld world;
  world.cluster.put(new_schedule("0 * * * *"));
  const Process process(world);
  world.loop.advance(seconds(30));
  for (int run = 1; run <= 2; ++run) {
    world.annotate_run_now();
    world.loop.advance(seconds(30));
    EXPECT_EQ(world.account().runs_by_hand.size(), static_cast<size_t>(run));
    EXPECT_TRUE(world.schedule().meta.annotations.empty());
    EXPECT_EQ(world.status().run_now_id, "");
    EXPECT_FALSE(world.status().last_schedule_time);
    EXPECT_EQ(world.status().next_schedule_time, at_minute(60));
  }
  EXPECT_EQ(world.total_executions(), 2);
}

TEST(ScheduleReconciler, IsQuietUntilTheNextTick) {
  ScheduleWorld world;
  world.cluster.put(new_schedule("0 * * * *"));
  world.cluster.put(new_schedule("0 * * * *", "suspended"));
  world.cluster.edit_schedule(
      "suspended", [](json::object& object) { object["spec"].get_object()["enabled"] = false; });
  const Process process(world);
  world.loop.advance(minutes(65));
  world.cluster.requests.clear();
  world.loop.advance(minutes(54));
  EXPECT_TRUE(world.cluster.requests.empty());
}

}  // namespace
}  // namespace holmes
