#include "operator/schedule_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "operator/schedule_child.h"

namespace holmes {
namespace {

struct Unusable {
  std::string_view reason;
  std::string why;
};

// The ticks as a schedule means them, or why it means nothing.
std::expected<Schedule, Unusable> read_ticks(const ScheduledHealthCheck& schedule,
                                             const ObservedSchedule& meaning) {
  ScheduleOptions options;
  options.dst_policy = meaning.dst_policy;
  options.anchor = schedule.meta.creation_timestamp;
  if (!meaning.time_zone.empty()) {
    Result<TimeZone> zone = TimeZone::load(meaning.time_zone);
    if (!zone) return std::unexpected(Unusable{"UnknownTimeZone", zone.error().message});
    options.zone = *std::move(zone);
  }
  Result<Schedule> ticks = Schedule::parse(meaning.schedule, std::move(options));
  if (!ticks) return std::unexpected(Unusable{"InvalidSchedule", ticks.error().message});
  return *std::move(ticks);
}

class Planner {
 public:
  Planner(const ScheduledHealthCheck& schedule, const std::vector<ScheduleChild>& children,
          const PlanContext& context)
      : schedule_(schedule),
        spec_(schedule.spec),
        children_(children),
        context_(context),
        now_(std::chrono::floor<std::chrono::seconds>(context.now)),
        delay_(start_delay(schedule)) {
    plan_.status = schedule.status;
  }

  SchedulePlan make();

 private:
  [[nodiscard]] ObservedSchedule meaning() const {
    return {spec_.schedule, spec_.time_zone, spec_.dst_policy, now_};
  }
  [[nodiscard]] bool was_suspended() const {
    const kube::Condition* condition =
        kube::find_condition(schedule_.status.conditions, kSuspended);
    return condition != nullptr && condition->status;
  }
  [[nodiscard]] MissedReason reason_of_absence() const {
    return was_suspended() ? MissedReason::kSuspended : MissedReason::kDowntime;
  }
  [[nodiscard]] bool any_unfinished() const {
    return std::ranges::any_of(children_, &ScheduleChild::unfinished);
  }

  void take_over_meaning();
  void close_old_meaning(const ObservedSchedule& old);
  void decide_ticks(const Schedule& ticks);
  void take_earlier(const OpenTicks& open);
  void decide_latest(WallTime tick, bool only_if_timely);
  void cancel_unfinished();
  void record_missed(MissedTicks missed);
  void set_condition(std::string_view type, bool value, std::string_view reason,
                     const std::string& message);
  void report_unusable(const Unusable& unusable);
  void report_usable();
  void report_suspended();
  void plan_next(const Schedule& ticks);
  void plan_run_now();
  [[nodiscard]] bool is_urgent() const;
  [[nodiscard]] std::chrono::seconds period_to_jitter_in(const Schedule& ticks) const;

  const ScheduledHealthCheck& schedule_;
  const ScheduledHealthCheckSpec& spec_;
  const std::vector<ScheduleChild>& children_;
  const PlanContext& context_;
  const WallTime now_;  // whole seconds, as they are stored
  const std::chrono::seconds delay_;
  bool waiting_for_end_ = false;  // Replace: of the running children
  SchedulePlan plan_;
};

SchedulePlan Planner::make() {
  ScheduledHealthCheckStatus& status = plan_.status;
  if (schedule_.meta.deleting()) return std::move(plan_);
  if (heal_future_times(status, now_)) {
    plan_.events.push_back(
        {true, "ClockSetBack",
         "The status told of times in the future; the ticks begin anew from now on."});
    if (!status.observed_schedule) status.observed_schedule = meaning();
  }
  observe_children(status, schedule_, children_, now_);
  take_over_meaning();
  const auto ticks = read_ticks(schedule_, *status.observed_schedule);
  if (!ticks) {
    report_unusable(ticks.error());
  } else if (const auto period = period_to_jitter_in(*ticks); spec_.jitter * 2 >= period) {
    close_old_meaning(*status.observed_schedule);  // what it still owes, with the jitter or without
    if (!plan_.create)
      report_unusable({"InvalidJitter",
                       fmt::format("spec.jitterSeconds {} must be less than half of the shortest "
                                   "period of the schedule, which is {} s",
                                   spec_.jitter.count(), period.count())});
  } else {
    decide_ticks(*ticks);
    report_usable();
    plan_next(*ticks);
  }
  status.observed_generation = schedule_.meta.generation;
  plan_run_now();
  plan_.remove = surplus_children(spec_, children_);
  plan_.urgent = is_urgent();
  return std::move(plan_);
}

// Finding it costs as much as the rest of a plan, and few schedules jitter.
std::chrono::seconds Planner::period_to_jitter_in(const Schedule& ticks) const {
  const bool jitters = spec_.jitter > std::chrono::seconds(0);
  return jitters ? ticks.shortest_period() : std::chrono::seconds::max();
}

// An edit of the meaning ends the old one's ticks now, and begins the new one's.
void Planner::take_over_meaning() {
  std::optional<ObservedSchedule>& observed = plan_.status.observed_schedule;
  if (!observed) {
    observed = meaning();
    observed->since = std::min(schedule_.meta.creation_timestamp, now_);
    return;
  }
  ObservedSchedule now = meaning();
  now.since = observed->since;
  if (*observed == now) return;
  close_old_meaning(*observed);
  if (plan_.create) return;  // a tick of the old meaning that is due just now comes first
  observed = meaning();
}

void Planner::close_old_meaning(const ObservedSchedule& old) {
  const auto ticks = read_ticks(schedule_, old);
  if (!ticks) return;
  const auto open =
      open_ticks(*ticks, schedule_, children_, decided_until(schedule_, plan_.status, now_), now_);
  if (!open) return;
  take_earlier(*open);
  if (!open->latest_is_open) return;
  if (spec_.enabled && !was_suspended()) {
    decide_latest(open->latest, true);
  } else {
    record_missed({open->latest, open->latest, 1, reason_of_absence()});
  }
}

void Planner::decide_ticks(const Schedule& ticks) {
  if (plan_.create) return;
  const WallTime decided = decided_until(schedule_, plan_.status, now_);
  auto open = open_ticks(ticks, schedule_, children_, decided, context_.now - delay_);
  if (open && !spec_.enabled) {
    // Only what ran just before the suspension, which the status may not tell of yet.
    if (!open->last_run) return;
    open = open_ticks(ticks, schedule_, children_, decided, *open->last_run);
  }
  if (!open) return;
  take_earlier(*open);
  if (open->latest_is_open) decide_latest(open->latest, false);
}

// All but the latest: they ran, or it is too late for them.
void Planner::take_earlier(const OpenTicks& open) {
  if (open.earlier > 0) record_missed({open.from, open.to, open.earlier, reason_of_absence()});
  if (open.last_run) plan_.status.last_schedule_time = open.last_run;
}

// The latest tick runs, is missed, or waits for what it replaces.
void Planner::decide_latest(WallTime tick, bool only_if_timely) {
  const auto missed = [&](MissedReason reason) { record_missed({tick, tick, 1, reason}); };
  if (context_.denied_tick == tick) {
    plan_.events.push_back({true, "CreateDenied",
                            fmt::format("The check of {} could not be created: {}",
                                        format_rfc3339(tick), context_.denied_why)});
    return missed(MissedReason::kCreateDenied);
  }
  const WallTime due = tick + delay_;
  const auto late = context_.now - due;
  const bool resumed = was_suspended();
  const bool timely = !resumed && due > context_.watching_since && late <= kLateRunLimit;
  if (spec_.starting_deadline && late > *spec_.starting_deadline) {
    return missed(MissedReason::kDeadline);
  }
  if (!timely && (only_if_timely || spec_.missed_run_policy == MissedRunPolicy::kSkip)) {
    return missed(reason_of_absence());
  }
  if (any_unfinished()) {
    // One that is edited away has no time to wait for what it would replace.
    if (spec_.concurrency_policy == ConcurrencyPolicy::kForbid ||
        (spec_.concurrency_policy == ConcurrencyPolicy::kReplace && only_if_timely)) {
      return missed(MissedReason::kForbid);
    }
    if (spec_.concurrency_policy == ConcurrencyPolicy::kReplace) return cancel_unfinished();
  }
  plan_.create = tick;
}

void Planner::cancel_unfinished() {
  waiting_for_end_ = true;
  for (const ScheduleChild& child : children_) {
    if (child.unfinished() && !child.check->spec.cancel && !child.check->meta.deleting()) {
      plan_.cancel.push_back(child.check);
    }
  }
}

void Planner::record_missed(MissedTicks missed) {
  add_missed(plan_.status, missed);
  plan_.missed.emplace_back(missed.reason, missed.count);
  const std::string when =
      missed.count == 1 ? fmt::format("The tick of {}", format_rfc3339(missed.to))
                        : fmt::format("{} ticks from {} to {}", missed.count,
                                      format_rfc3339(missed.from), format_rfc3339(missed.to));
  plan_.events.push_back(
      {true, "Missed", fmt::format("{} ran no check: {}", when, to_string(missed.reason))});
}

void Planner::set_condition(std::string_view type, bool value, std::string_view reason,
                            const std::string& message) {
  kube::set_condition(plan_.status.conditions, {std::string(type), value, std::string(reason),
                                                message, now_, schedule_.meta.generation});
}

void Planner::report_unusable(const Unusable& unusable) {
  const std::string message = limit_length(unusable.why, kMaxMessageLength);
  const kube::Condition* old = kube::find_condition(schedule_.status.conditions, kReady);
  if (old == nullptr || old->status || old->message != message) {
    plan_.events.push_back({true, "InvalidSchedule", message});
  }
  set_condition(kReady, false, unusable.reason, message);
  report_suspended();
  plan_.status.next_schedule_time.reset();
  // Without a meaning: whatever heals it begins a new one, and no tick of before comes to life.
  const std::optional<ObservedSchedule>& before = schedule_.status.observed_schedule;
  if (before && before->schedule.empty()) {
    plan_.status.observed_schedule = before;
  } else {
    plan_.status.observed_schedule.emplace().since = now_;
  }
}

void Planner::report_usable() {
  set_condition(kReady, true, "Scheduled", "The schedule is valid.");
  report_suspended();
}

void Planner::report_suspended() {
  if (!spec_.enabled && !was_suspended()) {
    plan_.events.push_back({false, "Suspended", "spec.enabled is false: no checks are started."});
  }
  set_condition(kSuspended, !spec_.enabled, spec_.enabled ? "Enabled" : "Suspended",
                spec_.enabled ? "spec.enabled is true." : "spec.enabled is false.");
}

void Planner::plan_next(const Schedule& ticks) {
  if (!spec_.enabled) {
    plan_.status.next_schedule_time.reset();
    return;
  }
  const WallTime decided = decided_until(schedule_, plan_.status, now_);
  const std::optional<WallTime> next = ticks.next(std::max(decided, context_.now - delay_));
  plan_.status.next_schedule_time = next ? std::optional(*next + delay_) : std::nullopt;
  plan_.wake = plan_.status.next_schedule_time;
}

// The annotation becomes status.runNow, then goes, then the run begins: one annotation is one run,
// through any crash.
void Planner::plan_run_now() {
  const auto found = schedule_.meta.annotations.find(std::string(kRunNowAnnotation));
  const bool asked = found != schedule_.meta.annotations.end() && found->second == "true";
  const std::string& id = schedule_.status.run_now_id;
  if (id.empty() && !asked) return;
  const std::string name = run_now_name(schedule_.meta, id);
  const bool made = std::ranges::any_of(
      children_, [&](const ScheduleChild& child) { return child.check->meta.name == name; });
  if (asked) {
    // The run is made after its annotation went: this is another one.
    const bool is_new = id.empty() || made;
    plan_.remove_run_now_annotation = !is_new;
    if (is_new) plan_.status.run_now_id = run_now_id(schedule_.meta);
    return;
  }
  if (context_.denied_run_now) {
    plan_.events.push_back({true, "CreateDenied",
                            "The check of run-now could not be created: " + context_.denied_why});
  }
  if (made || context_.denied_run_now) {
    plan_.status.run_now_id.clear();
    return;
  }
  if (any_unfinished() && spec_.concurrency_policy == ConcurrencyPolicy::kForbid) return;
  if (any_unfinished() && spec_.concurrency_policy == ConcurrencyPolicy::kReplace) {
    if (!waiting_for_end_) cancel_unfinished();
    return;
  }
  plan_.create_run_now = !plan_.create && !waiting_for_end_;
}

bool Planner::is_urgent() const {
  // One run may be told of later, not one after the other: with short periods that were never.
  const std::optional<WallTime>& announced = schedule_.status.next_schedule_time;
  const std::optional<WallTime>& last_run = plan_.status.last_schedule_time;
  if (announced && last_run && *last_run + delay_ > *announced) return true;
  ScheduledHealthCheckStatus later = schedule_.status;
  later.last_schedule_time = plan_.status.last_schedule_time;
  later.next_schedule_time = plan_.status.next_schedule_time;
  later.active = plan_.status.active;
  return later != plan_.status;
}

}  // namespace

SchedulePlan plan_schedule(const ScheduledHealthCheck& schedule,
                           const std::vector<ScheduleChild>& children, const PlanContext& context) {
  return Planner(schedule, children, context).make();
}

}  // namespace holmes
