// What must hold in every world, whatever goes wrong: the invariants of docs/guarantees.md, checked
// on every change of every object and on every execution, as they happen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/scheduled_healthcheck.h"
#include "async/loop.h"
#include "cron/schedule.h"
#include "kube/core/request.h"
#include "kube/store/journal.h"
#include "sim/check_servers.h"

namespace holmes::sim {

// The ticks of this spec; nullopt when they cannot be read.
std::optional<Schedule> ticks_of(const ScheduledHealthCheckSpec& spec, WallTime created);

class Judge {
 public:
  // Clocks that were set by more than this are not waited for (docs/schedules.md).
  static constexpr std::chrono::hours kFarStep{3};

  explicit Judge(const Clock& clock) : clock_(clock) {}

  // Whether a write may have been carried out long after its sender gave up. Empty: never.
  std::function<bool()> writes_may_be_late;
  // Whether a check server runs this attempt or knows its answer. Empty: none does.
  std::function<bool(const std::string& id)> is_known;

  // A change, before anybody sees it.
  void written(const kube::JournalEntry& entry);
  void execution_began(const std::string& id, const std::string& check);
  void execution_sent(const std::string& process, const std::string& id);
  // Of a process to the API server, as it leaves. False when it asks for the same far too often:
  // the process had better not go on.
  bool request_sent(const std::string& process, const kube::Request& request);
  void broken(const std::string& invariant, const std::string& what);

  // The user deletes it, so that may happen to it at any time.
  void user_deletes(const std::string& name);
  // Versions went back to this state: what came later never was.
  void restored(const std::vector<kube::Stored>& objects);

  // What must hold when nothing went wrong for a while: every tick has its outcome, at most `lag`
  // late.
  void expect_exact(std::chrono::seconds lag);
  // What must hold when nothing runs any more: the lists of the schedules tell what there is, and
  // nothing is kept beyond the limits.
  void expect_tidy(const CheckServers& servers);
  // The clock of an operator was set: which ticks are due when is a matter of opinion. After a step
  // of more than three hours so is which ticks there were, and one whose check is gone may have
  // another.
  void clock_was_set(std::chrono::microseconds by) {
    steps_ += std::chrono::abs(by);
    on_time_ = false;
    if (steps_ > kFarStep || restored_at_) exact_ = false;
  }

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  // Writes to checks and schedules, and to anything but leases and events.
  [[nodiscard]] size_t writes() const { return writes_; }
  [[nodiscard]] size_t children_made() const { return children_made_; }
  [[nodiscard]] std::optional<ScheduledHealthCheck> schedule(const std::string& name) const;
  [[nodiscard]] std::optional<HealthCheck> check(const std::string& name) const;
  [[nodiscard]] std::vector<HealthCheck> checks() const;
  [[nodiscard]] std::vector<std::string> schedule_names() const;
  // The identity in the lease of the operators; "" while there is none.
  [[nodiscard]] const std::string& leader() const { return leader_; }

 private:
  // One meaning of a schedule, and since when it stood.
  struct Meaning {
    ScheduledHealthCheckSpec spec;
    WallTime from{};
  };
  // All that ever was of one schedule, by uid.
  struct Account {
    std::string name;
    WallTime created{};
    WallTime ended = WallTime::max();
    std::vector<Meaning> meanings;
    std::set<WallTime> children;    // the ticks that have one
    std::set<std::string> by_hand;  // names of run-nows
    int64_t run_now_wishes = 0;
    std::map<WallTime, MissedTicks> missed;  // by first tick, as last told
    // Of a restored schedule: what was decided before is not known in full.
    std::optional<WallTime> known_from;
    std::set<std::string> unfinished;  // uids
    std::set<std::string> running;
    bool policy_changed = false;
    // Before a status told of the meaning: whoever comes then takes the new one to be the first.
    bool edited_unseen = false;
  };

  [[nodiscard]] bool late_writes() const { return writes_may_be_late && writes_may_be_late(); }
  void check_changed(const HealthCheck* before, const HealthCheck& now);
  void check_made(const HealthCheck& now);
  void check_gone(const HealthCheck& before);
  void claimed(const HealthCheck& now);
  void attempt_left(const HealthCheck& before, const HealthCheck& now);
  void expect_wish_kept(const HealthCheck& before, const HealthCheck& now);
  void expect_removable(const HealthCheck& before);
  void expect_after_edit(const Account& account, const HealthCheck& child, WallTime tick);
  void count_run_now(Account& account, const ScheduledHealthCheck* before,
                     const ScheduledHealthCheck& now);
  void ended(const HealthCheck& before, const HealthCheck& now);
  void schedule_changed(const ScheduledHealthCheck* before, const ScheduledHealthCheck& now);
  void note_meaning(Account& account, const ScheduledHealthCheck& now);
  void count_unfinished(Account& account, const HealthCheck& now, bool gone);
  void expect_tidy(const ScheduledHealthCheck& schedule, const CheckServers& servers);
  std::string inexact(const Account& account, const ScheduledHealthCheck& schedule,
                      std::chrono::seconds lag) const;
  std::string undecided(const Account& account, std::chrono::seconds lag) const;

  const Clock& clock_;
  std::chrono::microseconds steps_{0};
  bool on_time_ = true;
  std::optional<WallTime> restored_at_;  // the last time
  bool exact_ = true;
  size_t writes_ = 0;
  size_t children_made_ = 0;
  std::map<std::string, std::shared_ptr<const HealthCheck>> checks_;  // by name
  std::map<std::string, std::shared_ptr<const ScheduledHealthCheck>> schedules_;
  std::map<std::string, Account> accounts_;
  std::set<std::string> claims_;                // attempt ids
  std::set<std::string> claims_before_;         // a restore of etcd
  std::map<std::string, int64_t> transitions_;  // uid of a check: newest epoch of its claims
  std::map<std::string, int> executions_;       // by attempt id
  std::set<std::string> refused_;               // attempts that were recorded so
  std::map<std::string, std::string> holders_;  // by epoch
  std::map<std::string, std::pair<MonoTime, int>> requests_;  // of a minute
  std::string leader_;
  std::set<std::string> given_up_;  // uids
  std::vector<std::string> violations_;
};

}  // namespace holmes::sim
