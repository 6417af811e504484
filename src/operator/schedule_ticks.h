// Which ticks of a schedule have no outcome yet. Pure.
#pragma once

#include <optional>
#include <vector>

#include "api/scheduled_healthcheck.h"
#include "cron/schedule.h"
#include "operator/schedule_history.h"

namespace holmes {

// All ticks up to here have their outcome: a child or an entry of status.missed.
WallTime decided_until(const ScheduledHealthCheck& schedule,
                       const ScheduledHealthCheckStatus& status, WallTime now);

// When there are times more than kMaxClockStep ahead, nothing that is to come can have been
// decided: such decisions are dropped, and the ticks begin anew at `now`. True when there were
// some.
bool heal_future_times(ScheduledHealthCheckStatus& status, WallTime now);

// The ticks in (after, until], less those that have a child.
struct OpenTicks {
  std::optional<WallTime> last_run;  // the last one that has a child
  bool latest_is_open = false;       // the latest tick of all has no child
  WallTime latest{};
  int64_t earlier = 0;  // open ones before the latest tick, from `from` to `to`
  WallTime from{};
  WallTime to{};
};
// nullopt: there is no tick.
std::optional<OpenTicks> open_ticks(const Schedule& ticks, const ScheduledHealthCheck& schedule,
                                    const std::vector<ScheduleChild>& children, WallTime after,
                                    WallTime until);

// Adds to the newest entry when it tells of the same and no run lies between.
void add_missed(ScheduledHealthCheckStatus& status, MissedTicks missed);

}  // namespace holmes
