#include "operator/decision.h"

#include <algorithm>

#include "operator/transitions.h"

namespace holmes {
namespace {

bool rerun_asked(const HealthCheck& check) {
  const auto found = check.meta.annotations.find(std::string(kRerunAnnotation));
  return found != check.meta.annotations.end() && found->second == "true";
}

bool marked_suspended(const HealthCheckStatus& status) {
  const kube::Condition* waiting = kube::find_condition(status.conditions, kWaiting);
  return status.phase == Phase::kPending && waiting != nullptr && waiting->status &&
         waiting->reason == "Suspended";
}

Decision decide_finished(const HealthCheck& check, WallTime now) {
  if (!check.spec.ttl_after_finished || !check.status.completion_time) return DoNothing{};
  const WallTime end = *check.status.completion_time + *check.spec.ttl_after_finished;
  if (end > now) return WaitUntil{end};
  return DeleteFinished{};
}

Decision decide_pending(const HealthCheck& check, WallTime now) {
  if (check.spec.cancel) return FinishCancelled{};
  if (check.spec.suspend) {
    if (marked_suspended(check.status)) return DoNothing{};
    return WriteSuspended{};
  }
  const std::optional<WallTime> next = next_attempt_time(check.status);
  // A time further off than any delay we give means that a clock was set back: do not wait for it.
  if (next && *next > now && *next - now <= kMaxRetryDelay) return WaitUntil{*next};
  return Start{};
}

}  // namespace

Decision decide(const HealthCheck& check, WallTime now) {
  const HealthCheckStatus& status = check.status;
  if (check.meta.deleting()) {
    // Its execution is cancelled where it runs; what was never started never will be.
    if (status.phase == Phase::kRunning && status.attempt) return Recover{};
    return DoNothing{};
  }
  if (status.phase == Phase::kRunning) {
    // A Running status without a claim was written by another implementation that is gone.
    if (status.attempt) return Recover{};
    return check.spec.cancel ? Decision(FinishCancelled{}) : Decision(Start{});
  }
  if (rerun_asked(check)) {
    if (status.rerun_accepted) return RemoveRerunAnnotation{};
    return AcceptRerun{};
  }
  if (status.finished()) return decide_finished(check, now);
  return decide_pending(check, now);
}

}  // namespace holmes
