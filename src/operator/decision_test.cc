#include "operator/decision.h"

#include <gtest/gtest.h>

#include "operator/check_testing.h"
#include "operator/transitions.h"

namespace holmes {
namespace {

const Claimant kClaimant{"e", "h"};

HealthCheck running() {
  HealthCheck check = new_check();
  check.status = claim(check, kClaimant, at_second(0));
  return check;
}

HealthCheck finished() {
  HealthCheck check = running();
  check.status = complete(check, answer(CheckStatus::kPass), at_second(2));
  return check;
}

HealthCheck annotated(HealthCheck check) {
  check.meta.annotations[std::string(kRerunAnnotation)] = "true";
  return check;
}

template <class Change>
HealthCheck changed(HealthCheck check, Change change) {
  change(check);
  return check;
}

TEST(Decision, FollowsTheRunProtocol) {
  HealthCheck interrupted = running();
  interrupted.status = interrupt(interrupted, "reset", at_second(10));
  const auto cancel = [](HealthCheck& c) { c.spec.cancel = true; };
  const auto hold = [](HealthCheck& c) { c.spec.suspend = true; };
  const auto remove = [](HealthCheck& c) { c.meta.deletion_timestamp = at_second(1); };
  const auto expire = [](HealthCheck& c) { c.spec.ttl_after_finished = std::chrono::seconds(10); };
  const auto edit = [](HealthCheck& c) { c.meta.generation = 9; };
  const auto unclaim = [](HealthCheck& c) { c.status.attempt.reset(); };
  const auto accepted = [](HealthCheck& c) { c.status.rerun_accepted = true; };
  const struct {
    const char* name;
    HealthCheck check;
    int now;
    Decision expected;
  } rows[] = {
      {"a new check starts", new_check(), 0, Start{}},
      {"a finished one rests", finished(), 5, DoNothing{}},
      {"an edited finished one rests too", changed(finished(), edit), 5, DoNothing{}},
      {"a claim of another process is recovered", running(), 5, Recover{}},
      {"Running without a claim is started anew", changed(running(), unclaim), 5, Start{}},
      {"a deleted one that runs elsewhere is taken over to be cancelled",
       changed(running(), remove), 5, Recover{}},
      {"a deleted one is left alone", changed(new_check(), remove), 5, DoNothing{}},
      {"a suspended one says so", changed(new_check(), hold), 0, WriteSuspended{}},
      {"cancel before the start ends it", changed(new_check(), cancel), 0, FinishCancelled{}},
      {"cancel wins over suspend", changed(changed(new_check(), hold), cancel), 0,
       FinishCancelled{}},
      {"a retry waits for its time", interrupted, 12, WaitUntil{at_second(15)}},
      {"and then starts", interrupted, 15, Start{}},
      {"a clock set back does not hold it for ever", interrupted, -7200, Start{}},
      {"a re-run of a finished check is accepted", annotated(finished()), 5, AcceptRerun{}},
      {"an accepted one loses its annotation", annotated(changed(finished(), accepted)), 5,
       RemoveRerunAnnotation{}},
      {"a re-run while it runs waits for the end", annotated(running()), 5, Recover{}},
      {"time to live not over", changed(finished(), expire), 5, WaitUntil{at_second(12)}},
      {"time to live over", changed(finished(), expire), 12, DeleteFinished{}},
      {"a re-run comes before the deletion", annotated(changed(finished(), expire)), 12,
       AcceptRerun{}},
  };
  for (const auto& row : rows) {
    EXPECT_TRUE(decide(row.check, at_second(row.now)) == row.expected) << row.name;
  }
}

TEST(Decision, ASuspendedCheckIsWrittenOnceAndStartsWhenReleased) {
  HealthCheck check = changed(new_check(), [](HealthCheck& c) { c.spec.suspend = true; });
  check.status = suspend(check, at_second(0));
  EXPECT_TRUE(decide(check, at_second(1)) == Decision(DoNothing{}));
  check.spec.suspend = false;
  EXPECT_TRUE(decide(check, at_second(1)) == Decision(Start{}));
}

}  // namespace
}  // namespace holmes
