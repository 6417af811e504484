// What became of each tick of each schedule, written down from the changes of the cluster, and
// whether that is what was promised.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "operator/fake_cluster_testing.h"
#include "operator/schedule_child.h"

namespace holmes {

class Ledger {
 public:
  // Of one schedule, by its uid. It counts what ever was, also what is deleted since.
  struct Account {
    std::map<WallTime, int> children;         // created for this tick
    std::map<WallTime, MissedTicks> missed;   // by the first tick; as last told
    std::map<std::string, int> runs_by_hand;  // by name
    std::set<std::string> unfinished;         // uids
    size_t unfinished_max = 0;
  };

  // Listens to the cluster, which outlives this.
  explicit Ledger(FakeCluster& cluster) {
    cluster.changed = [this](std::string_view event, const json::object& before,
                             const json::object& now) {
      if (json_string(now, {"kind"}) != kScheduleKind) {
        if (const auto check = HealthCheck::from_json(now)) note(event, *check);
        return;
      }
      const json::array* missed = json_array(now, {"status", "missed"});
      const json::array* missed_before = json_array(before, {"status", "missed"});
      if (missed == nullptr || (missed_before != nullptr && *missed == *missed_before)) return;
      if (const auto schedule = ScheduledHealthCheck::from_json(now)) note(*schedule);
    };
  }

  const Account& of(const ScheduledHealthCheck& schedule) { return accounts_[schedule.meta.uid]; }
  const Account& of(const std::string& uid) { return accounts_[uid]; }
  int64_t missed(const ScheduledHealthCheck& schedule, MissedReason reason) {
    int64_t sum = 0;
    for (const auto& [from, entry] : of(schedule).missed) {
      if (entry.reason == reason) sum += entry.count;
    }
    return sum;
  }

  // What holds always: no tick and no run by hand has two checks.
  std::string doubled(const std::string& uid) {
    for (const auto& [tick, count] : of(uid).children) {
      if (count > 1) return fmt::format("{} has {} checks", format_rfc3339(tick), count);
    }
    for (const auto& [name, count] : of(uid).runs_by_hand) {
      if (count > 1) return fmt::format("{} was made {} times", name, count);
    }
    return "";
  }

  // What holds for a schedule whose meaning never changed, under a clock that was never set: each
  // tick since it was created, up to the last one decided, has exactly one outcome, and that last
  // one is not further back than `lag` (or one period).
  std::string inexact(const ScheduledHealthCheck& schedule, WallTime now,
                      std::chrono::seconds lag) {
    if (std::string twice = doubled(schedule.meta.uid); !twice.empty()) return twice;
    ScheduleOptions options;
    options.anchor = schedule.meta.creation_timestamp;
    const Schedule ticks = Schedule::parse(schedule.spec.schedule, std::move(options)).value();
    const Account& account = of(schedule);
    WallTime decided = schedule.meta.creation_timestamp;
    int64_t outcomes = 0;
    for (const auto& [tick, count] : account.children) {
      if (ticks.previous(tick) != tick) return format_rfc3339(tick) + " is no tick";
      decided = std::max(decided, tick);
      ++outcomes;
    }
    WallTime before = schedule.meta.creation_timestamp;
    for (const auto& [from, entry] : account.missed) {
      if (from <= before) return format_rfc3339(from) + " was missed twice";
      const auto ran =
          std::distance(account.children.lower_bound(from), account.children.upper_bound(entry.to));
      const auto all = static_cast<int64_t>(ticks.count(from - std::chrono::seconds(1), entry.to));
      if (entry.count != all - ran) {
        return fmt::format("{} ticks missed from {} to {}, told {} as {}", all - ran,
                           format_rfc3339(from), format_rfc3339(entry.to), entry.count,
                           to_string(entry.reason));
      }
      before = entry.to;
      decided = std::max(decided, entry.to);
      outcomes += entry.count;
    }
    const auto all = static_cast<int64_t>(ticks.count(schedule.meta.creation_timestamp, decided));
    if (outcomes != all) {
      return fmt::format("{} ticks up to {}, {} outcomes", all, format_rfc3339(decided), outcomes);
    }
    const auto due = ticks.previous(now - lag);
    if (due && *due > decided) return format_rfc3339(*due) + " is undecided";
    return "";
  }

 private:
  void note(std::string_view event, const HealthCheck& check) {
    const kube::OwnerReference* owner = schedule_of(check);
    if (owner == nullptr) return;
    Account& account = accounts_[owner->uid];
    if (event == "ADDED") {
      const auto tick = scheduled_at(check);
      tick ? ++account.children[*tick] : ++account.runs_by_hand[check.meta.name];
    }
    if (event == "DELETED" || check.status.finished()) {
      account.unfinished.erase(check.meta.uid);
    } else {
      account.unfinished.insert(check.meta.uid);
      account.unfinished_max = std::max(account.unfinished_max, account.unfinished.size());
    }
  }
  void note(const ScheduledHealthCheck& schedule) {
    for (const MissedTicks& entry : schedule.status.missed) {
      accounts_[schedule.meta.uid].missed[entry.from] = entry;
    }
  }

  std::map<std::string, Account> accounts_;
};

}  // namespace holmes
