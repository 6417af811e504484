// What a ScheduledHealthCheck needs next, decided from the object, its children and the time alone.
// Pure. Every tick ends in exactly one outcome: a child, or an entry of status.missed.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/schedule_history.h"
#include "operator/schedule_ticks.h"

namespace holmes {

// A tick that is found this late was missed, whatever kept the operator: missedRunPolicy decides.
inline constexpr std::chrono::minutes kLateRunLimit{5};

struct PlanContext {
  WallTime now{};
  // Since when this process sees the schedules: ticks before were missed.
  WallTime watching_since{};
  // What the API server would not create, and why: a tick, or the accepted run-now.
  std::optional<WallTime> denied_tick{};
  bool denied_run_now = false;
  std::string denied_why{};
};

struct PlannedEvent {
  bool warning = false;
  std::string reason;
  std::string note;

  bool operator==(const PlannedEvent&) const = default;
};

// To be done in the order of the members. After a create the plan is made anew.
struct SchedulePlan {
  std::optional<WallTime> create;     // a child for this tick
  bool create_run_now = false;        // a child for the accepted run-now
  std::vector<CheckSnapshot> cancel;  // running children that must end before the next begins
  ScheduledHealthCheckStatus status;
  // Of the status: more than that a child was made, which the status may tell a little later.
  bool urgent = false;
  // Once the status is written: tell and count these.
  std::vector<PlannedEvent> events;
  std::vector<std::pair<MissedReason, int64_t>> missed;
  bool remove_run_now_annotation = false;
  std::vector<CheckSnapshot> remove;  // children beyond the history limits
  std::optional<WallTime> wake;       // look again then; nullopt: when something changes
};

SchedulePlan plan_schedule(const ScheduledHealthCheck& schedule,
                           const std::vector<ScheduleChild>& children, const PlanContext& context);

}  // namespace holmes
