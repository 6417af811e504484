#include "operator/transitions.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace holmes {
namespace {

constexpr size_t kAttemptIdLength = 32;
constexpr std::chrono::seconds kFirstRetryDelay{5};
constexpr int kRetryFactor = 4;
constexpr std::chrono::seconds kFirstRefusedDelay{1};
// Between two refusals that belong together: when all are refused, each stands in line behind the
// others, and a refusal may take as long as a connection's time limit (10 s). Enough for 90 checks
// in line for each that may run at once.
constexpr std::chrono::minutes kMaxRefusalGap{15};

void set(HealthCheckStatus& status, std::string_view type, bool value, std::string_view reason,
         std::string_view message, WallTime now) {
  kube::set_condition(status.conditions, {std::string(type), value, std::string(reason),
                                          std::string(message), now, status.observed_generation});
}

void drop_waiting(HealthCheckStatus& status) {
  std::erase_if(status.conditions,
                [](const kube::Condition& condition) { return condition.type == kWaiting; });
}

void set_waiting(HealthCheckStatus& status, std::string_view reason, std::string_view message,
                 WallTime now) {
  status.message = limit_length(message, kMaxMessageLength);
  set(status, kWaiting, true, reason, status.message, now);
}

std::string_view condition_of(CheckStatus result) {
  switch (result) {
    case CheckStatus::kPass:
      return kPassed;
    case CheckStatus::kFail:
      return kFailed;
    case CheckStatus::kError:
      return kInconclusive;
  }
  return kInconclusive;
}

// Complete becomes True, and exactly one of the three verdicts.
void set_ended(HealthCheckStatus& status, std::string_view complete_reason, CheckStatus result,
               std::string_view verdict_reason, WallTime now) {
  drop_waiting(status);
  set(status, kComplete, true, complete_reason, status.message, now);
  for (const std::string_view type : {kPassed, kFailed, kInconclusive}) {
    const bool is_verdict = type == condition_of(result);
    set(status, type, is_verdict, is_verdict ? verdict_reason : complete_reason, status.message,
        now);
  }
}

// What counts towards the backoff limit stays longest: the interrupted attempts of this run.
void drop_surplus_records(HealthCheckStatus& status) {
  std::vector<AttemptRecord>& records = status.attempts;
  if (records.size() <= kMaxAttemptRecords) return;
  const auto last = records.end() - 1;
  const auto victim = std::find_if(records.begin(), last, [&](const AttemptRecord& record) {
    return record.run != status.run || record.outcome != AttemptOutcome::kInterrupted;
  });
  records.erase(victim == last ? records.begin() : victim);
}

// Moves the claim to the list of past attempts.
void record_attempt(HealthCheckStatus& status, AttemptOutcome outcome, WallTime now) {
  if (!status.attempt) return;
  const Attempt& attempt = *status.attempt;
  AttemptRecord record{status.run, attempt.number, attempt.id, attempt.start_time, now, outcome};
  std::vector<AttemptRecord>& records = status.attempts;
  // Refusals in a row are one record from the first to the last, so that an hour of them does not
  // push out what really ran.
  // A longer pause (suspended, the operator was away) begins a new one: nobody tried meanwhile.
  if (outcome == AttemptOutcome::kRefused && !records.empty() &&
      records.back().outcome == AttemptOutcome::kRefused && records.back().run == status.run &&
      record.start_time - records.back().end_time <= kMaxRefusalGap) {
    record.start_time = records.back().start_time;
    records.pop_back();
  }
  records.push_back(std::move(record));
  drop_surplus_records(status);
  status.attempt.reset();
}

int64_t interrupted_count(const HealthCheckStatus& status) {
  return std::ranges::count_if(status.attempts, [&](const AttemptRecord& record) {
    return record.run == status.run && record.outcome == AttemptOutcome::kInterrupted;
  });
}

// The limit, as far as the bounded list can count up to it: refusals take one of its places.
int64_t countable_limit(const HealthCheck& check) {
  const bool refused = std::ranges::any_of(check.status.attempts, [&](const AttemptRecord& record) {
    return record.run == check.status.run && record.outcome == AttemptOutcome::kRefused;
  });
  const int64_t countable = static_cast<int64_t>(kMaxAttemptRecords) - (refused ? 1 : 0);
  return std::min(check.spec.backoff_limit, countable);
}

int64_t last_number(const HealthCheckStatus& status) {
  int64_t number = 0;
  for (const AttemptRecord& record : status.attempts) {
    if (record.run == status.run) number = std::max(number, record.number);
  }
  return number;
}

void clear_results(HealthCheckStatus& status) {
  status.completion_time.reset();
  status.result.reset();
  status.message.clear();
  status.rationale.clear();
  status.error.clear();
  status.duration_seconds.reset();
  status.model_used.clear();
  status.notifications.clear();
  status.usage.reset();
  status.evidence.clear();
}

std::string_view complete_reason(CheckStatus result) {
  switch (result) {
    case CheckStatus::kPass:
      return "Pass";
    case CheckStatus::kFail:
      return "Fail";
    case CheckStatus::kError:
      return "Error";
  }
  return "Error";
}

}  // namespace

std::string attempt_id(std::string_view uid, int64_t run, int64_t number) {
  return sha256_hex(fmt::format("{}/{}/{}", uid, run, number)).substr(0, kAttemptIdLength);
}

std::string_view to_string(FailReason reason) {
  switch (reason) {
    case FailReason::kCancelled:
      return "Cancelled";
    case FailReason::kInvalidRequest:
      return "InvalidRequest";
    case FailReason::kServerUnauthorized:
      return "ServerUnauthorized";
    case FailReason::kInterrupted:
      return "Interrupted";
    case FailReason::kServerUnavailable:
      return "ServerUnavailable";
  }
  return "Interrupted";
}

HealthCheckStatus claim(const HealthCheck& check, const Claimant& claimant, WallTime now) {
  HealthCheckStatus status = check.status;
  clear_results(status);
  drop_waiting(status);
  status.phase = Phase::kRunning;
  status.run = std::max<int64_t>(1, status.run);
  status.rerun_accepted = false;
  status.observed_generation = check.meta.generation;
  const int64_t number = last_number(status) + 1;
  if (number == 1) status.start_time = now;
  status.attempt = Attempt{
      number, attempt_id(check.meta.uid, status.run, number), claimant.epoch, claimant.holder,
      now,    now + check.spec.timeout + kClaimMargin};
  return status;
}

HealthCheckStatus complete(const HealthCheck& check, const CheckResponse& response, WallTime now) {
  HealthCheckStatus status = check.status;
  record_attempt(status, AttemptOutcome::kAnswered, now);
  status.phase = Phase::kCompleted;
  status.completion_time = now;
  status.result = response.status;
  status.message = response.message;
  status.rationale = response.rationale;
  status.error = response.error;
  status.duration_seconds = response.duration_seconds;
  status.model_used = response.model_used;
  status.notifications = response.notifications;
  status.usage = response.usage;
  status.evidence = response.evidence;
  const std::string_view reason = complete_reason(response.status);
  const std::string_view verdict = response.reason ? to_string(*response.reason) : reason;
  set_ended(status, reason, response.status, verdict, now);
  return status;
}

HealthCheckStatus give_up(const HealthCheck& check, FailReason reason, std::string_view why,
                          WallTime now) {
  HealthCheckStatus status = check.status;
  record_attempt(status,
                 reason == FailReason::kServerUnavailable ? AttemptOutcome::kRefused
                 : reason == FailReason::kInterrupted || reason == FailReason::kCancelled
                     ? AttemptOutcome::kInterrupted
                     : AttemptOutcome::kAnswered,
                 now);
  clear_results(status);
  if (!check.status.attempt && status.attempts.empty()) {
    status.observed_generation = check.meta.generation;  // it never ran: this is what was refused
  }
  status.phase = Phase::kFailed;
  status.run = std::max<int64_t>(1, status.run);
  status.rerun_accepted = false;
  status.completion_time = now;
  status.result = CheckStatus::kError;
  status.error = limit_length(why, kMaxErrorLength);
  status.message = limit_length(fmt::format("Check errored: {}", why), kMaxMessageLength);
  set_ended(status, to_string(reason), CheckStatus::kError, to_string(reason), now);
  return status;
}

HealthCheckStatus interrupt(const HealthCheck& check, std::string_view why, WallTime now) {
  if (interrupted_count(check.status) >= countable_limit(check)) {
    return give_up(check, FailReason::kInterrupted, why, now);
  }
  HealthCheckStatus status = check.status;
  record_attempt(status, AttemptOutcome::kInterrupted, now);
  status.phase = Phase::kPending;
  set_waiting(status, "Interrupted", fmt::format("Interrupted, will be tried again: {}", why), now);
  return status;
}

HealthCheckStatus refuse(const HealthCheck& check, std::string_view why, WallTime now) {
  HealthCheckStatus status = check.status;
  record_attempt(status, AttemptOutcome::kRefused, now);
  if (!status.attempts.empty() && now - status.attempts.back().start_time >= kMaxRefusedTime) {
    HealthCheck refused = check;
    refused.status = status;
    return give_up(refused, FailReason::kServerUnavailable, why, now);
  }
  status.phase = Phase::kPending;
  set_waiting(status, "ServerUnavailable", fmt::format("Waiting for the Holmes server: {}", why),
              now);
  return status;
}

HealthCheckStatus accept_rerun(const HealthCheck& check, WallTime now) {
  HealthCheckStatus status = check.status;
  status.rerun_accepted = true;
  if (!status.finished()) {
    // The run that has not started yet is the one that was asked for.
    status.phase = Phase::kPending;
    status.run = std::max<int64_t>(1, status.run);
    return status;
  }
  clear_results(status);
  status.phase = Phase::kPending;
  status.run += 1;
  status.start_time.reset();
  status.attempt.reset();
  for (const std::string_view type : {kComplete, kPassed, kFailed, kInconclusive}) {
    set(status, type, false, "Rerun", "A re-run was asked for.", now);
  }
  return status;
}

HealthCheckStatus suspend(const HealthCheck& check, WallTime now) {
  HealthCheckStatus status = check.status;
  status.phase = Phase::kPending;
  status.run = std::max<int64_t>(1, status.run);
  set_waiting(status, "Suspended", "Suspended: starts when spec.suspend is false.", now);
  return status;
}

std::optional<WallTime> next_attempt_time(const HealthCheckStatus& status) {
  if (status.attempts.empty() || status.attempts.back().run != std::max<int64_t>(1, status.run)) {
    return std::nullopt;
  }
  const AttemptRecord& last = status.attempts.back();
  if (last.outcome == AttemptOutcome::kRefused) {
    // As long again as it has been refused so far: doubling, without a counter to keep.
    const auto refused_for =
        std::chrono::duration_cast<std::chrono::seconds>(last.end_time - last.start_time);
    return last.end_time + std::clamp(refused_for, kFirstRefusedDelay, kMaxRetryDelay);
  }
  std::chrono::seconds delay = kFirstRetryDelay;
  for (int64_t n = interrupted_count(status); n > 1 && delay < kMaxRetryDelay; --n) {
    delay *= kRetryFactor;
  }
  return last.end_time + std::min(delay, kMaxRetryDelay);
}

}  // namespace holmes
