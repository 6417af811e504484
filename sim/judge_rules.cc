// The judge's rules about single checks, wishes of the user, and what may be sent.
#include <algorithm>

#include <fmt/format.h>

#include "operator/schedule_child.h"
#include "sim/judge.h"

namespace holmes::sim {
namespace {

// Of one process about one thing.
constexpr int kMaxRequestsPerMinute = 150;

bool asks(const kube::ObjectMeta& meta, std::string_view annotation) {
  const auto found = meta.annotations.find(std::string(annotation));
  return found != meta.annotations.end() && found->second == "true";
}

}  // namespace

void Judge::user_deletes(const std::string& name) {
  if (const auto known = checks_.find(name); known != checks_.end()) {
    given_up_.insert(known->second->meta.uid);
  }
}

// Whoever held the lease until now may not know yet that somebody else has it; but then its own
// term is over, which its clock tells it.
void Judge::execution_sent(const std::string& process, const std::string& id) {
  if (leader_.empty() || leader_.starts_with(process + "_")) return;
  broken("I4", fmt::format("{} sent {} while {} led", process, id, leader_));
}

bool Judge::request_sent(const std::string& process, const kube::Request& request) {
  auto& [began, count] = requests_[process + " " + request.method + " " + request.path];
  if (count == 0 || clock_.mono_now() - began >= std::chrono::minutes(1)) {
    began = clock_.mono_now();
    count = 0;
  }
  if (++count > kMaxRequestsPerMinute) {
    broken("I11", fmt::format("{}: {} {} {} times in a minute", process, request.method,
                              request.path, count));
    return false;
  }
  if (leader_.empty() || leader_.starts_with(process + "_")) return true;
  const bool child = request.verb == kube::Verb::kCreate &&
                     request.path.ends_with("/" + HealthCheck::resource().plural);
  bool claim = false;
  if (request.path.ends_with("/status")) {
    const auto body = parse_json_object(request.body);
    const std::string id = body ? json_string_or(*body, {"status", "attempt", "id"}) : "";
    claim = !id.empty() && !claims_.contains(id);
  }
  if (child || claim) {
    broken("I4", fmt::format("{} sent {} {} while {} led", process, request.method, request.path,
                             leader_));
  }
  return true;
}

// What became of an attempt whose claim has gone just now.
void Judge::attempt_left(const HealthCheck& before, const HealthCheck& now) {
  if (!before.status.attempt || now.status.attempts.empty()) return;
  const Attempt& attempt = *before.status.attempt;
  const AttemptRecord& record = now.status.attempts.back();
  if (record.id != attempt.id || now.status.attempt) return;
  if (record.outcome == AttemptOutcome::kRefused) {
    refused_.insert(record.id);
    if (executions_.contains(record.id)) {
      broken("I2", fmt::format("{}: {} is recorded as refused, and ran", now.meta.name, record.id));
    }
  }
  if (record.outcome != AttemptOutcome::kInterrupted) return;
  const auto interrupted = std::ranges::count_if(now.status.attempts, [&](const auto& r) {
    return r.run == now.status.run && r.outcome == AttemptOutcome::kInterrupted;
  });
  if (interrupted > now.spec.backoff_limit + 1) {
    broken("I2", fmt::format("{} was tried {} times", now.meta.name, interrupted));
  }
  const bool in_time = on_time_ && clock_.wall_now() < attempt.deadline;
  // A request that was late on its way may have come when everybody had said that it is lost.
  const bool late = late_writes();
  const bool unwanted = now.spec.cancel || now.meta.deleting();
  if (in_time && !late && !unwanted && is_known && is_known(record.id)) {
    broken("I2",
           fmt::format("{}: {} is given up, and a server knows it", now.meta.name, record.id));
  }
}

void Judge::expect_wish_kept(const HealthCheck& before, const HealthCheck& now) {
  const bool gone = asks(before.meta, kRerunAnnotation) && !asks(now.meta, kRerunAnnotation);
  if (gone && !before.status.rerun_accepted) {
    broken("I2", now.meta.name + ": the wish to run again was dropped");
  }
}

// A check of nobody's schedule goes when the user says so, or its time to live is over.
void Judge::expect_removable(const HealthCheck& before) {
  if (is_scheduled(before) || given_up_.contains(before.meta.uid)) return;
  if (!before.status.finished() || !before.spec.ttl_after_finished) {
    broken("I8", before.meta.name + " was removed, and nobody asked for it");
  }
}

// A new meaning has no ticks in the time before it.
void Judge::expect_after_edit(const Account& account, const HealthCheck& child, WallTime tick) {
  if (steps_.count() > 0 || !on_time_ || restored_at_ || account.edited_unseen) return;
  if (account.meanings.size() < 2) return;
  for (const Meaning& meaning : account.meanings) {
    const auto ticks = ticks_of(meaning.spec, account.created);
    if (ticks && ticks->previous(tick) == tick && tick > meaning.from - std::chrono::seconds(1)) {
      return;
    }
  }
  broken("I9", child.meta.name + " is of a tick that no schedule of its time had");
}

void Judge::count_run_now(Account& account, const ScheduledHealthCheck* before,
                          const ScheduledHealthCheck& now) {
  const bool same = before != nullptr && before->meta.uid == now.meta.uid;
  const bool asked = same && asks(before->meta, kRunNowAnnotation);
  if (asks(now.meta, kRunNowAnnotation) && !asked) ++account.run_now_wishes;
}

}  // namespace holmes::sim
