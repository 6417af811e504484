// The HealthChecks of a schedule: how they are named, marked and recognised (contract, section 1).
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/scheduled_healthcheck.h"

namespace holmes {

// One tick can make one object only: "<schedule, cut>-<YYYYMMDD-HHMMSS, UTC>-<6 hex digits of the
// schedule's uid and the tick>".
std::string child_name(const kube::ObjectMeta& schedule, WallTime tick);
// The same for an accepted run-now: its id stands in the tick's place.
std::string run_now_name(const kube::ObjectMeta& schedule, std::string_view id);
// Names one acceptance of the annotation on this version of the schedule.
std::string run_now_id(const kube::ObjectMeta& schedule);
// What all names of this schedule's children begin with.
std::string child_prefix(const kube::ObjectMeta& schedule);

// The value of kScheduledByLabel: the name; cut, with a hash, where a label has no room for it.
std::string scheduled_by(std::string_view schedule_name);

// The body of the create request. No tick: a run-now.
json::object make_child(const ScheduledHealthCheck& schedule, const std::string& name,
                        std::optional<WallTime> tick);

// The reference to the schedule that controls this check; nullptr for one-shots.
const kube::OwnerReference* schedule_of(const HealthCheck& check);
bool is_scheduled(const HealthCheck& check);
bool is_child_of(const HealthCheck& check, const kube::ObjectMeta& schedule);
// The tick it was made for; nullopt for a run-now and for what somebody else made. Its name tells:
// annotations are for people, and anybody may change them.
std::optional<WallTime> scheduled_at(const HealthCheck& check);

// The tick that stands in a child's name, which may be a name that anybody made up.
std::optional<WallTime> tick_in_name(std::string_view name);

// How long after each tick this schedule starts: the same for all ticks, 0 to jitterSeconds.
std::chrono::seconds start_delay(const ScheduledHealthCheck& schedule);

}  // namespace holmes
