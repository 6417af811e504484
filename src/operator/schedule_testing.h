// Schedules, children and times for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.h"
#include "operator/schedule_child.h"
#include "operator/schedule_plan.h"

namespace holmes {

inline WallTime at(std::string_view rfc3339) {
  return parse_rfc3339(rfc3339).value();
}

// Created at `created`; asks every full hour.
inline ScheduledHealthCheck schedule_made(std::string_view created,
                                          std::string_view expression = "0 * * * *") {
  ScheduledHealthCheck schedule;
  schedule.meta.name = "frontend";
  schedule.meta.ns = "default";
  schedule.meta.uid = "uid-of-the-schedule";
  schedule.meta.resource_version = "7";
  schedule.meta.generation = 1;
  schedule.meta.creation_timestamp = at(created);
  schedule.spec.schedule = expression;
  schedule.spec.check.query = "Is it well?";
  return schedule;
}

enum class ChildState { kRunning, kPass, kFail, kError, kGone };

// The child of a tick, as the reconciler makes it.
inline ScheduleChild child_of(const ScheduledHealthCheck& schedule, WallTime tick,
                              ChildState state) {
  HealthCheck check;
  check.meta.name = child_name(schedule.meta, tick);
  check.meta.ns = schedule.meta.ns;
  check.meta.uid = "uid-of-" + check.meta.name;
  check.meta.resource_version = "9";
  check.meta.creation_timestamp = tick;
  check.meta.annotations[std::string(kScheduledAtAnnotation)] = format_rfc3339(tick);
  check.meta.owner_references.push_back({"holmesgpt.dev/v1alpha1", std::string(kScheduleKind),
                                         schedule.meta.name, schedule.meta.uid, true});
  HealthCheckStatus& status = check.status;
  status.phase = Phase::kRunning;
  if (state == ChildState::kPass || state == ChildState::kFail || state == ChildState::kError) {
    status.phase = Phase::kCompleted;
    status.result = state == ChildState::kPass   ? CheckStatus::kPass
                    : state == ChildState::kFail ? CheckStatus::kFail
                                                 : CheckStatus::kError;
    status.duration_seconds = 2;
    status.completion_time = tick + std::chrono::seconds(2);
    status.message = "Check ended.";
  }
  return {std::make_shared<const HealthCheck>(std::move(check)), state == ChildState::kGone};
}

inline constexpr std::string_view kCreated = "2024-01-01T00:30:00Z";

// `since`: when the operator began to look; long ago by default.
inline SchedulePlan plan_at(const ScheduledHealthCheck& schedule, std::string_view now,
                            const std::vector<ScheduleChild>& children = {},
                            std::string_view since = kCreated) {
  PlanContext context;
  context.now = at(now);
  context.watching_since = at(since);
  return plan_schedule(schedule, children, context);
}

// The schedule after this plan was written.
inline ScheduledHealthCheck written(ScheduledHealthCheck schedule, const SchedulePlan& plan) {
  schedule.status = plan.status;
  return schedule;
}

// As the operator leaves it at this time, with these children.
inline ScheduledHealthCheck settled(ScheduledHealthCheck schedule, std::string_view now,
                                    const std::vector<ScheduleChild>& children = {}) {
  return written(schedule, plan_at(schedule, now, children));
}

inline const kube::Condition& condition(const SchedulePlan& plan, std::string_view type) {
  const kube::Condition* found = kube::find_condition(plan.status.conditions, type);
  EXPECT_NE(found, nullptr) << type;
  static const kube::Condition kNone;
  return found == nullptr ? kNone : *found;
}

}  // namespace holmes
