#include "operator/healthcheck_reconciler.h"

#include <gtest/gtest.h>

#include "operator/operator_world_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;

TEST(HealthCheckReconciler, RunsANewCheckOnceWithTwoStatusWritesAndTwoEvents) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(10));
  const HealthCheck check = world.cluster.at("a");
  EXPECT_EQ(check.status.phase, Phase::kCompleted);
  EXPECT_EQ(check.status.result, CheckStatus::kPass);
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_EQ(world.cluster.status_writes, 2);
  EXPECT_EQ(world.cluster.event_reasons, (std::vector<std::string>{"Started", "Completed"}));
  EXPECT_NE(
      process.metrics().find(
          R"(holmes_checks_executed_total{name="a",namespace="default",type="healthcheck"} 1)"),
      std::string::npos);
}

TEST(HealthCheckReconciler, NeverRunsMoreThanItsLimitAndServesTheOldestFirst) {
  World world;
  for (int i = 0; i < 9; ++i) world.cluster.put(new_check(std::string(1, 'a' + char(i)), 100 - i));
  const Process process(world, "one", 2);
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.server.running_max, 2U);
  ASSERT_EQ(world.server.names.size(), 9U);
  EXPECT_EQ(world.server.names.front(), "default/i");
  EXPECT_EQ(world.server.names.back(), "default/a");
}

TEST(HealthCheckReconciler, AnOutcomeThatCannotBeWrittenYetHoldsUpNoOtherCheck) {
  World world;
  world.cluster.put(new_check("a", 100));
  world.cluster.put(new_check("b", 50));
  world.cluster.before = [](const kube::Request& request) -> Status {
    const bool outcome_of_a =
        request.path.ends_with("/a/status") && request.body.find("Completed") != std::string::npos;
    if (outcome_of_a) return fail(ErrorCode::kRefused, "not now");
    return Status();
  };
  const Process process(world, "one", 1);
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kRunning);
  EXPECT_EQ(world.cluster.at("b").status.phase, Phase::kCompleted);
  world.cluster.before = nullptr;
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kCompleted);
  EXPECT_EQ(world.total_executions(), 2);
  EXPECT_EQ(world.server.running_max, 1U);
}

TEST(HealthCheckReconciler, ACrashInMidCheckUsesTheRunningExecutionsAnswer) {
  World world;
  world.server.duration = seconds(20);
  world.cluster.put(new_check());
  {
    const Process first(world, "one");
    world.loop.advance(seconds(5));
    EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kRunning);
  }
  const Process second(world, "two");
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kCompleted);
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.total_executions(), 1);
}

// As after a restore: the watch says nothing of it.
TEST(HealthCheckReconciler, AClaimedCheckThatIsNotThereAnyMoreIsBelievedToBeGoneAtOnce) {
  World world;
  world.server.duration = seconds(5);
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(1));
  world.cluster.hide("a");
  world.cluster.remove("a");
  world.cluster.requests.clear();
  world.loop.advance(seconds(30));
  EXPECT_LT(world.cluster.requests.size(), 10U);
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(HealthCheckReconciler, AClaimThatAWrongClockMadeIsWaitedForNoLongerThanItWasMadeFor) {
  World world;
  HealthCheck check = new_check();
  check.spec.timeout = seconds(10);
  const WallTime ahead = world.loop.wall_now() + std::chrono::minutes(10);
  check.status = claim(check, {"another", "gone"}, ahead);
  world.cluster.put(check);
  world.server.forgetful = true;
  world.server.announces = false;  // so that only the deadline ends it
  const Process process(world);
  world.loop.advance(seconds(10) + kClaimMargin + seconds(5));
  const std::vector<AttemptRecord> attempts = world.cluster.at("a").status.attempts;
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].outcome, AttemptOutcome::kInterrupted);
}

TEST(HealthCheckReconciler, ALostExecutionIsInterruptedAndRunsAgainUnderTheNextId) {
  World world;
  world.server.drop_post = true;
  world.server.forgetful = true;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(7));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kPending);
  world.server.drop_post = false;
  world.loop.advance(seconds(60));
  const HealthCheckStatus status = world.cluster.at("a").status;
  EXPECT_EQ(status.result, CheckStatus::kPass);
  ASSERT_EQ(status.attempts.size(), 2U);
  EXPECT_EQ(status.attempts[0].outcome, AttemptOutcome::kInterrupted);
  EXPECT_EQ(status.attempts[1].outcome, AttemptOutcome::kAnswered);
  for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1) << id;
  EXPECT_EQ(world.cluster.event_reasons,
            (std::vector<std::string>{"Started", "Retrying", "Completed"}));
}

TEST(HealthCheckReconciler, ABrokenConnectionDoesNotLoseAnAnswerThatTheServerKnows) {
  World world;
  world.server.drop_post = true;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(10));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(HealthCheckReconciler, AnAnswerThatGetsLostOnAnOpenConnectionIsAskedForBeforeTheClaimEnds) {
  World world;
  world.server.swallow_answer = true;
  HealthCheck check = new_check();
  check.spec.backoff_limit = 0;
  world.cluster.put(check);
  const Process process(world);
  world.loop.advance(check.spec.timeout + kClaimMargin - seconds(1));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_TRUE(world.server.cancelled.empty());
}

TEST(HealthCheckReconciler, ARefusingServerIsWaitedForAndTheCheckRunsWhenItIsBack) {
  World world;
  world.server.post_answer = fail(ErrorCode::kRefused, "connection refused");
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(100));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kPending);
  EXPECT_NE(world.cluster.at("a").status.message.find("connection refused"), std::string::npos);
  world.server.post_answer.reset();
  world.loop.advance(seconds(100));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.cluster.event_reasons,
            (std::vector<std::string>{"Started", "Retrying", "Completed"}));
}

TEST(HealthCheckReconciler, RetryAfterOfTheServerIsAFloor) {
  World world;
  world.server.post_answer = HttpResponse{503, {{"Retry-After", "30"}}, ""};
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(1));
  world.server.post_answer.reset();
  world.loop.advance(seconds(25));
  EXPECT_EQ(world.total_executions(), 0);
  world.loop.advance(seconds(10));
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(HealthCheckReconciler, AWrongKeyFailsAtOnceAndIsNotTriedAgain) {
  World world;
  world.server.post_answer = HttpResponse{401, {}, R"({"detail":"Invalid or missing API key"})"};
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(10));
  const HealthCheckStatus status = world.cluster.at("a").status;
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(kube::find_condition(status.conditions, kComplete)->reason, "ServerUnauthorized");
  EXPECT_EQ(world.cluster.event_reasons.back(), "Failed");
}

TEST(HealthCheckReconciler, ADeletedCheckIsCancelledAtTheServerAndNothingIsWritten) {
  World world;
  world.server.duration = seconds(20);
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(2));
  world.cluster.remove("a");
  world.loop.advance(seconds(2));
  EXPECT_EQ(world.server.cancelled.size(), 1U);
  EXPECT_EQ(world.server.running, 0U);
  EXPECT_EQ(world.cluster.status_writes, 1);
}

TEST(HealthCheckReconciler, ACheckThatWasDeletedAndMadeAgainRunsUnderItsOwnId) {
  World world;
  world.server.duration = seconds(20);
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(2));
  world.cluster.remove("a");
  HealthCheck again = new_check();
  again.meta.uid = "uid-again";
  world.cluster.put(again);
  world.loop.advance(seconds(30));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.server.executions.size(), 2U);
  EXPECT_EQ(world.server.cancelled, std::set<std::string>{attempt_id("uid-a", 1, 1)});
}

TEST(HealthCheckReconciler, CancelStopsARunningCheck) {
  World world;
  world.server.duration = seconds(20);
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(2));
  HealthCheck check = new_check();
  check.spec.cancel = true;
  check.meta.generation = 2;
  world.cluster.put(check);
  world.loop.advance(seconds(2));
  const HealthCheckStatus status = world.cluster.at("a").status;
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(kube::find_condition(status.conditions, kComplete)->reason, "Cancelled");
  EXPECT_EQ(world.server.cancelled.size(), 1U);
}

TEST(HealthCheckReconciler, ACancelThatCameWhileNoOperatorRanIsHeard) {
  World world;
  world.server.duration = seconds(100);
  world.cluster.put(new_check());
  {
    const Process first(world, "one");
    world.loop.advance(seconds(2));
  }
  HealthCheck check = new_check();
  check.spec.cancel = true;
  check.meta.generation = 2;
  world.cluster.put(check);
  const Process second(world, "two");
  world.loop.advance(seconds(5));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kFailed);
  EXPECT_EQ(world.server.cancelled.size(), 1U);
}

TEST(HealthCheckReconciler, AClaimThatWasWrittenThoughNobodyCouldTellIsStillPosted) {
  World world;
  world.cluster.put(new_check());
  int faults = 2;  // the claim's answer is lost, and so is that of the read that should tell
  world.cluster.after = [&faults](const kube::Request& request) -> Status {
    const bool hit = request.verb == kube::Verb::kUpdate || request.verb == kube::Verb::kGet;
    if (!hit || faults == 0) return {};
    --faults;
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  const Process process(world);
  world.loop.advance(seconds(60));
  const HealthCheckStatus status = world.cluster.at("a").status;
  EXPECT_EQ(status.result, CheckStatus::kPass);
  EXPECT_EQ(status.attempts.size(), 1U);
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(HealthCheckReconciler, AClaimThatNobodyCouldTellOfIsNotPostedOnceTheCheckIsCancelled) {
  World world;
  world.cluster.put(new_check());
  int faults = 2;
  world.cluster.after = [&](const kube::Request& request) -> Status {
    const bool hit = request.verb == kube::Verb::kUpdate || request.verb == kube::Verb::kGet;
    if (!hit || faults == 0) return {};
    if (--faults == 0) {
      HealthCheck check = new_check();
      check.spec.cancel = true;
      check.meta.generation = 2;
      world.cluster.put(check);
    }
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  const Process process(world);
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kFailed);
  EXPECT_EQ(world.total_executions(), 0);
}

TEST(HealthCheckReconciler, AnAnswerThatTheApiServerRefusesEndsTheCheckInsteadOfLooping) {
  World world;
  world.cluster.put(new_check());
  int refused = 0;
  world.cluster.before = [&refused](const kube::Request& request) -> Status {
    const bool answer = request.body.find("\"Completed\"") != std::string::npos;
    if (request.verb != kube::Verb::kUpdate || !answer) return {};
    ++refused;
    return fail(ErrorCode::kInvalid, "denied by policy");
  };
  const Process process(world);
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kFailed);
  EXPECT_NE(world.cluster.at("a").status.message.find("denied by policy"), std::string::npos);
  EXPECT_EQ(refused, 1);
}

TEST(HealthCheckReconciler, ACommitThatWasWrittenIsKnownAsOwnEvenWhenTheReadFailsToo) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(1));
  int faults = 3;
  world.cluster.after = [&faults](const kube::Request& request) -> Status {
    const bool hit = request.verb == kube::Verb::kUpdate || request.verb == kube::Verb::kGet;
    if (!hit || faults == 0) return {};
    --faults;
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.event_reasons, (std::vector<std::string>{"Started", "Completed"}));
}

TEST(HealthCheckReconciler, ATimeToLiveFarAwayDoesNotSpin) {
  World world;
  HealthCheck check = new_check();
  check.spec.ttl_after_finished = seconds(kMaxTtlSeconds);
  world.cluster.put(check);
  const Process process(world);
  world.loop.advance(std::chrono::hours(50));
  EXPECT_TRUE(world.cluster.has("a"));
}

TEST(HealthCheckReconciler, ATokenInAResourceIsWarnedOfWithoutBeingTold) {
  World world;
  HealthCheck check = new_check();
  check.spec.destinations.push_back({"slack", "", json::object{{"token", "xoxb-secret"}}});
  world.cluster.put(check);
  const Process process(world);
  world.loop.advance(seconds(10));
  EXPECT_EQ(world.cluster.event_reasons,
            (std::vector<std::string>{"Started", "TokenInResource", "Completed"}));
  EXPECT_EQ(to_text(world.cluster.at("a").status).find("xoxb"), std::string::npos);
}

TEST(HealthCheckReconciler, OneAnnotationIsOneMoreRun) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(5));
  HealthCheck check = new_check();
  check.meta.annotations[std::string(kRerunAnnotation)] = "true";
  world.cluster.put(check);
  world.loop.advance(seconds(20));
  EXPECT_EQ(world.cluster.at("a").status.run, 2);
  EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kCompleted);
  EXPECT_TRUE(world.cluster.at("a").meta.annotations.empty());
  EXPECT_EQ(world.total_executions(), 2);
}

TEST(HealthCheckReconciler, ACrashAnywhereInARerunStillMakesItOneRun) {
  // The fault: the process dies after its n-th write.
  for (int n = 1; n <= 4; ++n) {
    World world;
    world.cluster.put(new_check());
    {
      const Process setup(world);
      world.loop.advance(seconds(5));
    }
    HealthCheck check = new_check();
    check.meta.annotations[std::string(kRerunAnnotation)] = "true";
    world.cluster.put(check);
    int writes = 0;
    world.cluster.before = [&writes, n](const kube::Request& request) -> Status {
      const bool write = request.verb == kube::Verb::kUpdate || request.verb == kube::Verb::kPatch;
      if (write && ++writes > n) return fail(ErrorCode::kRefused, "the process is dead");
      return {};
    };
    {
      const Process crashing(world, "two");
      world.loop.advance(seconds(1));
    }
    world.cluster.before = nullptr;
    const Process next(world, "three");
    world.loop.advance(seconds(120));
    EXPECT_EQ(world.cluster.at("a").status.run, 2) << n;
    EXPECT_EQ(world.cluster.at("a").status.phase, Phase::kCompleted) << n;
    EXPECT_TRUE(world.cluster.at("a").meta.annotations.empty()) << n;
    EXPECT_EQ(world.total_executions(), 2) << n;
  }
}

TEST(HealthCheckReconciler, AWriteWhoseAnswerIsLostIsNeverMadeTwice) {
  // Every status write in turn is committed, but its answer breaks off.
  for (int n = 1; n <= 2; ++n) {
    World world;
    world.cluster.put(new_check());
    int writes = 0;
    world.cluster.after = [&writes, n](const kube::Request& request) -> Status {
      if (request.verb != kube::Verb::kUpdate || ++writes != n) return {};
      return fail(ErrorCode::kUnavailable, "connection reset");
    };
    const Process process(world);
    world.loop.advance(seconds(60));
    EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass) << n;
    EXPECT_EQ(world.total_executions(), 1) << n;
    EXPECT_EQ(world.cluster.status_writes, 2) << n;
  }
}

TEST(HealthCheckReconciler, AnAnswerSurvivesAnApiServerThatIsAwayLongerThanServersRemember) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(1));
  world.cluster.before = [](const kube::Request&) -> Status {
    return fail(ErrorCode::kRefused, "connection refused");
  };
  world.loop.advance(std::chrono::minutes(11));
  world.server.forgetful = true;
  world.cluster.before = nullptr;
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(HealthCheckReconciler, AnEditDuringTheRunDoesNotLoseTheAnswerOrRunAgain) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(1));
  HealthCheck edited = new_check();
  edited.spec.query = "Another question?";
  edited.meta.generation = 2;
  world.cluster.put(edited);
  world.loop.advance(seconds(30));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
  EXPECT_EQ(world.cluster.at("a").status.observed_generation, 1);
  EXPECT_EQ(world.total_executions(), 1);
}

TEST(HealthCheckReconciler, ASuspendedCheckWaitsAndRunsWhenReleased) {
  World world;
  HealthCheck check = new_check();
  check.spec.suspend = true;
  world.cluster.put(check);
  const Process process(world);
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.total_executions(), 0);
  EXPECT_EQ(world.cluster.status_writes, 1);
  check.spec.suspend = false;
  world.cluster.put(check);
  world.loop.advance(seconds(10));
  EXPECT_EQ(world.cluster.at("a").status.result, CheckStatus::kPass);
}

TEST(HealthCheckReconciler, AFinishedCheckIsDeletedWhenItsTimeIsOver) {
  World world;
  HealthCheck check = new_check();
  check.spec.ttl_after_finished = seconds(30);
  world.cluster.put(check);
  const Process process(world);
  world.loop.advance(seconds(25));
  EXPECT_TRUE(world.cluster.has("a"));
  world.loop.advance(seconds(30));
  EXPECT_FALSE(world.cluster.has("a"));
  EXPECT_EQ(process.metrics().find(R"(name="a")"), std::string::npos);
}

TEST(HealthCheckReconciler, IsQuietWhenThereIsNothingToDo) {
  World world;
  world.cluster.put(new_check());
  const Process process(world);
  world.loop.advance(seconds(30));
  int requests = 0;
  world.cluster.before = [&requests](const kube::Request&) -> Status {
    ++requests;
    return {};
  };
  world.loop.advance(std::chrono::minutes(4));
  EXPECT_EQ(requests, 0);
}

}  // namespace
}  // namespace holmes
