#include "operator/schedule_history.h"

#include <algorithm>

#include "operator/schedule_child.h"
#include "operator/schedule_ticks.h"

namespace holmes {
namespace {

bool stands_in(const std::vector<HistoryEntry>& history, std::string_view name) {
  return std::ranges::any_of(history, [&](const HistoryEntry& e) { return e.check_name == name; });
}

HistoryEntry entry_of(const HealthCheck& check) {
  const HealthCheckStatus& status = check.status;
  HistoryEntry entry;
  entry.execution_time = execution_time(check);
  entry.check_name = check.meta.name;
  if (status.finished()) {
    entry.result = status.result.value_or(CheckStatus::kError);
    entry.duration_seconds = status.duration_seconds;
    entry.message = limit_length(status.message, kMaxHistoryMessage);
  } else {
    entry.message = "Check errored: deleted before it finished";
  }
  return entry;
}

void count_result(ScheduledHealthCheckStatus& status, CheckStatus result) {
  if (result == CheckStatus::kPass) status.consecutive_failures = 0;
  if (result == CheckStatus::kFail) ++status.consecutive_failures;
}

// Whether the run is news, and not an old object that a wider limit lets into the history again.
bool is_news(const ScheduledHealthCheckStatus& before, const HealthCheck& check) {
  if (before.history.empty()) return true;
  const bool was_active = std::ranges::any_of(
      before.active, [&](const ActiveCheck& active) { return active.uid == check.meta.uid; });
  return was_active || execution_time(check) > before.history.front().execution_time;
}

void record_ended(ScheduledHealthCheckStatus& status, const ScheduledHealthCheckStatus& before,
                  const std::vector<ScheduleChild>& children, WallTime now) {
  std::vector<const HealthCheck*> ended;
  for (const ScheduleChild& child : children) {
    if (child.unfinished() || stands_in(before.history, child.check->meta.name)) continue;
    if (execution_time(*child.check) <= now + kMaxClockStep) {
      ended.push_back(child.check.get());
    }
  }
  std::ranges::sort(ended, {}, [](const HealthCheck* check) { return execution_time(*check); });
  for (const HealthCheck* check : ended) {
    HistoryEntry entry = entry_of(*check);
    if (is_news(before, *check)) count_result(status, entry.result);
    if (entry.result == CheckStatus::kPass && check->status.completion_time) {
      status.last_successful_time = std::max(status.last_successful_time.value_or(WallTime::min()),
                                             *check->status.completion_time);
    }
    status.history.push_back(std::move(entry));
  }
}

// Children of which only status.active knows.
void record_vanished(ScheduledHealthCheckStatus& status, const ScheduledHealthCheckStatus& before,
                     const kube::ObjectMeta& schedule, const std::vector<ScheduleChild>& children,
                     WallTime now) {
  const std::string prefix = child_prefix(schedule);
  for (const ActiveCheck& active : before.active) {
    const bool known = std::ranges::any_of(
        children, [&](const ScheduleChild& child) { return child.check->meta.uid == active.uid; });
    const bool ours = active.ns == schedule.ns && active.name.starts_with(prefix);
    if (known || !ours || stands_in(status.history, active.name)) continue;
    HistoryEntry entry;
    entry.execution_time = std::min(active.start_time.value_or(now), now);
    entry.check_name = active.name;
    entry.message = "Check errored: deleted before its result was seen";
    status.history.push_back(std::move(entry));
  }
}

std::vector<ActiveCheck> active_of(const std::vector<ScheduleChild>& children) {
  std::vector<ActiveCheck> active;
  for (const ScheduleChild& child : children) {
    if (!child.unfinished()) continue;
    const kube::ObjectMeta& meta = child.check->meta;
    active.push_back({meta.name, meta.ns, meta.uid, meta.creation_timestamp});
  }
  std::ranges::sort(active, [](const ActiveCheck& a, const ActiveCheck& b) {
    return std::tie(a.start_time, a.name) < std::tie(b.start_time, b.name);
  });
  if (active.size() > kMaxActiveEntries) active.resize(kMaxActiveEntries);
  return active;
}

}  // namespace

WallTime execution_time(const HealthCheck& check) {
  return scheduled_at(check).value_or(check.meta.creation_timestamp);
}

void observe_children(ScheduledHealthCheckStatus& status, const ScheduledHealthCheck& schedule,
                      const std::vector<ScheduleChild>& children, WallTime now) {
  const ScheduledHealthCheckStatus before = status;
  record_ended(status, before, children, now);
  record_vanished(status, before, schedule.meta, children, now);
  std::ranges::sort(status.history, std::greater(), [](const HistoryEntry& entry) {
    return std::tie(entry.execution_time, entry.check_name);
  });
  const auto limit = static_cast<size_t>(schedule.spec.history_limit);
  if (status.history.size() > limit) status.history.resize(limit);
  status.active = active_of(children);
  if (!status.history.empty()) {
    status.last_result = status.history.front().result;
    status.message = status.history.front().message;
  }
}

bool is_told(const ScheduledHealthCheck& schedule, const HealthCheck& check) {
  const std::string& accepted = schedule.status.run_now_id;
  if (!accepted.empty() && check.meta.name == run_now_name(schedule.meta, accepted)) return false;
  const std::vector<HistoryEntry>& history = schedule.status.history;
  if (stands_in(history, check.meta.name)) return true;
  const std::optional<WallTime> tick = scheduled_at(check);
  const WallTime created = schedule.meta.creation_timestamp;
  if (tick && *tick > decided_until(schedule, schedule.status, created)) return false;
  // What was active is news, and may have room by the time it is told: a user may raise the limit.
  const bool is_news = std::ranges::any_of(schedule.status.active, [&](const ActiveCheck& active) {
    return active.name == check.meta.name;
  });
  if (is_news) return false;
  const bool full = history.size() >= static_cast<size_t>(schedule.spec.history_limit);
  return full && execution_time(check) < history.back().execution_time;
}

std::vector<CheckSnapshot> surplus_children(const ScheduledHealthCheckSpec& spec,
                                            const std::vector<ScheduleChild>& children) {
  std::vector<CheckSnapshot> passed;
  std::vector<CheckSnapshot> others;
  for (const ScheduleChild& child : children) {
    if (child.gone || child.unfinished() || child.check->meta.deleting()) continue;
    const bool pass = child.check->status.result == CheckStatus::kPass;
    (pass ? passed : others).push_back(child.check);
  }
  using Aged = std::tuple<WallTime, std::string, CheckSnapshot>;
  std::vector<Aged> surplus;
  const auto keep_newest = [&surplus](const std::vector<CheckSnapshot>& list, int64_t limit) {
    const auto kept = static_cast<size_t>(limit);
    if (list.size() <= kept) return;
    std::vector<Aged> aged;
    for (const CheckSnapshot& check : list) {
      aged.emplace_back(execution_time(*check), check->meta.name, check);
    }
    std::ranges::sort(aged, std::greater());
    surplus.insert(surplus.end(), aged.begin() + static_cast<ptrdiff_t>(kept), aged.end());
  };
  keep_newest(passed, spec.successful_history_limit);
  keep_newest(others, spec.failed_history_limit);
  std::ranges::sort(surplus);
  std::vector<CheckSnapshot> oldest_first;
  for (const auto& [time, name, check] : surplus) oldest_first.push_back(check);
  return oldest_first;
}

}  // namespace holmes
