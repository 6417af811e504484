// Worlds with schedules, for tests.
#pragma once

#include <memory>
#include <string>

#include "operator/operator_world_testing.h"
#include "operator/schedule_ledger_testing.h"

namespace holmes {

inline ScheduledHealthCheck new_schedule(std::string_view expression = "* * * * *",
                                         std::string name = "s") {
  ScheduledHealthCheck schedule;
  schedule.meta.name = std::move(name);
  schedule.meta.ns = "default";
  schedule.spec.schedule = expression;
  schedule.spec.check.query = "Is all well?";
  schedule.spec.check.timeout = std::chrono::seconds(300);
  return schedule;
}

inline WallTime at_minute(int minute) {
  return at_second(minute * 60);
}

struct ScheduleWorld : World {
  Ledger ledger{cluster};

  ScheduledHealthCheck schedule() const { return cluster.schedule("s"); }
  ScheduledHealthCheckStatus status() const { return schedule().status; }
  const Ledger::Account& account() { return ledger.of(schedule()); }
  bool ran(int minute) { return account().children.contains(at_minute(minute)); }
  int64_t missed(MissedReason reason) { return ledger.missed(schedule(), reason); }
  // "" when each tick has exactly one outcome.
  std::string inexact(std::chrono::seconds lag = std::chrono::seconds(2)) {
    return ledger.inexact(schedule(), loop.wall_now(), lag);
  }
  void change_spec(const std::function<void(ScheduledHealthCheckSpec&)>& change) {
    ScheduledHealthCheck edited = schedule();
    change(edited.spec);
    cluster.put(edited);
  }
  void annotate_run_now() {
    ScheduledHealthCheck edited = schedule();
    edited.meta.annotations[std::string(kRunNowAnnotation)] = "true";
    cluster.put(edited);
  }
  void advance_to(WallTime time) {
    if (time > loop.wall_now()) loop.advance(time - loop.wall_now());
  }
};

}  // namespace holmes
