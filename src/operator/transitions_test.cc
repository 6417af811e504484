#include "operator/transitions.h"

#include <gtest/gtest.h>

#include "operator/check_testing.h"

namespace holmes {
namespace {

const Claimant kClaimant{"epoch-1", "pod-1"};

HealthCheck with(HealthCheck check, HealthCheckStatus status) {
  check.status = std::move(status);
  return check;
}

HealthCheck claimed_at(int second, HealthCheck check = new_check()) {
  return with(check, claim(check, kClaimant, at_second(second)));
}

// "Complete=Pass Passed=Pass" of the conditions that are True.
std::string true_conditions(const HealthCheckStatus& status) {
  std::string text;
  for (const kube::Condition& condition : status.conditions) {
    if (!condition.status) continue;
    if (!text.empty()) text += " ";
    text += condition.type + "=" + condition.reason;
  }
  return text;
}

TEST(Transitions, AttemptIdsDependOnObjectRunAndNumberOnly) {
  EXPECT_EQ(attempt_id("u", 1, 1), attempt_id("u", 1, 1));
  EXPECT_NE(attempt_id("u", 1, 1), attempt_id("u", 1, 2));
  EXPECT_NE(attempt_id("u", 1, 1), attempt_id("u", 2, 1));
  EXPECT_NE(attempt_id("u", 1, 1), attempt_id("v", 1, 1));
  EXPECT_NE(attempt_id("u", 11, 1), attempt_id("u", 1, 11));
}

TEST(Transitions, AClaimNamesAttemptHolderAndDeadline) {
  HealthCheck check = new_check();
  check.spec.timeout = std::chrono::seconds(60);
  check.meta.generation = 3;
  const HealthCheckStatus status = claim(check, kClaimant, at_second(10));
  EXPECT_EQ(status.phase, Phase::kRunning);
  EXPECT_EQ(status.run, 1);
  EXPECT_EQ(status.observed_generation, 3);
  EXPECT_EQ(status.start_time, at_second(10));
  ASSERT_TRUE(status.attempt.has_value());
  EXPECT_EQ(status.attempt->id, attempt_id("uid-a", 1, 1));
  EXPECT_EQ(status.attempt->number, 1);
  EXPECT_EQ(status.attempt->epoch, "epoch-1");
  EXPECT_EQ(status.attempt->deadline, at_second(10 + 60 + 15));
}

TEST(Transitions, HowARunEndsIsTheTableOfTheContract) {
  const HealthCheck running = claimed_at(0);
  const WallTime now = at_second(3);
  const struct {
    HealthCheckStatus status;
    Phase phase;
    CheckStatus result;
    std::string_view conditions;
  } rows[] = {
      {complete(running, answer(CheckStatus::kPass), now), Phase::kCompleted, CheckStatus::kPass,
       "Complete=Pass Passed=Pass"},
      {complete(running, answer(CheckStatus::kFail), now), Phase::kCompleted, CheckStatus::kFail,
       "Complete=Fail Failed=Fail"},
      {complete(running, answer(CheckStatus::kError), now), Phase::kCompleted, CheckStatus::kError,
       "Complete=Error Inconclusive=NoEvidence"},
      {give_up(running, FailReason::kInterrupted, "w", now), Phase::kFailed, CheckStatus::kError,
       "Complete=Interrupted Inconclusive=Interrupted"},
      {give_up(running, FailReason::kServerUnavailable, "w", now), Phase::kFailed,
       CheckStatus::kError, "Complete=ServerUnavailable Inconclusive=ServerUnavailable"},
      {give_up(running, FailReason::kCancelled, "w", now), Phase::kFailed, CheckStatus::kError,
       "Complete=Cancelled Inconclusive=Cancelled"},
      {give_up(running, FailReason::kInvalidRequest, "w", now), Phase::kFailed, CheckStatus::kError,
       "Complete=InvalidRequest Inconclusive=InvalidRequest"},
      {give_up(running, FailReason::kServerUnauthorized, "w", now), Phase::kFailed,
       CheckStatus::kError, "Complete=ServerUnauthorized Inconclusive=ServerUnauthorized"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.status.phase, row.phase) << row.conditions;
    EXPECT_EQ(row.status.result, row.result) << row.conditions;
    EXPECT_EQ(true_conditions(row.status), row.conditions);
    EXPECT_EQ(row.status.conditions.size(), 4U) << row.conditions;
    EXPECT_EQ(row.status.completion_time, now);
    EXPECT_FALSE(row.status.attempt.has_value());
    EXPECT_EQ(row.status.attempts.size(), 1U);
  }
}

TEST(Transitions, AnInterruptedAttemptIsRetriedWithinTheBackoffLimit) {
  HealthCheck check = claimed_at(0);
  check.spec.backoff_limit = 1;
  check = with(check, interrupt(check, "reset", at_second(40)));
  EXPECT_EQ(check.status.phase, Phase::kPending);
  EXPECT_EQ(true_conditions(check.status), "Waiting=Interrupted");
  EXPECT_EQ(next_attempt_time(check.status), at_second(45));
  check = claimed_at(45, check);
  EXPECT_EQ(check.status.attempt->id, attempt_id("uid-a", 1, 2));
  EXPECT_EQ(true_conditions(check.status), "");
  check = with(check, interrupt(check, "reset", at_second(90)));
  EXPECT_EQ(check.status.phase, Phase::kFailed);
  EXPECT_EQ(check.status.attempts.size(), 2U);
}

TEST(Transitions, TheBackoffGrowsFourfoldUpToAMinute) {
  HealthCheck check = new_check();
  check.spec.backoff_limit = 10;
  std::vector<int64_t> delays;
  for (int n = 0; n < 5; ++n) {
    check = claimed_at(0, check);
    check = with(check, interrupt(check, "reset", at_second(0)));
    const WallTime next = *next_attempt_time(check.status);
    delays.push_back(std::chrono::duration_cast<std::chrono::seconds>(next - at_second(0)).count());
  }
  EXPECT_EQ(delays, (std::vector<int64_t>{5, 20, 60, 60, 60}));
}

TEST(Transitions, RefusalsUseUpNoAttemptAndAreOneRecordUntilTheHourIsOver) {
  HealthCheck check = new_check();
  check.spec.backoff_limit = 0;
  int second = 0;
  int claims = 0;
  std::set<std::string> ids;
  while (check.status.phase != Phase::kFailed) {
    check = claimed_at(second, check);
    ids.insert(check.status.attempt->id);
    ++claims;
    check = with(check, refuse(check, "connection refused", at_second(second)));
    if (check.status.phase == Phase::kFailed) break;
    EXPECT_EQ(check.status.attempts.size(), 1U);
    const auto delay = *next_attempt_time(check.status) - at_second(second);
    EXPECT_LE(delay, kMaxRetryDelay);
    EXPECT_GE(delay, std::chrono::seconds(1));
    second += static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(delay).count());
  }
  EXPECT_EQ(true_conditions(check.status),
            "Complete=ServerUnavailable Inconclusive=ServerUnavailable");
  EXPECT_GE(second, 3600);
  EXPECT_LE(second, 3600 + 60);
  EXPECT_EQ(static_cast<int>(ids.size()), claims);  // every POST has an id of its own
}

TEST(Transitions, TimeInLineBehindOthersThatAreRefusedCountsTowardsTheHour) {
  HealthCheck check = new_check();
  int second = 0;
  for (; check.status.phase != Phase::kFailed && second < 7200; second += 600) {
    check = claimed_at(second, check);
    check = with(check, refuse(check, "connection refused", at_second(second + 10)));
  }
  EXPECT_EQ(second - 600, 3600);  // the first refusal after the hour
}

TEST(Transitions, AnInterruptedAttemptStillCountsAfterManyRefusals) {
  HealthCheck check = claimed_at(0);
  check.spec.backoff_limit = 1;
  check = with(check, interrupt(check, "reset", at_second(1)));
  for (int second = 10; second < 40; ++second) {
    check = claimed_at(second, check);
    check = with(check, refuse(check, "busy", at_second(second)));
  }
  check = claimed_at(50, check);
  EXPECT_EQ(interrupt(check, "reset", at_second(60)).phase, Phase::kFailed);
}

TEST(Transitions, AFlappingServerCannotOutrunTheBackoffLimit) {
  HealthCheck check = new_check();
  check.spec.backoff_limit = 10;
  int interrupted = 0;
  for (int second = 0; check.status.phase != Phase::kFailed && second < 100; ++second) {
    check = claimed_at(second, check);
    if (second % 2 == 0) {
      ++interrupted;
      check = with(check, interrupt(check, "reset", at_second(second)));
    } else {
      check = with(check, refuse(check, "busy", at_second(second)));
    }
    EXPECT_LE(check.status.attempts.size(), 10U);
  }
  EXPECT_EQ(check.status.phase, Phase::kFailed);
  EXPECT_EQ(interrupted, 10);  // refusals take one of the ten places
}

TEST(Transitions, TimeInWhichNobodyTriedDoesNotCountAsRefused) {
  HealthCheck check = claimed_at(0);
  check = with(check, refuse(check, "busy", at_second(0)));
  check = claimed_at(7200, check);
  EXPECT_EQ(refuse(check, "busy", at_second(7200)).phase, Phase::kPending);
}

TEST(Transitions, StartTimeIsTheRunsNotTheAttempts) {
  HealthCheck check = claimed_at(5);
  check = with(check, interrupt(check, "reset", at_second(40)));
  check = claimed_at(45, check);
  EXPECT_EQ(check.status.start_time, at_second(5));
  EXPECT_EQ(check.status.attempt->start_time, at_second(45));
}

TEST(Transitions, ARerunIsTheNextRunWithClearedResults) {
  HealthCheck check = claimed_at(0);
  check = with(check, complete(check, answer(CheckStatus::kFail), at_second(3)));
  const HealthCheckStatus rerun = accept_rerun(check, at_second(9));
  EXPECT_EQ(rerun.run, 2);
  EXPECT_EQ(rerun.phase, Phase::kPending);
  EXPECT_TRUE(rerun.rerun_accepted);
  EXPECT_EQ(rerun.result, std::nullopt);
  EXPECT_TRUE(rerun.message.empty());
  EXPECT_EQ(true_conditions(rerun), "");
  EXPECT_EQ(kube::find_condition(rerun.conditions, kComplete)->reason, "Rerun");
  EXPECT_EQ(next_attempt_time(rerun), std::nullopt);
  const HealthCheckStatus second = claim(with(check, rerun), kClaimant, at_second(10));
  EXPECT_EQ(second.attempt->id, attempt_id("uid-a", 2, 1));
  EXPECT_FALSE(second.rerun_accepted);
}

TEST(Transitions, ARerunOfACheckThatNeverStartedIsItsFirstRun) {
  const HealthCheckStatus rerun = accept_rerun(new_check(), at_second(0));
  EXPECT_EQ(rerun.run, 1);
  EXPECT_TRUE(rerun.rerun_accepted);
}

TEST(Transitions, KeepsTheLastTenAttempts) {
  HealthCheck check = new_check();
  for (int run = 0; run < 12; ++run) {
    check = claimed_at(run, check);
    check = with(check, complete(check, answer(CheckStatus::kPass), at_second(run)));
    check = with(check, accept_rerun(check, at_second(run)));
  }
  ASSERT_EQ(check.status.attempts.size(), 10U);
  EXPECT_EQ(check.status.attempts.front().run, 3);
  EXPECT_EQ(check.status.attempts.back().run, 12);
}

}  // namespace
}  // namespace holmes
