#include "operator/healthcheck_reconciler.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "async/wait.h"
#include "base/strings.h"
#include "operator/schedule_child.h"

namespace holmes {
namespace {

constexpr size_t kMaxEventQueryBytes = 200;
constexpr std::chrono::seconds kMaxServerRetryAfter{60};
constexpr std::chrono::seconds kDeleteTimeout{10};
constexpr std::chrono::seconds kPatchTimeout{10};
// A claim that was found past its deadline is asked about all the same: servers remember answers.
constexpr std::chrono::seconds kMinRecoverTime{15};
// An answer can get lost on a connection that stays: this much of a claim's time is kept for asking
// after it, one round. A server answers within the timeout and the 10 s of its alerts; a claim
// has 15.
constexpr std::chrono::microseconds kAskTime = std::chrono::seconds(3);
// Somebody else wrote first: the watch will show it, this is for the case that it does not.
constexpr std::chrono::seconds kConflictRequeue{1};
constexpr std::chrono::hours kMaxRequeue{24};
constexpr std::chrono::seconds kKeptRequeue{5};

bool holds_claim(const HealthCheck& check, const std::string& attempt_id) {
  const HealthCheckStatus& status = check.status;
  return status.phase == Phase::kRunning && status.attempt && status.attempt->id == attempt_id;
}

// Makes a transition apply only while the claim is still the attempt's.
template <class Transition>
StatusChange while_claimed(std::string attempt_id, Transition transition) {
  return [attempt_id = std::move(attempt_id),
          transition = std::move(transition)](const HealthCheck& check) {
    return holds_claim(check, attempt_id) ? std::optional(transition(check)) : std::nullopt;
  };
}

StatusChange completion(std::string attempt_id, CheckResponse response, WallTime at) {
  return while_claimed(std::move(attempt_id),
                       [response = std::move(response), at](const HealthCheck& check) {
                         return complete(check, response, at);
                       });
}

// A conflict is no failure: the newer version is looked at soon.
kube::Outcome look_again_after(const Error& error) {
  if (error.code == ErrorCode::kConflict) return kube::RequeueAfter{kConflictRequeue};
  return kube::RetryWithBackoff{error};
}

bool has_token(const HealthCheckSpec& spec) {
  return std::ranges::any_of(spec.destinations, [](const Destination& destination) {
    return destination.config.contains("token");
  });
}

}  // namespace

HealthCheckReconciler::HealthCheckReconciler(Loop& loop, kube::Api<HealthCheck>& api,
                                             kube::Informer<HealthCheck>& informer,
                                             kube::WorkQueue& queue, CheckClient& client,
                                             kube::EventRecorder& events, OperatorMetrics& metrics,
                                             Logger log, Options options)
    : loop_(loop),
      api_(api),
      informer_(informer),
      queue_(queue),
      client_(client),
      events_(events),
      metrics_(metrics),
      log_(std::move(log)),
      options_(std::move(options)),
      writer_(loop, api, informer, log_),
      slots_(options_.concurrent_max),
      scope_(loop) {}

Task<kube::Outcome> HealthCheckReconciler::reconcile(kube::ObjectKey key, Stop stop) {
  slots_.stop_waiting(key);  // nobody shall wait behind one that is being looked at
  auto fresh = co_await informer_.get_fresh(key, stop);
  if (!fresh) {
    wake_waiting();
    co_return kube::RetryWithBackoff{fresh.error()};
  }
  const CheckSnapshot check = *fresh;
  kube::Outcome outcome = kube::Done{};
  if (!watch_runs(key, check) && check != nullptr) {
    outcome = co_await act(check, decide(*check, now()), stop);
  }
  wake_waiting();
  co_return outcome;
}

void HealthCheckReconciler::forget(const HealthCheck& check) {
  metrics_.forget(check);
  not_before_.erase(check.meta.uid);
  unconfirmed_.erase(check.meta.uid);
}

Task<> HealthCheckReconciler::close(Stop stop) {
  stop_claiming();
  if (const Status drained = co_await scope_.drain(std::move(stop)); !drained) {
    log_.warning(
        "stopping while checks run; their claims stand and are recovered at the next start",
        {{"checks", runs_.size()}});
  }
  co_await scope_.close();
}

Task<kube::Outcome> HealthCheckReconciler::act(CheckSnapshot check, Decision decision, Stop stop) {
  if (const auto* wait = std::get_if<WaitUntil>(&decision)) {
    const auto left = std::clamp<std::chrono::microseconds>(wait->time - now(), {}, kMaxRequeue);
    co_return kube::RequeueAfter{left};
  }
  if (std::holds_alternative<Start>(decision)) co_return co_await start(check, stop);
  if (std::holds_alternative<Recover>(decision)) {
    resume_claimed(check);
    co_return kube::Done{.changed = true};
  }
  const WallTime at = now();
  if (std::holds_alternative<WriteSuspended>(decision)) {
    co_return co_await write_status(
        check, [at](const HealthCheck& c) { return suspend(c, at); }, stop);
  }
  if (std::holds_alternative<AcceptRerun>(decision)) {
    log_for(*check).info("re-run accepted");
    co_return co_await write_status(
        check, [at](const HealthCheck& c) { return accept_rerun(c, at); }, stop);
  }
  if (std::holds_alternative<FinishCancelled>(decision)) {
    co_return co_await write_status(
        check,
        [at](const HealthCheck& c) {
          return give_up(c, FailReason::kCancelled, "cancelled before it started", at);
        },
        stop);
  }
  if (std::holds_alternative<RemoveRerunAnnotation>(decision)) {
    co_return co_await remove_rerun_annotation(check, stop);
  }
  if (std::holds_alternative<DeleteFinished>(decision)) {
    co_return co_await remove_finished(check, stop);
  }
  co_return kube::Done{};
}

Task<kube::Outcome> HealthCheckReconciler::start(CheckSnapshot check, Stop stop) {
  if (!claiming_) co_return kube::Done{};
  if (options_.may_start && !options_.may_start(*check)) co_return kube::RequeueAfter{kKeptRequeue};
  if (const auto wait = not_before_.find(check->meta.uid); wait != not_before_.end()) {
    if (const auto left = wait->second - loop_.mono_now(); left > left.zero()) {
      co_return kube::RequeueAfter{left};
    }
    not_before_.erase(wait);
  }
  if (!slots_.take_or_wait(*check, held())) {
    metrics_.set_waiting(slots_.waiting());
    co_return kube::Done{};
  }
  const Result<CheckSnapshot> claimed = co_await write_claim(check, stop);
  if (!claimed || *claimed == nullptr) {
    slots_.release();
    if (claimed) co_return kube::Done{};
    unconfirmed_[check->meta.uid] = claim(*check, {}, now()).attempt->id;
    co_return look_again_after(claimed.error());
  }
  unconfirmed_.erase(check->meta.uid);
  begin_run(*claimed, true);
  co_return kube::Done{.changed = true};
}

void HealthCheckReconciler::resume_claimed(const CheckSnapshot& check) {
  const Attempt& attempt = *check->status.attempt;
  const auto unconfirmed = unconfirmed_.find(check->meta.uid);
  const std::optional<Claimant> claimant = options_.claimant();
  const bool never_posted = claimant && attempt.epoch == claimant->epoch &&
                            unconfirmed != unconfirmed_.end() && unconfirmed->second == attempt.id;
  if (never_posted) {
    unconfirmed_.erase(unconfirmed);
    log_for(*check).info("the claim was written after all; executing it");
  } else {
    log_for(*check).info("recovering a claimed attempt", {{"holder", attempt.holder}});
  }
  slots_.take();
  // What is not wanted any more, or has no time left, is not begun: only asked about.
  const bool begin = never_posted && !check->spec.cancel && !check->meta.deleting() &&
                     attempt.deadline - loop_.wall_now() > kAskTime;
  begin_run(check, begin);
  // Looked at once more with the run in hand: it may be cancelled or deleted already.
  queue_.add(check->meta.key());
}

Task<Result<CheckSnapshot>> HealthCheckReconciler::write_claim(CheckSnapshot check, Stop stop) {
  const WallTime at = now();
  auto claimed = co_await writer_.write_once(
      check,
      [this, at](const HealthCheck& c) {
        const std::optional<Claimant> claimant = options_.claimant();
        return claimant ? std::optional(claim(c, *claimant, at)) : std::nullopt;
      },
      stop);
  if (!claimed || *claimed == nullptr) co_return claimed;
  const HealthCheck& running = **claimed;
  const Attempt& attempt = *running.status.attempt;
  log_for(running).info("check started", {{"number", attempt.number}});
  if (attempt.number == 1) {
    // One-shots tell their beginning and end; a schedule's run only how it ended.
    if (!is_scheduled(running)) {
      record(running, kube::EventType::kNormal, "Started",
             fmt::format("Run {}: {}", running.status.run,
                         cut(running.spec.query, kMaxEventQueryBytes)));
    }
    if (has_token(running.spec)) {
      record(running, kube::EventType::kWarning, "TokenInResource",
             "A destination's token stands in this resource, where everybody who may read it sees "
             "it; configure it at the server instead.");
    }
  }
  co_return claimed;
}

Task<kube::Outcome> HealthCheckReconciler::remove_rerun_annotation(CheckSnapshot check, Stop stop) {
  const json::array patch = kube::annotation_removal(check->meta, kRerunAnnotation);
  const StopSource limit(stop, loop_, loop_.mono_now() + kPatchTimeout);
  const auto patched = co_await api_.json_patch(check->meta.key(), patch, limit.stop());
  if (patched) {
    informer_.note_write(*patched);
    queue_.add(check->meta.key());
    co_return kube::Done{.changed = true};
  }
  if (patched.error().code == ErrorCode::kNotFound) co_return kube::Done{};
  co_return kube::RetryWithBackoff{patched.error()};
}

Task<kube::Outcome> HealthCheckReconciler::remove_finished(CheckSnapshot check, Stop stop) {
  if (options_.may_delete && !options_.may_delete(*check)) {
    co_return kube::RequeueAfter{kKeptRequeue};
  }
  const StopSource limit(stop, loop_, loop_.mono_now() + kDeleteTimeout);
  const Status removed = co_await api_.remove(
      check->meta.key(),
      kube::DeleteOptions{check->meta.uid, check->meta.resource_version, "Background"},
      limit.stop());
  if (!removed && removed.error().code != ErrorCode::kNotFound) {
    co_return look_again_after(removed.error());
  }
  log_for(*check).info("deleted: its time to live after finishing is over");
  co_return kube::Done{.changed = true};
}

Task<kube::Outcome> HealthCheckReconciler::write_status(CheckSnapshot check, StatusChange change,
                                                        Stop stop) {
  const auto written = co_await writer_.write_once(check, std::move(change), stop);
  if (!written) co_return look_again_after(written.error());
  if (*written != nullptr) committed(check, *written);
  co_return kube::Done{.changed = *written != nullptr};
}

bool HealthCheckReconciler::watch_runs(const kube::ObjectKey& key, const CheckSnapshot& check) {
  bool goes_on = false;
  const auto [first, last] = runs_.equal_range(key);
  for (const auto& [_, run] : std::ranges::subrange(first, last)) {
    const bool same = check != nullptr && check->meta.uid == run->uid;
    goes_on = goes_on || same;
    if (run->abort != Abort::kNone) continue;
    if (!same || check->meta.deleting() || !holds_claim(*check, run->attempt_id)) {
      run->abort = Abort::kGone;
    } else if (check->spec.cancel) {
      run->abort = Abort::kCancelled;
    } else {
      continue;
    }
    run->source->request_stop();
  }
  return goes_on;
}

void HealthCheckReconciler::begin_run(const CheckSnapshot& claimed, bool execute) {
  const Attempt& attempt = *claimed->status.attempt;
  std::chrono::microseconds left = attempt.deadline - loop_.wall_now();
  if (!execute) left = std::max<std::chrono::microseconds>(left, kMinRecoverTime);
  // Whatever the clock has become since: a claim lasts no longer than it was made for.
  left = std::min<std::chrono::microseconds>(
      left, std::min<std::chrono::microseconds>(attempt.deadline - attempt.start_time,
                                                kMaxCheckTimeout + kClaimMargin));
  auto owned = std::make_unique<Run>();
  Run* const self = owned.get();
  self->key = claimed->meta.key();
  self->uid = claimed->meta.uid;
  self->attempt_id = attempt.id;
  const MonoTime start = loop_.mono_now();
  self->source = std::make_unique<StopSource>(scope_.stop(), loop_, start + left);
  const std::chrono::microseconds kept = client_.can_be_asked() ? kAskTime : kAskTime.zero();
  self->answer_by = start + left - std::min(kept, left / 2);
  runs_.emplace(self->key, std::move(owned));
  metrics_.set_running(runs_.size());
  scope_.spawn(run(claimed, execute, self));
}

Task<> HealthCheckReconciler::run(CheckSnapshot claimed, bool execute, Run* self) {
  const StatusChange change = co_await outcome_of(claimed, execute, self);
  // No server works for it any more: the next one need not wait until its outcome is written.
  slots_.release();
  wake_waiting();
  const bool settled = !change || co_await commit(claimed, change, self);
  end_run(*self, settled);
}

Task<bool> HealthCheckReconciler::commit(CheckSnapshot claimed, StatusChange change, Run* self) {
  CheckSnapshot base = informer_.get(self->key);
  if (base == nullptr || base->meta.uid != claimed->meta.uid) base = claimed;
  auto written = co_await writer_.write(base, change, scope_.stop());
  if (!written && !scope_.stop().requested()) {
    log_for(*claimed).error("the outcome could not be written", {{"error", written.error()}});
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::kInvalid || code == ErrorCode::kTooLarge) {
      // The API server will never take this answer; it takes a small one perhaps.
      const std::string why = "the answer could not be stored: " + written.error().message;
      written = co_await writer_.write(base,
                                       while_claimed(self->attempt_id,
                                                     [why, at = now()](const HealthCheck& c) {
                                                       return give_up(c, FailReason::kInterrupted,
                                                                      why, at);
                                                     }),
                                       scope_.stop());
    }
  }
  if (!written) co_return false;
  if (*written == nullptr) {
    log_for(*claimed).info("the claim is gone; the outcome is dropped");
  } else {
    committed(base, *written);
  }
  co_return true;
}

Task<StatusChange> HealthCheckReconciler::outcome_of(CheckSnapshot claimed, bool execute,
                                                     Run* self) {
  if (!execute)
    co_return co_await recover(
        claimed, self, "claimed by " + claimed->status.attempt->holder + ", which does not run it");
  const StopSource answer_limit(self->source->stop(), loop_, self->answer_by);
  ExecuteOutcome outcome =
      co_await client_.execute(to_request(*claimed), self->attempt_id, answer_limit.stop());
  const WallTime at = now();
  if (auto* answered = std::get_if<Answered>(&outcome)) {
    co_return completion(self->attempt_id, std::move(answered->response), at);
  }
  if (self->abort != Abort::kNone) co_return co_await aborted(claimed, self);
  if (std::holds_alternative<Withheld>(outcome)) {
    log_for(*claimed).warning(
        "not executed: this process does not lead any more; its claim stands");
    co_return StatusChange();
  }
  if (auto* refused = std::get_if<Refused>(&outcome)) {
    const auto wait =
        std::min<std::chrono::milliseconds>(refused->retry_after, kMaxServerRetryAfter);
    if (wait.count() > 0) not_before_[claimed->meta.uid] = loop_.mono_now() + wait;
    log_for(*claimed).warning("the server did not take the check", {{"error", refused->why}});
    co_return while_claimed(self->attempt_id, [why = refused->why, at](const HealthCheck& c) {
      return refuse(c, why, at);
    });
  }
  if (auto* rejected = std::get_if<Rejected>(&outcome)) {
    const FailReason reason = rejected->reason == Rejected::Reason::kUnauthorized
                                  ? FailReason::kServerUnauthorized
                                  : FailReason::kInvalidRequest;
    co_return while_claimed(self->attempt_id,
                            [why = rejected->why, reason, at](const HealthCheck& c) {
                              return give_up(c, reason, why, at);
                            });
  }
  co_return co_await recover(claimed, self, std::get<Unknown>(outcome).why);
}

Task<StatusChange> HealthCheckReconciler::recover(CheckSnapshot claimed, Run* self,
                                                  std::string why) {
  if (!scope_.stop().requested()) {
    log_for(*claimed).warning("asking the servers for the attempt's answer", {{"reason", why}});
  }
  RecoverOutcome outcome = co_await client_.recover(self->attempt_id, self->source->stop());
  const WallTime at = now();
  if (auto* answered = std::get_if<Answered>(&outcome)) {
    co_return completion(self->attempt_id, std::move(answered->response), at);
  }
  if (self->abort != Abort::kNone) co_return co_await aborted(claimed, self);
  if (scope_.stop().requested()) co_return StatusChange();  // the next process recovers it
  std::string reason = why;
  if (const auto* lost = std::get_if<Lost>(&outcome)) {
    reason += "; " + lost->why;
  } else {
    reason += "; " + std::get<Unknown>(outcome).why;
    // Nobody waits for it any more, so it need not go on costing.
    co_await client_.cancel(self->attempt_id, scope_.stop());
  }
  co_return while_claimed(self->attempt_id, [reason = std::move(reason), at](const HealthCheck& c) {
    return interrupt(c, reason, at);
  });
}

Task<StatusChange> HealthCheckReconciler::aborted(CheckSnapshot claimed, Run* self) {
  const bool gone = self->abort == Abort::kGone;
  log_for(*claimed).info(gone ? "the check or its claim is gone; cancelling its execution"
                              : "the check was cancelled; cancelling its execution");
  co_await client_.cancel(self->attempt_id, scope_.stop());
  // One that is deleted may stay for a while, when somebody else's finalizer holds it.
  const CheckSnapshot left = informer_.get(self->key);
  if (left == nullptr || left->meta.uid != claimed->meta.uid) co_return StatusChange();
  const std::string why = gone ? "deleted while it ran" : "cancelled while it ran";
  co_return while_claimed(self->attempt_id, [why, at = now()](const HealthCheck& c) {
    return give_up(c, FailReason::kCancelled, why, at);
  });
}

void HealthCheckReconciler::committed(const CheckSnapshot& before, const CheckSnapshot& written) {
  const HealthCheckStatus& status = written->status;
  if (before->status.attempt && !status.attempt && !status.attempts.empty()) {
    metrics_.attempt_ended(status.attempts.back().outcome);
  }
  if (status.finished()) {
    if (before->status.attempt) metrics_.ended(*written);
    const bool completed = status.phase == Phase::kCompleted;
    const bool passed = status.result == CheckStatus::kPass;
    log_for(*written).info(completed ? "check completed" : "check failed",
                           {{"result", to_string(*status.result)}, {"message", status.message}});
    record(*written, passed ? kube::EventType::kNormal : kube::EventType::kWarning,
           completed ? "Completed" : "Failed", status.message);
    return;
  }
  // A new attempt follows. Refusals in a row are told once, like their record.
  const bool retrying = before->status.phase == Phase::kRunning && status.phase == Phase::kPending;
  const bool told_before = !status.attempts.empty() &&
                           status.attempts.back().outcome == AttemptOutcome::kRefused &&
                           !before->status.attempts.empty() &&
                           before->status.attempts.back().outcome == AttemptOutcome::kRefused;
  if (retrying && !told_before) {
    record(*written, kube::EventType::kWarning, "Retrying", status.message);
  }
}

void HealthCheckReconciler::end_run(Run& run, bool settled) {
  if (settled) {
    queue_.add(run.key);
  } else {
    queue_.retry(run.key);
  }
  const auto [first, last] = runs_.equal_range(run.key);
  runs_.erase(
      std::find_if(first, last, [&](const auto& entry) { return entry.second.get() == &run; }));
  metrics_.set_running(runs_.size());
}

void HealthCheckReconciler::wake_waiting() {
  if (!claiming_ || held()) return;
  for (const kube::ObjectKey& key : slots_.next()) queue_.add(key);
  metrics_.set_waiting(slots_.waiting());
}

void HealthCheckReconciler::record(const HealthCheck& check, kube::EventType type,
                                   std::string_view reason, std::string note) {
  events_.record({kube::reference_to(HealthCheck::resource(), check.meta), type,
                  std::string(reason), "RunCheck", std::move(note)});
}

Logger HealthCheckReconciler::log_for(const HealthCheck& check) const {
  LogFields fields{{"check", check.meta.key().to_text()}};
  if (check.status.attempt) fields.emplace_back("attempt", check.status.attempt->id);
  return log_.with(std::move(fields));
}

// Kubernetes keeps whole seconds, and what is written must compare equal to what is read back.
WallTime HealthCheckReconciler::now() const {
  return std::chrono::floor<std::chrono::seconds>(loop_.wall_now());
}

}  // namespace holmes
