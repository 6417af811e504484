#include "sim/scenarios.h"

#include <algorithm>
#include <array>

namespace holmes::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

void one_shot(World& world) {
  world.create_check("a", {{"timeout", 10}});
  world.run(seconds(10));
}

void expect_one_answer(World& world) {
  const auto check = world.judge.check("a");
  if (!check || check->status.phase != Phase::kCompleted ||
      world.servers.executions().size() != 1) {
    world.judge.broken("story", "the check did not run once");
  }
}

void many_at_once(World& world) {
  for (const char* name : {"a", "b", "c", "d"}) world.create_check(name, {{"timeout", 10}});
  world.run(seconds(8));
}

void allow(World& world) {
  world.servers.duration = seconds(25);
  world.create_schedule(
      "s", {{"schedule", "@every 10s"}, {"concurrencyPolicy", "Allow"}, {"failedHistoryLimit", 1}});
  world.run(seconds(45));
  world.servers.duration = seconds(1);
}

void forbid(World& world) {
  world.servers.duration = seconds(14);
  world.create_schedule("s", {{"schedule", "@every 10s"}, {"concurrencyPolicy", "Forbid"}});
  world.run(seconds(45));
  world.servers.duration = seconds(1);
}

void replace(World& world) {
  world.servers.duration = seconds(14);
  world.create_schedule("s", {{"schedule", "@every 10s"}, {"concurrencyPolicy", "Replace"}});
  world.run(seconds(45));
  world.servers.duration = seconds(1);
}

void expect_replaced(World& world) {
  const std::vector<HealthCheck> checks = world.judge.checks();
  const bool cancelled = std::ranges::any_of(checks, [](const HealthCheck& check) {
    return check.status.message.contains("cancelled while it ran");
  });
  if (!cancelled) world.judge.broken("story", "no check was cancelled by the next");
}

void suspend(World& world) {
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(15));
  world.edit_schedule("s", {{"enabled", false}});
  world.run(seconds(25));
  world.edit_schedule("s", {{"enabled", true}});
  world.run(seconds(15));
}

void edit(World& world) {
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(15));
  world.edit_schedule("s", {{"schedule", "@every 7s"}});
  world.run(seconds(15));
  world.edit_schedule("s", {{"schedule", "@every 10s"}, {"timeZone", "Europe/Berlin"}});
  world.run(seconds(15));
}

void delete_mid_run(World& world) {
  world.servers.duration = seconds(8);
  world.create_check("a");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(3));
  world.remove_check("a");
  world.run(seconds(10));
  world.remove_schedule("s");
  world.run(seconds(5));
}

void recreate(World& world) {
  world.servers.duration = seconds(4);
  world.create_check("a");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(2));
  world.remove_check("a");
  world.create_check("a");
  world.run(seconds(10));
  world.remove_schedule("s");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(15));
}

void history(World& world) {
  world.servers.duration = seconds(1);
  world.servers.verdict = [fails = 0](const std::string&) mutable {
    return ++fails % 2 == 0 ? CheckStatus::kFail : CheckStatus::kPass;
  };
  world.create_schedule("s", {{"schedule", "@every 5s"},
                              {"successfulHistoryLimit", 1},
                              {"failedHistoryLimit", 1},
                              {"historyLimit", 2}});
  world.run(seconds(32));
}

void bad_spec(World& world) {
  world.create_schedule("s", {{"schedule", "every now and then"}});
  world.run(seconds(5));
  world.edit_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(15));
  world.edit_schedule("s", {{"timeZone", "Europe/Atlantis"}});
  world.run(seconds(15));
  world.edit_schedule("s", {{"timeZone", "Europe/Berlin"}});
  world.run(seconds(15));
}

void ttl(World& world) {
  world.servers.duration = seconds(1);
  world.create_check("a", {{"ttlSecondsAfterFinished", 3}});
  world.create_schedule("s", {{"schedule", "@every 10s"}, {"ttlSecondsAfterFinished", 0}});
  world.run(seconds(25));
}

// The user makes another check of the name while the first one's removal is under way.
void ttl_recreate(World& world) {
  world.servers.duration = seconds(1);
  world.create_check("a", {{"ttlSecondsAfterFinished", 2}});
  world.run(seconds(6));
  world.servers.duration = seconds(25);
  world.remove_check("a");
  world.create_check("a");
  world.run(seconds(12));
}

void cancel(World& world) {
  world.servers.duration = seconds(20);
  world.create_check("a");
  world.create_check("b", {{"cancel", true}});
  world.create_check("c", {{"suspend", true}});
  world.run(seconds(3));
  world.edit_check("a", {{"cancel", true}});
  world.run(seconds(3));
  world.edit_check("c", {{"suspend", false}});
  world.run(seconds(3));
}

void rerun(World& world) {
  world.servers.duration = seconds(3);
  world.create_check("a");
  world.run(seconds(1));
  world.annotate_check("a", kRerunAnnotation);  // while it runs
  world.run(seconds(12));
  world.annotate_check("a", kRerunAnnotation);
  world.run(seconds(8));
}

void run_now(World& world) {
  world.servers.duration = seconds(5);
  world.create_schedule("s", {{"schedule", "@every 20s"}});
  world.run(seconds(3));
  world.annotate_schedule("s", kRunNowAnnotation);
  world.run(seconds(10));
  world.annotate_schedule("s", kRunNowAnnotation);
  world.run(seconds(12));
}

void downtime(World& world) {
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.create_schedule("t", {{"schedule", "@every 10s"}, {"missedRunPolicy", "Skip"}});
  world.run(seconds(15));
  world.restart_delay = seconds(35);
  world.kill(0);
  world.run(seconds(36));
  world.restart_delay = seconds(2);
  world.run(seconds(10));
}

void late_start(World& world) {
  world.create_schedule("s", {{"schedule", "@every 10s"}, {"startingDeadlineSeconds", 3}});
  world.create_schedule("t", {{"schedule", "@every 15s"}, {"jitterSeconds", 5}});
  world.run(seconds(28));
  world.restart_delay = seconds(6);
  world.kill(0);
  world.restart_delay = seconds(2);
  world.run(seconds(7));
  world.run(seconds(10));
}

void expect_deadline_kept(World& world) {
  const auto schedule = world.judge.schedule("s");
  const bool kept = std::ranges::any_of(schedule->status.missed, [](const MissedTicks& missed) {
    return missed.reason == MissedReason::kDeadline;
  });
  if (!kept) world.judge.broken("story", "a check was started after its deadline");
}

// Ticks in clusters, and a long time without an operator.
void uneven(World& world) {
  world.create_schedule("s", {{"schedule", "0,1,2 * * * *"}});
  world.run(seconds(150));
  world.restart_delay = minutes(145);
  world.kill(0);
  world.restart_delay = seconds(2);
  world.run(minutes(146));
  world.run(seconds(10));
}

// The clock jumps over a tick that was far away.
void clock_forward(World& world) {
  world.create_schedule("s", {{"schedule", "@every 30m"}});
  world.run(seconds(10));
  world.set_clock(0, minutes(30));
  world.run(seconds(90));
}

void expect_a_child(World& world) {
  if (world.judge.children_made() == 0) world.judge.broken("story", "the tick is still waited for");
}

void shutdown(World& world) {
  world.servers.duration = seconds(6);
  world.create_check("a");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(2));
  world.terminate(0);
  world.run(seconds(12));
  world.terminate(0);
  world.run(seconds(10));
}

void restored(World& world) {
  world.servers.duration = seconds(3);
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.create_check("a");
  world.run(seconds(11));
  world.back_up();
  world.run(seconds(12));
  world.restore();
  world.run(seconds(15));
}

void long_run(World& world) {
  world.servers.duration = seconds(60);
  world.create_check("a");
  world.run(seconds(5));
  world.kill(0);
  world.run(seconds(60));
}

size_t leader_of(World& world) {
  for (size_t at = 0; at < world.operators(); ++at) {
    Replica* replica = world.replica(at);
    if (replica != nullptr && world.judge.leader().starts_with(replica->name() + "_")) return at;
  }
  return 0;
}

void failover(World& world) {
  world.servers.duration = seconds(20);
  world.run(seconds(2));
  world.create_check("a");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(2));
  world.kill(leader_of(world));
  world.run(seconds(25));
  world.servers.duration = seconds(1);
  world.run(seconds(5));
}

void forbid_failover(World& world) {
  world.servers.duration = seconds(40);
  world.run(seconds(2));
  world.create_schedule("s", {{"schedule", "@every 10s"}, {"concurrencyPolicy", "Forbid"}});
  world.run(seconds(10));
  world.kill(leader_of(world));
  world.run(seconds(25));
  world.servers.duration = seconds(1);
}

void handover(World& world) {
  world.servers.duration = seconds(8);
  world.run(seconds(2));
  world.create_check("a");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(2));
  world.terminate(leader_of(world));
  world.run(seconds(12));
}

void frozen_leader(World& world) {
  world.servers.duration = seconds(5);
  world.run(seconds(2));
  world.create_check("a");
  world.create_schedule("s", {{"schedule", "@every 10s"}});
  world.run(seconds(9));
  world.pause(leader_of(world), seconds(30));
  world.create_check("b");
  world.run(seconds(35));
}

constexpr std::array kScenarios = {
    Scenario{"one-shot", "a check runs once", one_shot, 1, expect_one_answer},
    Scenario{"many", "checks that run together", many_at_once},
    Scenario{"allow", "runs longer than the period, side by side", allow},
    Scenario{"forbid", "runs longer than the period, one at a time", forbid},
    Scenario{"replace", "a run is cancelled by the next", replace, 1, expect_replaced},
    Scenario{"suspend", "suspended, and resumed with one coalesced run", suspend},
    Scenario{"edit", "schedule and zone are edited", edit},
    Scenario{"delete", "a check and a schedule are deleted while they run", delete_mid_run},
    Scenario{"recreate", "deleted and made again under the same name", recreate},
    Scenario{"history", "old runs are removed", history},
    Scenario{"bad-spec", "a schedule that cannot be read, and its repair", bad_spec},
    Scenario{"ttl", "runs that remove themselves", ttl},
    Scenario{"ttl-recreate", "a new check of the name of one that removes itself", ttl_recreate},
    Scenario{"cancel", "cancelled while it runs and before, suspended and resumed", cancel},
    Scenario{"rerun", "a check is run again, also while it runs", rerun},
    Scenario{"run-now", "a schedule is run by hand", run_now},
    Scenario{"downtime", "no operator for a while: coalesced or skipped", downtime},
    Scenario{"late-start", "a starting deadline, and jitter", late_start, 1, expect_deadline_kept},
    Scenario{"uneven", "ticks in clusters, and no operator for hours", uneven},
    Scenario{"clock-forward", "the clock is set forward over a tick", clock_forward, 1,
             expect_a_child},
    Scenario{"shutdown", "the operator is asked to end while checks run", shutdown},
    Scenario{"restored", "etcd is restored from what it was 12 seconds before", restored},
    Scenario{"restored-two", "the same with a standby", restored, 2},
    Scenario{"long-run", "the operator dies in the middle of a long check", long_run},
    Scenario{"failover", "the leader dies in the middle of a check", failover, 2},
    Scenario{"forbid-failover", "the leader dies, and one check at a time", forbid_failover, 2},
    Scenario{"handover", "the leader is asked to end in the middle of a check", handover, 2},
    Scenario{"frozen-leader", "the leader stops for longer than its lease, and returns",
             frozen_leader, 2},
};

}  // namespace

std::span<const Scenario> scenarios() {
  return kScenarios;
}

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::ranges::find(kScenarios, name, &Scenario::name);
  return found == kScenarios.end() ? nullptr : &*found;
}

}  // namespace holmes::sim
