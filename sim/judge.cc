#include "sim/judge.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/core/lease.h"
#include "operator/schedule_child.h"

namespace holmes::sim {
namespace {

constexpr std::string_view kChecks = "healthchecks.holmesgpt.dev";
constexpr std::string_view kSchedules = "scheduledhealthchecks.holmesgpt.dev";
constexpr std::string_view kLeases = "leases.coordination.k8s.io";
constexpr int kMaxOfEach = 5;  // of each invariant

// Of "<Lease UID>/<leaseTransitions>"; nullopt for an epoch that is a process's own.
std::optional<int64_t> transitions_of(const std::string& epoch) {
  const size_t slash = epoch.find('/');
  if (slash == std::string::npos) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(epoch.data() + slash + 1, epoch.data() + epoch.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

bool same_meaning(const ScheduledHealthCheckSpec& a, const ScheduledHealthCheckSpec& b) {
  return a.schedule == b.schedule && a.time_zone == b.time_zone && a.dst_policy == b.dst_policy;
}

// Whoever names its checks otherwise may tell their ticks all the same.
std::optional<WallTime> tick_of(const HealthCheck& check) {
  if (const auto tick = scheduled_at(check)) return tick;
  const auto told = check.meta.annotations.find(std::string(kScheduledAtAnnotation));
  if (told == check.meta.annotations.end()) return std::nullopt;
  const auto tick = parse_rfc3339(told->second);
  return tick ? std::optional(*tick) : std::nullopt;
}

template <class T>
std::optional<T> decode(const kube::StoredObject& object) {
  const auto json = parse_json_object(object.bytes);
  if (!json) return std::nullopt;
  auto value = T::from_json(*json);
  return value ? std::optional(*std::move(value)) : std::nullopt;
}

template <class T>
std::shared_ptr<const T> take(std::map<std::string, std::shared_ptr<const T>>& known,
                              const std::string& name) {
  const auto found = known.find(name);
  return found == known.end() ? nullptr : found->second;
}

}  // namespace

std::optional<Schedule> ticks_of(const ScheduledHealthCheckSpec& spec, WallTime created) {
  ScheduleOptions options;
  options.anchor = created;
  options.dst_policy = spec.dst_policy;
  if (!spec.time_zone.empty()) {
    auto zone = TimeZone::load(spec.time_zone);
    if (!zone) return std::nullopt;
    options.zone = *zone;
  }
  auto schedule = Schedule::parse(spec.schedule, std::move(options));
  return schedule ? std::optional(*std::move(schedule)) : std::nullopt;
}

void Judge::broken(const std::string& invariant, const std::string& what) {
  const auto of_it = std::ranges::count_if(
      violations_, [&](const std::string& known) { return known.starts_with(invariant + " "); });
  if (of_it >= kMaxOfEach) return;
  violations_.push_back(
      fmt::format("{} at {}: {}", invariant, format_rfc3339(clock_.wall_now()), what));
}

void Judge::written(const kube::JournalEntry& entry) {
  const kube::StoredObject& object = *entry.object;
  if (object.resource == kChecks) {
    ++writes_;
    auto now = decode<HealthCheck>(object);
    if (!now) return broken("readable", "a check cannot be read: " + object.bytes);
    const auto before = take(checks_, object.key.name);
    if (entry.removed) {
      checks_.erase(object.key.name);
      return check_gone(*now);
    }
    auto stored = std::make_shared<const HealthCheck>(*std::move(now));
    checks_[object.key.name] = stored;
    check_changed(before.get(), *stored);
  } else if (object.resource == kSchedules) {
    ++writes_;
    auto now = decode<ScheduledHealthCheck>(object);
    if (!now) return;  // a schedule that nobody can read is what some scenarios are about
    const auto before = take(schedules_, object.key.name);
    if (entry.removed) {
      schedules_.erase(object.key.name);
      accounts_[object.uid].ended = clock_.wall_now();
      return;
    }
    auto stored = std::make_shared<const ScheduledHealthCheck>(*std::move(now));
    schedules_[object.key.name] = stored;
    schedule_changed(before.get(), *stored);
  } else if (object.resource == kLeases) {
    const auto lease = decode<kube::Lease>(object);
    leader_ = lease && !entry.removed ? lease->holder : "";
  }
}

void Judge::check_changed(const HealthCheck* before, const HealthCheck& now) {
  if (before == nullptr) return check_made(now);
  if (before->meta.uid != now.meta.uid) {
    return broken("I8", now.meta.name + " became another object");
  }
  const HealthCheckStatus& was = before->status;
  const HealthCheckStatus& is = now.status;
  if (is.run < was.run) broken("I5", fmt::format("{}: run went back", now.meta.name));
  const bool same_run = was.run == is.run;
  if (was.finished() && same_run && is.phase != Phase::kNew) {
    if (is.phase != was.phase || is.result != was.result ||
        is.completion_time != was.completion_time || is.message != was.message) {
      broken("I5", fmt::format("{} had ended ({}) and was changed to {} ({})", now.meta.name,
                               was.message, to_string(is.phase), is.message));
    }
  }
  attempt_left(*before, now);
  expect_wish_kept(*before, now);
  const bool new_claim = is.attempt && (!was.attempt || was.attempt->id != is.attempt->id);
  if (new_claim) claimed(now);
  if (was.attempt && is.attempt && was.attempt->id == is.attempt->id &&
      was.attempt->epoch != is.attempt->epoch) {
    broken("I4", fmt::format("{}: the claim {} changed its owner", now.meta.name, is.attempt->id));
  }
  if (is.finished() && !(was.finished() && same_run)) ended(*before, now);
  if (const kube::OwnerReference* owner = schedule_of(now)) {
    count_unfinished(accounts_[owner->uid], now, false);
  }
}

void Judge::check_made(const HealthCheck& now) {
  const kube::OwnerReference* owner = schedule_of(now);
  if (owner == nullptr) return;
  ++children_made_;
  Account& account = accounts_[owner->uid];
  const std::optional<WallTime> tick = tick_of(now);
  // A create that was late on its way may come when the check that it was to make is gone already.
  const bool late = restored_at_ || late_writes();
  // Nor does anything tell of one that ended and went, when the clock was wrong by hours since.
  const bool forgotten = steps_ > kFarStep;
  if (account.ended != WallTime::max()) {
    // A create that was late on its way, or of an operator that stood still meanwhile: the garbage
    // collector takes it away, and nothing runs.
    constexpr std::chrono::seconds kLatest{150};
    if (account.ended < clock_.wall_now() - kLatest) {
      broken("I9", now.meta.name + " was made although its schedule was deleted");
    }
  } else if (!tick) {
    if (!account.by_hand.insert(now.meta.name).second && !late) {
      broken("I1", now.meta.name + " was made twice");
    }
    if (std::ssize(account.by_hand) > account.run_now_wishes && !restored_at_) {
      broken("I1", now.meta.name + " was not asked for");
    }
  } else if (!account.children.insert(*tick).second && !late && !forgotten) {
    broken("I1",
           fmt::format("the tick {} has a second check, {}", format_rfc3339(*tick), now.meta.name));
  }
  if (tick && account.created > *tick) {
    broken("I9", fmt::format("{} is older than its schedule", format_rfc3339(*tick)));
  }
  if (tick) expect_after_edit(account, now, *tick);
  count_unfinished(account, now, false);
}

void Judge::check_gone(const HealthCheck& before) {
  expect_removable(before);
  const kube::OwnerReference* owner = schedule_of(before);
  if (owner == nullptr) return;
  count_unfinished(accounts_[owner->uid], before, true);
  const auto schedule = take(schedules_, owner->name);
  const bool owned =
      schedule != nullptr && schedule->meta.uid == owner->uid && !schedule->meta.deleting();
  if (owned && !before.status.finished() && !given_up_.contains(before.meta.uid)) {
    broken("I6", before.meta.name + " was removed before it ended");
  }
}

void Judge::claimed(const HealthCheck& now) {
  const Attempt& attempt = *now.status.attempt;
  if (!claims_.insert(attempt.id).second) {
    broken("I1", fmt::format("{}: the attempt {} was claimed twice", now.meta.name, attempt.id));
  }
  if (const auto transitions = transitions_of(attempt.epoch)) {
    const std::string& holder = holders_.try_emplace(attempt.epoch, attempt.holder).first->second;
    if (holder != attempt.holder) {
      broken("I4", fmt::format("{} and {} claim as {}", holder, attempt.holder, attempt.epoch));
    }
    int64_t& newest = transitions_[now.meta.uid];
    if (*transitions < newest) {
      broken("I4", fmt::format("{}: claimed by epoch {} after one of {}", now.meta.name,
                               attempt.epoch, newest));
    }
    newest = std::max(newest, *transitions);
  }
}

void Judge::ended(const HealthCheck& before, const HealthCheck& now) {
  const HealthCheckStatus& status = now.status;
  if (status.phase != Phase::kCompleted) return;
  if (!before.status.attempt || status.attempts.empty() ||
      status.attempts.back().id != before.status.attempt->id) {
    return broken("I4", now.meta.name + " was completed without a claim");
  }
  const std::string& id = before.status.attempt->id;
  if (!status.message.ends_with(" by " + id)) {
    broken("I4", fmt::format("{}: attempt {} got another's answer, {}", now.meta.name, id,
                             status.message));
  }
}

void Judge::execution_began(const std::string& id, const std::string& check) {
  if (++executions_[id] > 1) {
    broken("I1", fmt::format("attempt {} of {} was executed {} times", id, check, executions_[id]));
  }
  if (refused_.contains(id)) {
    broken("I2", fmt::format("{} of {} was recorded as refused, and runs", id, check));
  }
  if (!claims_.contains(id) && !claims_before_.contains(id)) {
    broken("I4", fmt::format("{} of {} was executed without a claim", id, check));
  }
  constexpr std::chrono::seconds kNoticed{20};
  const auto known = take(checks_, check.substr(check.find('/') + 1));
  const kube::OwnerReference* owner = known != nullptr ? schedule_of(*known) : nullptr;
  if (owner != nullptr && accounts_[owner->uid].ended < clock_.wall_now() - kNoticed) {
    broken("I9", check + " runs although its schedule was deleted");
  }
}

void Judge::schedule_changed(const ScheduledHealthCheck* before, const ScheduledHealthCheck& now) {
  Account& account = accounts_[now.meta.uid];
  note_meaning(account, now);
  count_run_now(account, before, now);
  if (before != nullptr && before->meta.uid == now.meta.uid) {
    const auto& was = before->status;
    const auto& is = now.status;
    if (exact_ && was.last_schedule_time &&
        (!is.last_schedule_time || *is.last_schedule_time < *was.last_schedule_time)) {
      broken("I5", now.meta.name + ": lastScheduleTime went back");
    }
    if (exact_ && was.last_successful_time &&
        (!is.last_successful_time || *is.last_successful_time < *was.last_successful_time)) {
      broken("I5", now.meta.name + ": lastSuccessfulTime went back");
    }
  }
  for (const MissedTicks& entry : now.status.missed) account.missed[entry.from] = entry;
}

void Judge::note_meaning(Account& account, const ScheduledHealthCheck& now) {
  if (account.meanings.empty()) {
    account.name = now.meta.name;
    account.created = now.meta.creation_timestamp;
    // What was edited before a backup is not known any more.
    if (now.meta.generation > 1) account.meanings.push_back({});
    account.meanings.push_back({now.spec, now.meta.creation_timestamp});
    return;
  }
  const Meaning& last = account.meanings.back();
  if (last.spec.concurrency_policy != now.spec.concurrency_policy) account.policy_changed = true;
  if (same_meaning(last.spec, now.spec)) return;
  if (!now.status.observed_schedule) account.edited_unseen = true;
  account.meanings.push_back({now.spec, clock_.wall_now()});
}

void Judge::count_unfinished(Account& account, const HealthCheck& now, bool gone) {
  if (gone || now.status.finished()) {
    account.unfinished.erase(now.meta.uid);
    account.running.erase(now.meta.uid);
    return;
  }
  account.unfinished.insert(now.meta.uid);
  if (now.status.phase == Phase::kRunning) {
    account.running.insert(now.meta.uid);
  } else {
    account.running.erase(now.meta.uid);
  }
  if (account.policy_changed || account.meanings.empty()) return;
  if (account.meanings.back().spec.concurrency_policy == ConcurrencyPolicy::kAllow) return;
  if (account.running.size() > 1 && !restored_at_)
    broken("I3", account.name + " has two checks that run");
  // A create that was late on its way can make a second one, which waits.
  const bool late = restored_at_ || late_writes();
  if (account.unfinished.size() > 1 && !late) {
    broken("I3", account.name + " has two unfinished checks");
  }
}

// What an operator wrote before it noticed that etcd was restored is anybody's guess. Of the time
// after it each tick has an outcome.
std::string Judge::undecided(const Account& account, std::chrono::seconds lag) const {
  constexpr std::chrono::seconds kNoticed{100};
  const auto ticks = ticks_of(account.meanings.front().spec, account.created);
  if (!ticks || !on_time_) return "";
  std::optional<WallTime> tick =
      ticks->next(std::max(*account.known_from, *restored_at_ + kNoticed));
  for (; tick && *tick <= clock_.wall_now() - lag; tick = ticks->next(*tick)) {
    const bool missed = std::ranges::any_of(account.missed, [&](const auto& entry) {
      return entry.second.from <= *tick && *tick <= entry.second.to;
    });
    if (!missed && !account.children.contains(*tick)) {
      return format_rfc3339(*tick) + " is undecided";
    }
  }
  return "";
}

// Each tick up to the last one decided has exactly one outcome, and what is due is decided.
std::string Judge::inexact(const Account& account, const ScheduledHealthCheck& schedule,
                           std::chrono::seconds lag) const {
  const auto ticks = ticks_of(account.meanings.front().spec, account.created);
  if (!ticks) return "";
  // A create that was late on its way can give a missed tick a check as well.
  const bool late = late_writes();
  const WallTime begin = account.created;
  // After its clock was set back an operator tells of ticks before the last run when that comes
  // again, if it had not told yet.
  const WallTime told =
      on_time_ ? clock_.wall_now() : schedule.status.last_schedule_time.value_or(begin);
  WallTime decided = begin;
  int64_t outcomes = 0;
  for (const WallTime tick : account.children) {
    if (ticks->previous(tick) != tick) return format_rfc3339(tick) + " is no tick";
    if (tick <= begin || tick > std::min(told, clock_.wall_now())) continue;
    decided = std::max(decided, tick);
    ++outcomes;
  }
  WallTime last = begin;
  for (const auto& [first, entry] : account.missed) {
    if (entry.to <= begin) continue;
    if (entry.to > clock_.wall_now()) return "";  // by a clock that was wrong
    const WallTime from = std::max(first, begin + std::chrono::seconds(1));
    if (from <= last) return format_rfc3339(from) + " was missed twice";
    const auto ran =
        std::distance(account.children.lower_bound(from), account.children.upper_bound(entry.to));
    const auto all = static_cast<int64_t>(ticks->count(from - std::chrono::seconds(1), entry.to));
    if (entry.count != all - ran && !(late && entry.count > all - ran && entry.count <= all)) {
      return fmt::format("{} ticks missed from {} to {}, told {} as {}", all - ran,
                         format_rfc3339(from), format_rfc3339(entry.to), entry.count,
                         to_string(entry.reason));
    }
    last = entry.to;
    decided = std::max(decided, entry.to);
    outcomes += entry.count;
  }
  const auto all = static_cast<int64_t>(ticks->count(begin, decided));
  if (late ? outcomes < all : outcomes != all) {
    return fmt::format("{} ticks from {} to {}, {} outcomes", all, format_rfc3339(begin),
                       format_rfc3339(decided), outcomes);
  }
  if (!on_time_) return "";
  const auto due = ticks->previous(clock_.wall_now() - lag);
  if (due && *due > decided) return format_rfc3339(*due) + " is undecided";
  return "";
}

void Judge::expect_exact(std::chrono::seconds lag) {
  for (const auto& [name, schedule] : schedules_) {
    const Account& account = accounts_[schedule->meta.uid];
    if (account.meanings.size() != 1 || !exact_) continue;
    const std::string what =
        account.known_from ? undecided(account, lag) : inexact(account, *schedule, lag);
    if (!what.empty()) {
      broken("I2", name + ": " + what);
    }
  }
}

void Judge::expect_tidy(const CheckServers& servers) {
  for (const auto& [name, schedule] : schedules_) expect_tidy(*schedule, servers);
}

void Judge::expect_tidy(const ScheduledHealthCheck& schedule, const CheckServers& servers) {
  const Account& account = accounts_[schedule.meta.uid];
  std::set<std::string> active;
  for (const ActiveCheck& check : schedule.status.active) active.insert(check.uid);
  if (active != account.unfinished) {
    broken("I7", fmt::format("{}: {} are active, {} are unfinished", account.name, active.size(),
                             account.unfinished.size()));
  }
  int64_t good = 0;
  int64_t bad = 0;
  for (const auto& [name, check] : checks_) {
    const kube::OwnerReference* owner = schedule_of(*check);
    if (owner == nullptr || owner->uid != schedule.meta.uid || !check->status.finished()) continue;
    (check->status.result == CheckStatus::kPass ? good : bad) += 1;
    if (servers.running_for(check->meta.ns + "/" + name) > 0) {
      broken("I3", name + " has ended and is executed still");
    }
  }
  if (good > schedule.spec.successful_history_limit || bad > schedule.spec.failed_history_limit) {
    broken("I6", fmt::format("{} keeps {} good and {} bad checks", account.name, good, bad));
  }
  if (std::ssize(schedule.status.history) > schedule.spec.history_limit) {
    broken("I6", account.name + " keeps too many entries of its history");
  }
}

void Judge::restored(const std::vector<kube::Stored>& objects) {
  restored_at_ = clock_.wall_now();
  if (steps_.count() > 0) exact_ = false;
  checks_.clear();
  schedules_.clear();
  accounts_.clear();
  // A process that was paused may still act on a claim that it made before.
  claims_before_.merge(claims_);
  claims_.clear();
  transitions_.clear();
  executions_.clear();
  refused_.clear();
  holders_.clear();
  for (const kube::Stored& object : objects) written({object->version, object, false});
  for (auto& [uid, account] : accounts_) {
    const auto schedule = take(schedules_, account.name);
    if (schedule == nullptr) continue;
    WallTime known = account.created;
    if (!account.children.empty()) known = *account.children.rbegin();
    for (const auto& [from, entry] : account.missed) known = std::max(known, entry.to);
    known = std::max(known, schedule->status.last_schedule_time.value_or(known));
    account.known_from = known;
  }
  leader_.clear();  // the lease tells of back then, and whoever leads now does not know
}

std::optional<ScheduledHealthCheck> Judge::schedule(const std::string& name) const {
  const auto found = schedules_.find(name);
  return found == schedules_.end() ? std::nullopt : std::optional(*found->second);
}

std::optional<HealthCheck> Judge::check(const std::string& name) const {
  const auto found = checks_.find(name);
  return found == checks_.end() ? std::nullopt : std::optional(*found->second);
}

std::vector<HealthCheck> Judge::checks() const {
  std::vector<HealthCheck> all;
  for (const auto& [name, check] : checks_) all.push_back(*check);
  return all;
}

std::vector<std::string> Judge::schedule_names() const {
  std::vector<std::string> names;
  for (const auto& [name, schedule] : schedules_) names.push_back(name);
  return names;
}

}  // namespace holmes::sim
