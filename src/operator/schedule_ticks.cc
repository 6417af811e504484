#include "operator/schedule_ticks.h"

#include <algorithm>
#include <set>

#include "operator/schedule_child.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kBefore{1};  // ticks are whole seconds

// Ticks in (after, until] that have a child, also one that only the history still knows.
std::set<WallTime> ticks_with_child(const Schedule& ticks, const ScheduledHealthCheck& schedule,
                                    const std::vector<ScheduleChild>& children, WallTime after,
                                    WallTime until) {
  std::set<WallTime> run;
  const auto add = [&](const std::string& name, std::optional<WallTime> tick) {
    const bool asked = tick && *tick > after && *tick <= until;
    if (asked && name == child_name(schedule.meta, *tick) && ticks.previous(*tick) == tick) {
      run.insert(*tick);
    }
  };
  for (const ScheduleChild& child : children) {
    add(child.check->meta.name, tick_in_name(child.check->meta.name));
  }
  for (const HistoryEntry& entry : schedule.status.history) {
    add(entry.check_name, entry.execution_time);
  }
  return run;
}

}  // namespace

WallTime decided_until(const ScheduledHealthCheck& schedule,
                       const ScheduledHealthCheckStatus& status, WallTime now) {
  WallTime until = std::min(schedule.meta.creation_timestamp, now);
  if (status.last_schedule_time) until = std::max(until, *status.last_schedule_time);
  if (status.observed_schedule) until = std::max(until, status.observed_schedule->since);
  for (const MissedTicks& missed : status.missed) until = std::max(until, missed.to);
  return until;
}

bool heal_future_times(ScheduledHealthCheckStatus& status, WallTime now) {
  const auto impossible = [limit = now + kMaxClockStep](WallTime time) { return time > limit; };
  const bool misshapen = std::erase_if(status.missed, [](const MissedTicks& missed) {
                           return missed.from > missed.to || missed.count <= 0;
                         }) > 0;
  const bool wrong = misshapen ||
                     (status.last_schedule_time && impossible(*status.last_schedule_time)) ||
                     (status.observed_schedule && impossible(status.observed_schedule->since)) ||
                     std::ranges::any_of(status.missed, impossible, &MissedTicks::to) ||
                     std::ranges::any_of(status.history, impossible, &HistoryEntry::execution_time);
  if (status.last_successful_time && impossible(*status.last_successful_time)) {
    status.last_successful_time.reset();
  }
  if (!wrong) return false;
  if (status.last_schedule_time > now) status.last_schedule_time.reset();
  if (status.observed_schedule) status.observed_schedule->since = now;
  std::erase_if(status.missed, [&](const MissedTicks& missed) { return missed.to > now; });
  std::erase_if(status.history,
                [&](const HistoryEntry& entry) { return impossible(entry.execution_time); });
  return true;
}

std::optional<OpenTicks> open_ticks(const Schedule& ticks, const ScheduledHealthCheck& schedule,
                                    const std::vector<ScheduleChild>& children, WallTime after,
                                    WallTime until) {
  const std::optional<WallTime> latest = ticks.previous(until);
  if (!latest || *latest <= after) return std::nullopt;
  const std::set<WallTime> run = ticks_with_child(ticks, schedule, children, after, *latest);
  OpenTicks open;
  open.latest = *latest;
  open.latest_is_open = !run.contains(*latest);
  if (!run.empty()) open.last_run = *run.rbegin();
  const auto all = static_cast<int64_t>(ticks.count(after, *latest));
  open.earlier =
      std::max<int64_t>(0, all - static_cast<int64_t>(run.size()) - (open.latest_is_open ? 1 : 0));
  if (open.earlier == 0) return open;
  // Not more steps than there are children: every other tick is open.
  std::optional<WallTime> from = ticks.next(after);
  while (from && run.contains(*from)) from = ticks.next(*from);
  std::optional<WallTime> to = ticks.previous(*latest - kBefore);
  while (to && run.contains(*to)) to = ticks.previous(*to - kBefore);
  open.from = from.value_or(*latest);
  open.to = to.value_or(*latest);
  return open;
}

void add_missed(ScheduledHealthCheckStatus& status, MissedTicks missed) {
  if (!status.missed.empty()) {
    MissedTicks& newest = status.missed.front();
    const bool ran_between = status.last_schedule_time && *status.last_schedule_time > newest.to;
    if (newest.reason == missed.reason && !ran_between && newest.to < missed.from) {
      newest.to = missed.to;
      newest.count += missed.count;
      return;
    }
  }
  status.missed.insert(status.missed.begin(), missed);
  if (status.missed.size() > kMaxMissedEntries) status.missed.resize(kMaxMissedEntries);
}

}  // namespace holmes
