// Reconciles ScheduledHealthChecks: makes a HealthCheck at each tick, keeps the status and the
// history, and removes old children (contract, section 1). What to do is decided by plan_schedule;
// here it is done, creates first.
//
// A child's name follows from its tick, so a crash, a lost answer or a second operator can make no
// tick run twice: the create then says that it exists.
// All on the loop's thread.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/log.h"
#include "kube/runtime/controller.h"
#include "kube/runtime/event_recorder.h"
#include "operator/operator_metrics.h"
#include "operator/schedule_children.h"
#include "operator/schedule_plan.h"
#include "operator/status_writer.h"
#include "operator/wall_alarms.h"

namespace holmes {

inline constexpr std::chrono::seconds kMaxHold{15};

class ScheduleReconciler {
 public:
  struct Dependencies {
    kube::Api<ScheduledHealthCheck>& api;
    kube::Informer<ScheduledHealthCheck>& informer;
    kube::WorkQueue& queue;
    kube::Api<HealthCheck>& checks_api;
    kube::Informer<HealthCheck>& checks;
    ScheduleChildren& children;
    kube::EventRecorder& events;
    OperatorMetrics& metrics;
  };

  // All references outlive this. `all_created` is called when creating() becomes false.
  // `may_create` is asked in the turn of each create, right before it is sent.
  ScheduleReconciler(Loop& loop, Dependencies on, Logger log, std::function<void()> all_created,
                     std::function<bool()> may_create);

  // Both caches are synced: ticks from now on are in time, the ones before were missed.
  void start() {
    watching_since_ = loop_.wall_now();
    started_ = loop_.mono_now();
  }
  // The first look at a schedule that was there before this process: at once when a tick is due,
  // which must not wait for thousands of others that only may have changed.
  void look_first(const ScheduledHealthCheck& schedule);
  // A tick may be due: until it is known, creating() is true.
  void look_at(const kube::ObjectKey& key);
  // No new ticks from now on.
  void stop() { stopped_ = true; }

  // A create of this name whose outcome is unknown may be carried out still. While its check
  // exists, that is refused; so nobody should delete the check.
  [[nodiscard]] bool may_come_again(const kube::ObjectKey& check) const;

  Task<kube::Outcome> reconcile(kube::ObjectKey key, Stop stop);
  void forget(const ScheduledHealthCheck& schedule);

  // Ticks came due whose checks are not made yet: other writes had better wait. At most kMaxHold in
  // one go, so that an API server that is slow at this keeps nobody else waiting.
  [[nodiscard]] bool creating() const {
    return !stopped_ && !due_.empty() && loop_.mono_now() < hold_until_;
  }

 private:
  struct Denied {
    std::string why;
  };
  using Created = std::expected<CheckSnapshot, std::variant<Error, Denied>>;
  struct Unanswered {
    std::string name;
    std::optional<WallTime> tick;
    MonoTime since{};
  };

  [[nodiscard]] WallTime watching_since() const;
  void settled(const kube::ObjectKey& key);  // its due tick has its child, or an error
  Task<Result<ScheduleSnapshot>> schedule_at(kube::ObjectKey key, Stop stop);  // null: it is gone
  Task<Result<std::vector<ScheduleChild>>> children_of(ScheduleSnapshot schedule, Stop stop);
  // Whether a create without an answer may be sent again.
  [[nodiscard]] bool in_time(const ScheduledHealthCheck& schedule, const Unanswered& sent) const;
  // Finds out what became of a create without an answer; adds its child.
  Task<Status> settle_unanswered(ScheduleSnapshot schedule, std::vector<ScheduleChild>& children,
                                 Stop stop);
  // Creates what the plan asks for; returns the plan that is left, which creates nothing.
  Task<Result<SchedulePlan>> create_due(ScheduleSnapshot schedule,
                                        std::vector<ScheduleChild>& children, Stop stop);
  Task<Created> create(ScheduleSnapshot schedule, std::string name, std::optional<WallTime> tick,
                       Stop stop);
  Task<Created> adopt(ScheduleSnapshot schedule, kube::ObjectKey key, Stop stop);
  Task<Created> denied(ScheduleSnapshot schedule, kube::ObjectKey key, Error why, Stop stop);
  CheckSnapshot noted(HealthCheck answered);
  void note_in_flight(const kube::ObjectKey& check);
  Task<Status> cancel(const std::vector<CheckSnapshot>& children, Stop stop);
  Task<Status> remove_surplus(const std::vector<CheckSnapshot>& children, Stop stop);
  Task<Status> remove_annotation(ScheduleSnapshot schedule, Stop stop);
  // The schedule as it is now; null: it is gone.
  Task<Result<ScheduleSnapshot>> write_status(ScheduleSnapshot schedule, const SchedulePlan& plan,
                                              Stop stop);
  Task<kube::Outcome> carry_out(ScheduleSnapshot schedule, std::vector<ScheduleChild> children,
                                SchedulePlan plan, Stop stop);
  [[nodiscard]] std::optional<WallTime> write_later(const ScheduledHealthCheck& schedule,
                                                    const SchedulePlan& plan) const;

  Loop& loop_;
  Dependencies on_;
  Logger log_;
  std::function<void()> all_created_;
  std::function<bool()> may_create_;
  StatusWriter<ScheduledHealthCheck> writer_;
  WallAlarms alarms_;
  std::unordered_set<kube::ObjectKey> due_;
  MonoTime hold_until_{};
  Timer hold_ends_;
  // By uid of the schedule: the create that may have happened. Until that is known, its tick has no
  // other outcome, and nothing else is created.
  std::unordered_map<std::string, Unanswered> unanswered_;
  std::unordered_map<kube::ObjectKey, MonoTime> in_flight_;  // creates, and until when
  WallTime watching_since_{};
  MonoTime started_{};
  bool stopped_ = false;
};

}  // namespace holmes
