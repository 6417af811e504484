#include "operator/operator.h"

#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Operator, IsReadyWhenTheFirstListIsRead) {
  World world;
  world.cluster.before = [](const kube::Request&) -> Status {
    return fail(ErrorCode::kRefused, "connection refused");
  };
  Process process(world);
  world.loop.advance(seconds(1));
  EXPECT_EQ(process.ready(), "waiting for the first list of HealthChecks\n");
  world.cluster.before = nullptr;
  world.loop.advance(seconds(60));
  EXPECT_EQ(process.ready(), "ok\n");
}

// Hundreds of new objects, each of which costs a slow write, and some schedules that are due or
// come due meanwhile.
TEST(Operator, ARestartAmongManyObjectsDoesNotDelayADueCheck) {
  constexpr size_t kDue = 8;
  for (const seconds since_due : {seconds(30), seconds(-4)}) {
    ScheduleWorld world;
    for (size_t i = 0; i < kDue; ++i) {
      world.cluster.put(new_schedule("*/10 * * * *", "due" + std::to_string(i)));
    }
    auto process = std::make_unique<Process>(world);
    world.loop.advance(minutes(5));
    process = nullptr;
    const size_t before = world.cluster.checks().size();
    world.advance_to(at_minute(10) + since_due);
    for (int i = 0; i < 500; ++i) {
      world.cluster.put(new_schedule("0 0 1 1 *", "new" + std::to_string(i)));
    }
    world.cluster.latency = seconds(2);
    process = std::make_unique<Process>(world, "two");
    world.loop.advance(std::max(-since_due, seconds(0)) + seconds(7));  // list, a turn, create
    EXPECT_EQ(world.cluster.checks().size(), before + kDue) << since_due.count();
    EXPECT_LT(world.cluster.status_writes, 400);
    world.loop.advance(minutes(1));
    EXPECT_GT(world.cluster.status_writes, 500);
  }
}

TEST(Operator, ASweepRepairsWhatNobodyAskedForAndCountsIt) {
  ScheduleWorld world;
  HealthCheck waits = new_check("a");
  waits.spec.suspend = true;
  world.cluster.put(waits);
  world.cluster.put(new_schedule());
  const Process process(world);
  const auto repairs = [&](std::string_view controller, int count) {
    return process.metrics().find(fmt::format(
               "holmes_sweep_repairs_total{{controller=\"{}\"}} {}\n", controller, count)) !=
           std::string::npos;
  };
  world.loop.advance(minutes(30));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kPending);
  EXPECT_TRUE(repairs("healthcheck", 0));
  EXPECT_TRUE(repairs("scheduledhealthcheck", 0));
  // Damage that looks like a claim of this very process, which has no need to look at those.
  world.cluster.edit_check("a", [&](json::object& check) {
    json::object& status = check["status"].as_object();
    status["phase"] = "Running";
    status.erase("result");
    status["attempt"] = {{"number", 1},
                         {"id", "1234567890abcdef"},
                         {"epoch", "one"},
                         {"holder", "pod"},
                         {"deadline", format_rfc3339(world.loop.wall_now() + minutes(1))}};
  });
  world.loop.advance(minutes(2));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kRunning);
  world.loop.advance(minutes(15));
  EXPECT_NE(world.cluster.at("a").status.phase, Phase::kRunning);
  EXPECT_TRUE(repairs("healthcheck", 1));
}

// As after a restore of a state in which it ran: nobody runs it, and the claim is this process's
// own.
TEST(Operator, ACheckThatHadEndedAndRunsAgainIsRecoveredAtOnce) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(1));
  const HealthCheckStatus running = world.cluster.at("a").status;
  ASSERT_EQ(running.phase, Phase::kRunning);
  world.loop.advance(seconds(30));
  ASSERT_EQ(world.cluster.at("a").status.phase, Phase::kCompleted);
  world.cluster.edit_check(
      "a", [&](json::object& check) { check["status"] = parse_json(to_text(running)).value(); });
  world.loop.advance(seconds(30));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kCompleted);
  EXPECT_EQ(world.total_executions(), 1);
}

HealthCheck child_of(const ScheduledHealthCheck& schedule, WallTime tick) {
  HealthCheck child = new_check(child_name(schedule.meta, tick));
  child.meta.creation_timestamp = tick;
  child.meta.owner_references.push_back({"holmesgpt.dev/v1alpha1", std::string(kScheduleKind),
                                         schedule.meta.name, schedule.meta.uid, true});
  return child;
}

// Until the garbage collector comes.
TEST(Operator, ACheckWhoseScheduleIsGoneIsNotStarted) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const ScheduledHealthCheck schedule = world.schedule();
  world.cluster.remove_schedule("s");
  const HealthCheck child = child_of(schedule, at_minute(0));
  const Process process(world);
  world.loop.advance(seconds(1));
  world.cluster.put(child);  // a create that was late on its way
  world.loop.advance(seconds(30));
  EXPECT_EQ(world.total_executions(), 0);
  EXPECT_EQ(world.cluster.at(child.meta.name).status.phase, Phase::kNew);
}

TEST(Operator, WhereAScheduleWantsOneCheckAtATimeASecondOneWaitsForTheFirst) {
  for (const bool allowed : {false, true}) {
    ScheduleWorld world;
    world.server.duration = seconds(20);
    world.cluster.put(new_schedule("0 0 1 1 *"));
    world.change_spec([allowed](ScheduledHealthCheckSpec& spec) {
      if (allowed) spec.concurrency_policy = ConcurrencyPolicy::kAllow;
    });
    const Process process(world);
    world.loop.advance(seconds(1));
    world.cluster.put(child_of(world.schedule(), at_second(1)));
    world.cluster.put(child_of(world.schedule(), at_second(2)));
    world.loop.advance(seconds(60));
    EXPECT_EQ(world.total_executions(), 2);
    EXPECT_EQ(world.server.running_max, allowed ? 2U : 1U);
  }
}

TEST(Operator, WhereAScheduleWantsOneCheckAtATimeOneThatIsToRunAgainWaitsForTheOneThatRuns) {
  ScheduleWorld world;
  world.server.duration = seconds(100);
  world.cluster.put(new_schedule("*/5 * * * *"));
  const Process process(world);
  world.advance_to(at_minute(10) + seconds(10));
  HealthCheck ended = world.cluster.at(child_name(world.schedule().meta, at_minute(5)));
  EXPECT_TRUE(ended.status.finished());
  ended.meta.annotations[std::string(kRerunAnnotation)] = "true";
  world.cluster.put(ended);
  world.loop.advance(minutes(4));
  EXPECT_EQ(world.server.running_max, 1U);
  EXPECT_EQ(world.total_executions(), 3);
  EXPECT_EQ(world.cluster.at(ended.meta.name).status.run, 2);
}

TEST(Operator, AClaimThatSomebodyLeftInAStatusOfNoRunHoldsNobodyUp) {
  ScheduleWorld world;
  world.cluster.put(new_schedule("0 0 1 1 *"));
  const Process process(world);
  world.loop.advance(seconds(1));
  HealthCheck damaged = child_of(world.schedule(), at_second(2));
  damaged.status.phase = Phase::kPending;
  Attempt left;
  left.id = "left";
  damaged.status.attempt = left;
  HealthCheck older = child_of(world.schedule(), at_second(1));
  older.meta.creation_timestamp = at_second(0);
  older.spec.suspend = true;
  world.cluster.put(older);
  world.cluster.put(damaged);
  world.loop.advance(seconds(1));
  older.spec.suspend = false;
  world.cluster.put(older);
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.total_executions(), 2);
  EXPECT_EQ(world.server.running_max, 1U);
}

// What it remembers of executions and ticks is of a time that never was.
TEST(Operator, AnApiServerThatKnowsLessThanItDidEndsTheProcess) {
  ScheduleWorld world;
  world.cluster.put(new_check("a"));
  const Process process(world);
  world.loop.advance(minutes(1));
  EXPECT_FALSE(process.ended_early());
  world.cluster.restore(50);
  world.loop.advance(minutes(2));
  EXPECT_TRUE(process.ended_early());
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(Operator, TheLastResultsAreKnownAfterARestart) {
  ScheduleWorld world;
  world.server.verdict = CheckStatus::kFail;
  world.cluster.put(new_check("a"));
  world.cluster.put(new_schedule("*/10 * * * *", "s"));
  auto process = std::make_unique<Process>(world);
  world.advance_to(at_minute(10) + seconds(30));
  const auto result_of = [&process](std::string_view name) {
    const std::string metrics = process->metrics();
    const size_t at = metrics.find(
        fmt::format("holmes_check_result{{name=\"{}\",namespace=\"default\"}} ", name));
    return at == std::string::npos ? "" : metrics.substr(metrics.find("} ", at) + 2, 1);
  };
  EXPECT_EQ(result_of("a") + result_of("s"), "00");
  process = nullptr;
  process = std::make_unique<Process>(world, "two");
  EXPECT_EQ(result_of("a") + result_of("s"), "");
  world.loop.advance(seconds(10));
  EXPECT_EQ(result_of("a") + result_of("s"), "00");
  EXPECT_EQ(world.total_executions(), 2);
}

// Its schedule could not tell of that end any more.
TEST(Operator, AResultOfARunThatEndedInADowntimeIsKnownAfterwards) {
  ScheduleWorld world;
  world.cluster.put(new_schedule("*/10 * * * *", "s"));
  auto process = std::make_unique<Process>(world);
  world.advance_to(at_minute(10) + seconds(30));
  world.server.verdict = CheckStatus::kFail;
  world.server.duration = seconds(20);
  world.advance_to(at_minute(20) + seconds(5));
  process = nullptr;
  world.loop.advance(minutes(1));
  process = std::make_unique<Process>(world, "two");
  world.loop.advance(seconds(30));
  EXPECT_NE(process->metrics().find("holmes_check_result{name=\"s\",namespace=\"default\"} 0\n"),
            std::string::npos);
}

TEST(Operator, ASweepOfIdleObjectsWritesNothing) {
  ScheduleWorld world;
  for (int i = 0; i < 200; ++i) {
    world.cluster.put(new_schedule("0 0 1 1 *", "idle" + std::to_string(i)));
  }
  const Process process(world);
  world.loop.advance(minutes(5));
  const int writes = world.cluster.writes;
  world.loop.advance(minutes(60));
  EXPECT_EQ(world.cluster.writes, writes);
  EXPECT_NE(process.metrics().find("controller_runtime_reconcile_total{controller="
                                   "\"scheduledhealthcheck\",result=\"success\"} "),
            std::string::npos);
}

}  // namespace
}  // namespace holmes
