// What a schedule's status says of its children: active, history and what follows from them. Pure.
#pragma once

#include <vector>

#include "api/scheduled_healthcheck.h"
#include "operator/status_writer.h"

namespace holmes {

// A child as it was last seen. `gone`: it is deleted, and the status may not know its end yet.
struct ScheduleChild {
  CheckSnapshot check;
  bool gone = false;

  [[nodiscard]] bool unfinished() const { return !gone && !check->status.finished(); }
};

// A clock that is this far from what a status or a check says was set wrong, then or now. A smaller
// step back is waited for, as cron does, so that no tick runs twice.
inline constexpr std::chrono::hours kMaxClockStep{3};

// The tick, else when it was made.
WallTime execution_time(const HealthCheck& check);

// Brings active, history, lastResult, lastSuccessfulTime, consecutiveFailures and message up to
// date with all children there are. Entries of status.active whose child is nowhere become an entry
// of the history when they were children of this schedule, and vanish else.
// A pass sets consecutiveFailures to 0, a fail adds one, an error leaves it: it is no verdict.
// A check from more than kMaxClockStep ahead of `now` is not told of before its time.
void observe_children(ScheduledHealthCheckStatus& status, const ScheduledHealthCheck& schedule,
                      const std::vector<ScheduleChild>& children, WallTime now);

// Whether the status tells of this finished check, or has no room for it: only then may it go, as
// its tick or its run-now would otherwise look as if it had never run.
bool is_told(const ScheduledHealthCheck& schedule, const HealthCheck& check);

// The finished children beyond the schedule's history limits, oldest first.
std::vector<CheckSnapshot> surplus_children(const ScheduledHealthCheckSpec& spec,
                                            const std::vector<ScheduleChild>& children);

}  // namespace holmes
