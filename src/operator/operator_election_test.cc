#include <gtest/gtest.h>

#include "operator/replicas_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string result(const ReplicaWorld& world, const std::string& name = "a") {
  const HealthCheckStatus status = world.cluster.at(name).status;
  return status.result ? std::string(to_string(*status.result))
                       : std::string(to_string(status.phase));
}

TEST(OperatorElection, OneReplicaWorksAndTheOtherIsReadyAndWritesNothing) {
  ReplicaWorld world;
  world.cluster.put(new_schedule());
  Replica leader(world, "a");
  world.loop.advance(seconds(1));
  Replica standby(world, "b");
  world.loop.advance(seconds(1));
  world.cluster.put(new_check());
  world.loop.advance(minutes(3));
  EXPECT_EQ(result(world), "pass");
  EXPECT_TRUE(world.ran(1) && world.ran(2));
  EXPECT_TRUE(leader.leads());
  EXPECT_FALSE(standby.leads());
  EXPECT_EQ(standby.ready(), "ok\n");
  EXPECT_EQ(standby.wire.writes, 0);
  for (const std::string& request : standby.wire.requests) EXPECT_TRUE(request.starts_with("GET"));
  for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1);
}

TEST(OperatorElection, AClaimSaysInWhichTermItWasMade) {
  ReplicaWorld world;
  world.cluster.put(new_check());
  Replica first(world, "a");
  world.loop.advance(seconds(1));
  EXPECT_EQ(world.cluster.at("a").status.attempt->epoch, "u1/0");
  EXPECT_EQ(world.cluster.at("a").status.attempt->holder, "a");
  first.terminate();
  Replica second(world, "b");
  world.loop.advance(seconds(10));
  world.cluster.put(new_check("later"));
  world.loop.advance(seconds(1));
  EXPECT_EQ(world.cluster.at("later").status.attempt->epoch, "u1/1");
}

TEST(OperatorElection, AfterACrashInMidCheckTheNextLeaderFetchesTheRunningExecutionsAnswer) {
  ReplicaWorld world;
  world.server.duration = seconds(25);
  world.cluster.put(new_check());
  auto first = std::make_unique<Replica>(world, "a");
  world.loop.advance(seconds(2));
  const Replica second(world, "b");
  world.loop.advance(seconds(3));
  EXPECT_EQ(result(world), "Running");
  first = nullptr;
  world.loop.advance(seconds(40));
  EXPECT_EQ(result(world), "pass");
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_TRUE(world.server.cancelled.empty());
}

TEST(OperatorElection, AtSigtermTheNextOneLeadsAtOnceAndTheAnswerCountsOnce) {
  ReplicaWorld world;
  world.server.duration = seconds(10);
  world.cluster.put(new_check());
  Replica first(world, "a");
  world.loop.advance(seconds(2));
  Replica second(world, "b");
  world.loop.advance(seconds(3));
  first.terminate();
  world.loop.advance(milliseconds(2500));
  EXPECT_TRUE(second.leads());
  EXPECT_FALSE(first.ended());  // waits for the answer, within its grace
  EXPECT_EQ(result(world), "Running");
  world.cluster.put(new_check("new"));
  world.loop.advance(milliseconds(500));
  EXPECT_EQ(world.cluster.at("new").status.attempt->holder, "b");
  world.cluster.latency = milliseconds(300);  // each decides before it can see what the other did
  world.loop.advance(seconds(30));
  const std::string commit =
      "PUT /apis/holmesgpt.dev/v1alpha1/namespaces/default/healthchecks/a/status";
  EXPECT_EQ(std::ranges::count(first.wire.requests, commit), 2);  // and its claim
  EXPECT_EQ(std::ranges::count(second.wire.requests, commit), 1);
  EXPECT_EQ(result(world), "pass");
  EXPECT_EQ(world.cluster.at("a").status.attempts.size(), 1U);
  EXPECT_TRUE(first.ended());
  EXPECT_FALSE(first.ended_early());
  for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1);
  EXPECT_EQ(std::ranges::count(world.cluster.event_reasons, "Completed"), 2);  // one for each check
}

TEST(OperatorElection, AfterItsReleaseALeaderCommitsAnswersButClaimsNothing) {
  ReplicaWorld world;
  world.server.duration = seconds(10);
  world.cluster.put(new_check());
  Replica only(world, "a");
  world.loop.advance(seconds(2));
  only.terminate();
  world.loop.advance(seconds(1));
  EXPECT_EQ(world.lease.stored->holder, "");
  world.cluster.put(new_check("later"));
  world.loop.advance(seconds(20));
  EXPECT_EQ(result(world), "pass");
  EXPECT_EQ(result(world, "later"), "");  // untouched
  EXPECT_TRUE(only.ended());
}

TEST(OperatorElection, WhoeverLosesTheLeaseEndsAndLeavesItsExecutionsToTheNext) {
  ReplicaWorld world;
  world.server.duration = seconds(40);
  world.cluster.put(new_check());
  Replica first(world, "a");
  world.loop.advance(seconds(2));
  const Replica second(world, "b");
  world.loop.advance(seconds(3));
  first.lease_wire->cut = true;  // all other requests still arrive
  world.loop.advance(seconds(12));
  EXPECT_TRUE(first.ended());
  EXPECT_TRUE(first.ended_early());
  EXPECT_EQ(result(world), "Running");
  const int writes = first.wire.writes;
  world.cluster.put(new_check("new"));
  world.loop.advance(seconds(60));
  EXPECT_TRUE(second.leads());
  EXPECT_EQ(result(world), "pass");
  EXPECT_EQ(result(world, "new"), "pass");
  EXPECT_EQ(first.wire.writes, writes);
  EXPECT_EQ(world.total_executions(), 2);
  EXPECT_TRUE(world.server.cancelled.empty());
}

// Stands still while its claim is written: what it then learns is that the claim is its own.
TEST(OperatorElection, ALeaderThatStoodStillAfterItsClaimDoesNotExecuteIt) {
  ReplicaWorld world;
  Replica first(world, "a");
  world.loop.advance(seconds(2));
  bool stood = false;
  world.cluster.after = [&](const kube::Request& request) -> Status {
    if (!stood && is_write(request)) {
      stood = true;
      world.loop.stand_still(seconds(11));
    }
    return {};
  };
  world.cluster.put(new_check());
  world.loop.advance(seconds(1));
  ASSERT_TRUE(stood);
  EXPECT_TRUE(first.ended_early());
  EXPECT_EQ(result(world), "Running");
  EXPECT_EQ(world.total_executions(), 0);
  const Replica second(world, "b");
  world.loop.advance(minutes(2));
  EXPECT_EQ(result(world), "pass");
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_EQ(world.cluster.at("a").status.attempts.size(), 2U);
}

// The other half: it stands still before, and nothing of what it had decided is sent.
TEST(OperatorElection, ALeaderThatStoodStillNeitherClaimsNorMakesAChild) {
  ReplicaWorld world;
  world.cluster.put(new_schedule("*/10 * * * *"));
  Replica first(world, "a");
  world.loop.advance(seconds(2));
  const int writes = first.wire.writes;
  // All in one turn: a check arrives and a tick is due, and before any of it is worked on, the
  // process stands still.
  world.cluster.put(new_check());
  world.loop.stand_still(at_minute(10) + seconds(1) - world.loop.wall_now());
  world.loop.run_until_idle();
  EXPECT_TRUE(first.ended_early());
  EXPECT_TRUE(first.ended());
  EXPECT_EQ(first.wire.writes, writes);
  EXPECT_FALSE(world.ran(10));
  EXPECT_EQ(result(world), "");
  const Replica second(world, "b");
  world.loop.advance(minutes(2));
  EXPECT_TRUE(world.ran(10));
  EXPECT_EQ(world.inexact(), "");
}

// The child of a tick is made, finished, told and deleted, and the standby saw nothing of it.
TEST(OperatorElection, AStandbyWhoseCacheIsBehindMakesNoTickTwice) {
  ReplicaWorld world;
  ScheduledHealthCheck schedule = new_schedule("*/10 * * * *");
  schedule.spec.successful_history_limit = 0;
  world.cluster.put(schedule);
  auto first = std::make_unique<Replica>(world, "a");
  world.loop.advance(seconds(2));
  Replica second(world, "b");
  world.advance_to(at_minute(10) - seconds(5));
  second.wire.stall_watches();
  world.advance_to(at_minute(10) + seconds(20));
  EXPECT_TRUE(world.ran(10));
  EXPECT_TRUE(world.cluster.checks().empty());
  first = nullptr;
  world.loop.advance(minutes(5));
  EXPECT_TRUE(second.leads());
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_EQ(world.inexact(), "");
}

TEST(OperatorElection, AStandbyThatDoesNotKnowAScheduleDeletesNoCheckThatIsNotTold) {
  ReplicaWorld world;
  world.cluster.latency = milliseconds(10);
  auto first = std::make_unique<Replica>(world, "a");
  world.loop.advance(seconds(2));
  Replica second(world, "b");
  world.advance_to(at_minute(10) - seconds(5));
  second.wire.stall_watches();
  ScheduledHealthCheck schedule = new_schedule("*/10 * * * *");
  schedule.spec.check.ttl_after_finished = seconds(0);
  world.cluster.put(schedule);
  bool refuses = true;
  world.cluster.before = [&](const kube::Request& request) -> Status {
    const bool told = is_write(request) && world.ran(10) &&
                      request.path.ends_with("/scheduledhealthchecks/s/status");
    return refuses && told ? fail(ErrorCode::kRefused, "not now") : Status();
  };
  world.advance_to(at_minute(10) + seconds(20));
  ASSERT_EQ(world.cluster.checks().size(), 1U);
  EXPECT_TRUE(world.cluster.checks()[0].status.finished());
  first = nullptr;
  refuses = false;
  world.loop.advance(minutes(5));
  EXPECT_TRUE(second.leads());
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_EQ(world.inexact(), "");
}

TEST(OperatorElection, TicksGoOnThroughOneFailoverAfterAnother) {
  ReplicaWorld world;
  world.cluster.put(new_schedule());
  auto leader = std::make_unique<Replica>(world, "r0");
  for (int i = 1; i <= 12; ++i) {
    auto standby = std::make_unique<Replica>(world, "r" + std::to_string(i));
    world.loop.advance(seconds(90 + 7 * i));
    if (i % 2 == 0) {
      leader->terminate();
      world.loop.advance(seconds(30));
      EXPECT_TRUE(leader->ended());
    }
    leader = std::move(standby);
  }
  world.loop.advance(minutes(2));
  EXPECT_EQ(world.inexact(), "");
  for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1) << id;
  EXPECT_GT(world.server.executions.size(), 25U);
  EXPECT_LE(world.cluster.checks().size(), 11U);  // the history is one, whoever led
}

TEST(OperatorElection, AStopWhileStandingByEndsAtOnceAndLeavesTheLease) {
  ReplicaWorld world;
  const Replica leader(world, "a");
  world.loop.advance(seconds(1));
  Replica standby(world, "b");
  world.loop.advance(seconds(30));
  standby.terminate();
  world.loop.run_until_idle();
  EXPECT_TRUE(standby.ended());
  EXPECT_FALSE(standby.ended_early());
  EXPECT_EQ(world.lease.stored->holder, "a");
}

}  // namespace
}  // namespace holmes
