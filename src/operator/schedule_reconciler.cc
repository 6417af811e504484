#include "operator/schedule_reconciler.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "kube/core/status.h"
#include "operator/schedule_child.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kWriteTimeout{10};
// A check that ends this soon costs one status write instead of two.
constexpr std::chrono::seconds kStatusDelay{2};
// While many checks are to be made, statuses wait in steps of this.
constexpr std::chrono::seconds kCreatingPause{1};
// Somebody else wrote first: the watch will show it, this is for the case that it does not.
constexpr std::chrono::seconds kConflictRequeue{1};
constexpr int kMaxCreates = 3;  // in one go: an old meaning's tick, a tick, a run-now
constexpr size_t kMaxRemoves = 50;
// A create whose answer did not come may be carried out later; so much later, we believe, it is
// not.
constexpr std::chrono::seconds kMaxInFlight{60};
constexpr size_t kMaxInFlightNames = 10'000;  // beyond it some are forgotten

// What the API server will not take however often it is asked: a quota, a policy, a namespace that
// goes away.
bool is_denial(const Error& error) {
  return error.code == ErrorCode::kForbidden || error.code == ErrorCode::kInvalid ||
         error.code == ErrorCode::kTooLarge;
}

void add_child(std::vector<ScheduleChild>& children, CheckSnapshot check) {
  std::erase_if(children, [&](const ScheduleChild& child) {
    return child.check->meta.uid == check->meta.uid;
  });
  children.push_back({.check = std::move(check)});
}

}  // namespace

ScheduleReconciler::ScheduleReconciler(Loop& loop, Dependencies on, Logger log,
                                       std::function<void()> all_created,
                                       std::function<bool()> may_create)
    : loop_(loop),
      on_(on),
      log_(std::move(log)),
      all_created_(std::move(all_created)),
      may_create_(std::move(may_create)),
      writer_(loop, on.api, on.informer, log_),
      alarms_(loop, [this](const kube::ObjectKey& key) { look_at(key); }) {}

// After the clock was set back, ticks are in time from when this process started by the new clock.
WallTime ScheduleReconciler::watching_since() const {
  const auto watched = std::chrono::ceil<std::chrono::microseconds>(loop_.mono_now() - started_);
  return std::min(watching_since_, loop_.wall_now() - watched);
}

void ScheduleReconciler::look_first(const ScheduledHealthCheck& schedule) {
  const kube::ObjectKey key = schedule.meta.key();
  const std::optional<WallTime>& next = schedule.status.next_schedule_time;
  if (next && *next <= loop_.wall_now()) return look_at(key);
  alarms_.set(key, next);  // it may come due while others are looked at
  const bool known = schedule.status.observed_generation == schedule.meta.generation;
  on_.queue.add(key, known ? kube::Lane::kBackground : kube::Lane::kNormal);
}

void ScheduleReconciler::look_at(const kube::ObjectKey& key) {
  if (stopped_) return;
  if (due_.empty()) {
    hold_until_ = loop_.mono_now() + kMaxHold;
    hold_ends_ = Timer(loop_, hold_until_, [this] { all_created_(); });
  }
  due_.insert(key);
  on_.queue.add(key, kube::Lane::kUrgent);
}

void ScheduleReconciler::settled(const kube::ObjectKey& key) {
  if (due_.erase(key) == 0 || !due_.empty()) return;
  hold_ends_.cancel();
  all_created_();
}

void ScheduleReconciler::forget(const ScheduledHealthCheck& schedule) {
  alarms_.set(schedule.meta.key(), std::nullopt);
  unanswered_.erase(schedule.meta.uid);
  on_.children.told(schedule.meta.uid, on_.children.of(schedule.meta.uid));
  on_.metrics.forget(schedule);
}

Task<kube::Outcome> ScheduleReconciler::reconcile(kube::ObjectKey key, Stop stop) {
  const auto fresh = co_await schedule_at(key, stop);
  const ScheduleSnapshot schedule = fresh ? *fresh : nullptr;
  if (schedule == nullptr || schedule->meta.deleting() || stopped_) {
    alarms_.set(key, std::nullopt);
    settled(key);
    if (!fresh) co_return kube::RetryWithBackoff{fresh.error()};
    co_return kube::Done{};
  }
  auto children = co_await children_of(schedule, stop);
  if (!children) {
    settled(key);
    co_return kube::RetryWithBackoff{children.error()};
  }
  const size_t known_children = children->size();
  auto plan = co_await create_due(schedule, *children, stop);
  settled(key);
  if (!plan) co_return kube::RetryWithBackoff{plan.error()};
  alarms_.set(key, plan->wake);
  const bool acted = children->size() > known_children || !plan->cancel.empty();
  const bool changes = acted || plan->status != schedule->status || !plan->remove.empty() ||
                       plan->remove_run_now_annotation;
  kube::Outcome outcome =
      co_await carry_out(schedule, std::move(*children), std::move(*plan), stop);
  if (auto* done = std::get_if<kube::Done>(&outcome)) done->changed = changes;
  if (auto* later = std::get_if<kube::RequeueAfter>(&outcome)) later->changed = acted;
  co_return outcome;
}

// Before a create is asked for again, its schedule is looked at live: when it was deleted, the
// first check may be gone with it, and its name would be free for a second one.
Task<Result<ScheduleSnapshot>> ScheduleReconciler::schedule_at(kube::ObjectKey key, Stop stop) {
  auto fresh = co_await on_.informer.get_fresh(key, stop);
  const bool unsettled = fresh && *fresh != nullptr && unanswered_.contains((*fresh)->meta.uid);
  if (!unsettled) co_return fresh;
  co_return co_await on_.informer.read_live(std::move(key), std::move(stop));
}

Task<kube::Outcome> ScheduleReconciler::carry_out(ScheduleSnapshot schedule,
                                                  std::vector<ScheduleChild> children,
                                                  SchedulePlan plan, Stop stop) {
  if (const Status done = co_await cancel(plan.cancel, stop); !done) {
    co_return kube::RetryWithBackoff{done.error()};
  }
  if (const auto later = write_later(*schedule, plan)) {
    co_return kube::RequeueAfter{*later - loop_.wall_now()};
  }
  const auto written = co_await write_status(schedule, plan, stop);
  if (!written && written.error().code == ErrorCode::kConflict) {
    co_return kube::RequeueAfter{kConflictRequeue};
  }
  if (!written) co_return kube::RetryWithBackoff{written.error()};
  on_.children.told(schedule->meta.uid, children);
  if (plan.remove_run_now_annotation && *written != nullptr) {
    const Status done = co_await remove_annotation(*written, stop);
    if (!done) co_return kube::RetryWithBackoff{done.error()};
  }
  if (const Status done = co_await remove_surplus(plan.remove, stop); !done) {
    co_return kube::RetryWithBackoff{done.error()};
  }
  if (plan.remove.size() > kMaxRemoves) co_return kube::RequeueAfter{kCreatingPause};
  const bool spared = std::ranges::any_of(plan.remove, [this](const CheckSnapshot& child) {
    return may_come_again(child->meta.key());
  });
  if (spared) co_return kube::RequeueAfter{kMaxInFlight};
  co_return kube::Done{};
}

// The cache's children, and what status.active knows beyond them, read live: the cache of checks
// may be behind the one of schedules.
Task<Result<std::vector<ScheduleChild>>> ScheduleReconciler::children_of(ScheduleSnapshot schedule,
                                                                         Stop stop) {
  std::vector<ScheduleChild> children = on_.children.of(schedule->meta.uid);
  // An owner reference is only text: anybody may write one in a namespace of his own.
  std::erase_if(children, [&](const ScheduleChild& child) {
    return !is_child_of(*child.check, schedule->meta);
  });
  for (const ActiveCheck& active : schedule->status.active) {
    const bool known = std::ranges::any_of(
        children, [&](const ScheduleChild& c) { return c.check->meta.uid == active.uid; });
    const bool foreign =
        active.ns != schedule->meta.ns || !active.name.starts_with(child_prefix(schedule->meta));
    if (known || foreign) continue;
    const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
    const kube::ObjectKey key{active.ns, active.name};
    const std::string passed = on_.checks.version_for(key);
    auto live = co_await on_.checks_api.get(key, limit.stop());
    if (!live && live.error().code == ErrorCode::kNotFound) continue;
    if (!live) co_return fail(live.error());
    if (live->meta.uid != active.uid || !is_child_of(*live, schedule->meta)) continue;
    on_.checks.list_if_missed(live->meta, passed);
    children.push_back({.check = noted(std::move(*live))});
  }
  co_return children;
}

// Not for ever: a tick that became too late meanwhile, or of a schedule that was suspended, does
// not run because the API server has recovered.
bool ScheduleReconciler::in_time(const ScheduledHealthCheck& schedule,
                                 const Unanswered& sent) const {
  if (loop_.mono_now() - sent.since > kLateRunLimit) return false;
  if (!sent.tick) return true;
  const auto late = loop_.wall_now() - (*sent.tick + start_delay(schedule));
  const auto& deadline = schedule.spec.starting_deadline;
  return schedule.spec.enabled && (!deadline || late <= *deadline);
}

// While it may be in flight it is asked for again: a name can be taken once only, so that the
// answer tells, and whichever comes later is refused.
Task<Status> ScheduleReconciler::settle_unanswered(ScheduleSnapshot schedule,
                                                   std::vector<ScheduleChild>& children,
                                                   Stop stop) {
  const auto found = unanswered_.find(schedule->meta.uid);
  if (found == unanswered_.end()) co_return Status();
  const Unanswered sent = found->second;
  // Shown by the watch, and perhaps deleted since: then the name is free for a second one.
  if (std::ranges::any_of(children, [&](const ScheduleChild& child) {
        return child.check->meta.name == sent.name;
      })) {
    unanswered_.erase(found);
    co_return Status();
  }
  const kube::ObjectKey key{schedule->meta.ns, sent.name};
  const bool may_come = may_come_again(key);
  const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
  Created created = may_come && in_time(*schedule, sent)
                        ? co_await create(schedule, sent.name, sent.tick, stop)
                        : co_await adopt(schedule, key, limit.stop());
  if (created) {
    add_child(children, *std::move(created));
  } else if (const auto* error = std::get_if<Error>(&created.error());
             error != nullptr && error->code != ErrorCode::kNotFound) {
    co_return fail(*error);
  } else if (may_come) {
    co_return fail(ErrorCode::kUnavailable, "an earlier create may be carried out still");
  }
  unanswered_.erase(schedule->meta.uid);
  co_return Status();
}

Task<Result<SchedulePlan>> ScheduleReconciler::create_due(ScheduleSnapshot schedule,
                                                          std::vector<ScheduleChild>& children,
                                                          Stop stop) {
  HOLMES_CO_CHECK(co_await settle_unanswered(schedule, children, stop));
  PlanContext context{.watching_since = watching_since()};
  for (int tries = 0;; ++tries) {
    context.now = loop_.wall_now();
    SchedulePlan plan = plan_schedule(*schedule, children, context);
    if ((!plan.create && !plan.create_run_now) || tries == kMaxCreates) {
      plan.create.reset();
      plan.create_run_now = false;
      co_return plan;
    }
    const std::string name = plan.create
                                 ? child_name(schedule->meta, *plan.create)
                                 : run_now_name(schedule->meta, schedule->status.run_now_id);
    Created created = co_await create(schedule, name, plan.create, stop);
    if (created) {
      add_child(children, *std::move(created));
      continue;
    }
    if (const auto* error = std::get_if<Error>(&created.error())) {
      if (kube::may_have_happened(*error)) {
        unanswered_[schedule->meta.uid] = {name, plan.create, loop_.mono_now()};
      }
      co_return fail(*error);
    }
    context.denied_why = std::get<Denied>(created.error()).why;
    if (plan.create) {
      context.denied_tick = plan.create;
    } else {
      context.denied_run_now = true;
    }
  }
}

Task<ScheduleReconciler::Created> ScheduleReconciler::create(ScheduleSnapshot schedule,
                                                             std::string name,
                                                             std::optional<WallTime> tick,
                                                             Stop stop) {
  if (!may_create_()) {
    co_return std::unexpected(Error(ErrorCode::kCancelled, "this process does not lead any more"));
  }
  const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
  auto made = co_await on_.checks_api.create(schedule->meta.ns, make_child(*schedule, name, tick),
                                             limit.stop());
  if (!made && kube::may_have_happened(made.error())) {
    note_in_flight({schedule->meta.ns, name});
  }
  if (!made && made.error().code == ErrorCode::kAlreadyExists) {
    co_return co_await adopt(schedule, {schedule->meta.ns, name}, limit.stop());
  }
  if (!made && made.error().code == ErrorCode::kConflict) {
    made = fail(ErrorCode::kUnavailable, made.error().message);
  }
  if (!made && is_denial(made.error())) {
    co_return co_await denied(schedule, {schedule->meta.ns, name}, made.error(), limit.stop());
  }
  if (!made) co_return std::unexpected(made.error());
  const CheckSnapshot check = noted(std::move(*made));
  std::optional<std::chrono::microseconds> skew;
  if (tick) skew = loop_.wall_now() - (*tick + start_delay(*schedule));
  on_.metrics.scheduled(schedule->meta, skew);
  log_.debug("check created",
             {{"schedule", schedule->meta.key().to_text()}, {"check", check->meta.name}});
  co_return check;
}

// The name is taken: by an earlier try whose answer was lost, or by somebody else.
Task<ScheduleReconciler::Created> ScheduleReconciler::adopt(ScheduleSnapshot schedule,
                                                            kube::ObjectKey key, Stop stop) {
  auto live = co_await on_.checks_api.get(key, stop);
  if (!live) co_return std::unexpected(live.error());
  if (!is_child_of(*live, schedule->meta)) {
    log_.warning("an object of another owner has the check's name",
                 {{"schedule", schedule->meta.key().to_text()}, {"check", key.name}});
    co_return std::unexpected(
        Denied{fmt::format("HealthCheck {} exists and is not this schedule's", key.name)});
  }
  co_return noted(std::move(*live));
}

// Not allowed (any more): an earlier try whose answer was lost may have made it all the same.
Task<ScheduleReconciler::Created> ScheduleReconciler::denied(ScheduleSnapshot schedule,
                                                             kube::ObjectKey key, Error why,
                                                             Stop stop) {
  auto live = co_await on_.checks_api.get(key, stop);
  if (live && is_child_of(*live, schedule->meta)) co_return noted(std::move(*live));
  if (!live && live.error().code != ErrorCode::kNotFound && !is_denial(live.error())) {
    co_return std::unexpected(live.error());
  }
  log_.warning("the check could not be created",
               {{"schedule", schedule->meta.key().to_text()}, {"check", key.name}, {"error", why}});
  co_return std::unexpected(Denied{why.message});
}

bool ScheduleReconciler::may_come_again(const kube::ObjectKey& check) const {
  const auto found = in_flight_.find(check);
  return found != in_flight_.end() && loop_.mono_now() < found->second;
}

void ScheduleReconciler::note_in_flight(const kube::ObjectKey& check) {
  const MonoTime now = loop_.mono_now();
  std::erase_if(in_flight_, [now](const auto& entry) { return entry.second <= now; });
  if (in_flight_.size() >= kMaxInFlightNames) in_flight_.erase(in_flight_.begin());
  in_flight_[check] = now + kMaxInFlight;
}

// What the API server answered is in the cache from now on, whenever the watch shows it.
CheckSnapshot ScheduleReconciler::noted(HealthCheck answered) {
  auto check = std::make_shared<const HealthCheck>(std::move(answered));
  on_.checks.note_write(check);
  return check;
}

Task<Status> ScheduleReconciler::cancel(const std::vector<CheckSnapshot>& children, Stop stop) {
  for (const CheckSnapshot& child : children) {
    const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
    const json::object patch{{"metadata", {{"uid", child->meta.uid}}},
                             {"spec", {{"cancel", true}}}};
    auto patched = co_await on_.checks_api.merge_patch(child->meta.key(), patch, limit.stop());
    if (!patched) {
      const ErrorCode code = patched.error().code;
      // Gone; or another one of that name, which the API server calls a change of its uid.
      if (code == ErrorCode::kNotFound || code == ErrorCode::kInvalid) continue;
      co_return fail(patched.error());
    }
    log_.info("replaced: the running check is cancelled", {{"check", child->meta.key().to_text()}});
    on_.checks.note_write(std::move(*patched));
  }
  co_return Status();
}

// When the status may wait: nullopt: it must be written now, or there is nothing to write.
std::optional<WallTime> ScheduleReconciler::write_later(const ScheduledHealthCheck& schedule,
                                                        const SchedulePlan& plan) const {
  if (plan.status == schedule.status || plan.urgent) return std::nullopt;
  const WallTime now = loop_.wall_now();
  if (creating()) return now + kCreatingPause;
  if (!plan.status.last_schedule_time) return std::nullopt;
  const WallTime until = *plan.status.last_schedule_time + start_delay(schedule) + kStatusDelay;
  // Later than that it is only when the clock was set back.
  if (until <= now || until > now + start_delay(schedule) + kStatusDelay) return std::nullopt;
  return until;
}

Task<Result<ScheduleSnapshot>> ScheduleReconciler::write_status(ScheduleSnapshot schedule,
                                                                const SchedulePlan& plan,
                                                                Stop stop) {
  if (plan.status == schedule->status) co_return schedule;
  const auto written = co_await writer_.write_once(
      schedule, [&plan](const ScheduledHealthCheck&) { return std::optional(plan.status); }, stop);
  if (!written || *written == nullptr) co_return written;
  on_.metrics.known(**written);  // of a run that ended while nobody led
  for (const auto& [reason, ticks] : plan.missed) {
    on_.metrics.missed(schedule->meta, reason, ticks);
  }
  for (const PlannedEvent& event : plan.events) {
    on_.events.record({kube::reference_to(ScheduledHealthCheck::resource(), schedule->meta),
                       event.warning ? kube::EventType::kWarning : kube::EventType::kNormal,
                       event.reason, "Schedule", event.note});
    log_.info(event.note, {{"schedule", schedule->meta.key().to_text()}, {"reason", event.reason}});
  }
  co_return written;
}

Task<Status> ScheduleReconciler::remove_annotation(ScheduleSnapshot schedule, Stop stop) {
  const json::array patch = kube::annotation_removal(schedule->meta, kRunNowAnnotation);
  const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
  auto patched = co_await on_.api.json_patch(schedule->meta.key(), patch, limit.stop());
  if (patched) {
    on_.informer.note_write(std::move(*patched));
    on_.queue.add(schedule->meta.key());
    co_return Status();
  }
  if (patched.error().code == ErrorCode::kNotFound) co_return Status();
  co_return fail(patched.error());
}

Task<Status> ScheduleReconciler::remove_surplus(const std::vector<CheckSnapshot>& children,
                                                Stop stop) {
  for (const CheckSnapshot& child : children | std::views::take(kMaxRemoves)) {
    if (may_come_again(child->meta.key())) continue;
    const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
    const Status done = co_await on_.checks_api.remove(
        child->meta.key(), {child->meta.uid, child->meta.resource_version, "Background"},
        limit.stop());
    const bool gone = done || done.error().code == ErrorCode::kNotFound ||
                      done.error().code == ErrorCode::kConflict;
    if (!gone) co_return fail(done.error());
    // The status has told of it, so nobody need wait for the watch to show that it is gone.
    if (done) on_.children.changed(child, nullptr, false);
  }
  co_return Status();
}

}  // namespace holmes
