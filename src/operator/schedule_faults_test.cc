// Crashes, lost answers and refused writes, each at every write in turn: every tick keeps exactly
// one outcome.

#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Case {
  std::string_view name;
  ConcurrencyPolicy policy = ConcurrencyPolicy::kForbid;
  MissedRunPolicy missed = MissedRunPolicy::kCoalesce;
  seconds duration{2};
  bool keep = true;  // else checks are deleted as soon as they end
};
const std::array kCases{
    Case{.name = "short"},
    Case{.name = "skip", .missed = MissedRunPolicy::kSkip},
    Case{.name = "short lived", .duration = seconds(1), .keep = false},
    Case{.name = "forbid", .duration = seconds(70)},
    Case{.name = "replace", .policy = ConcurrencyPolicy::kReplace, .duration = seconds(70)},
    Case{.name = "allow", .policy = ConcurrencyPolicy::kAllow, .duration = seconds(70)},
};

struct FaultWorld : ScheduleWorld {
  explicit FaultWorld(const Case& c) {
    server.duration = c.duration;
    ScheduledHealthCheck schedule = new_schedule();
    schedule.spec.concurrency_policy = c.policy;
    schedule.spec.missed_run_policy = c.missed;
    if (!c.keep) schedule.spec.check.ttl_after_finished = seconds(0);
    cluster.put(schedule);
  }

  // The n-th write is made, then the operator gets no answer to anything any more.
  void fall_silent_at_write(int n) {
    cluster.after = [this, n](const kube::Request& request) -> Status {
      if (is_write(request) && cluster.writes == n) cluster.silent = true;
      return {};
    };
  }
  void recover() {
    cluster.after = nullptr;
    cluster.silent = false;
  }

  // Everything that must hold after whatever happened, once all is calm again.
  void check(const std::string& where, ConcurrencyPolicy policy) {
    EXPECT_EQ(inexact(), "") << where;
    if (policy != ConcurrencyPolicy::kAllow) {
      EXPECT_LE(account().unfinished_max, 1U) << where;
    }
    for (const auto& [id, count] : server.executions) EXPECT_EQ(count, 1) << where;
    std::set<std::string> active;
    for (const ActiveCheck& check : status().active) active.insert(check.uid);
    EXPECT_EQ(active, account().unfinished) << where;
  }
};

TEST(ScheduleFaults, ACrashAfterAnyWriteLeavesEachTickOneOutcome) {
  for (const Case& c : kCases) {
    for (const seconds downtime : {seconds(0), seconds(130)}) {
      bool crashed = true;
      int n = 1;
      for (; crashed; ++n) {
        const std::string where = fmt::format("{}, write {}, down {}", c.name, n, downtime.count());
        FaultWorld world(c);
        world.fall_silent_at_write(n);
        auto process = std::make_unique<Process>(world);
        for (int i = 0; i < 150 && !world.cluster.silent; ++i) world.loop.advance(seconds(1));
        crashed = world.cluster.silent;
        process = nullptr;
        world.recover();
        world.loop.advance(downtime);
        process = std::make_unique<Process>(world, "two");
        world.loop.advance(minutes(3));
        world.advance_to(std::chrono::ceil<minutes>(world.loop.wall_now()) + seconds(30));
        world.check(where, c.policy);
        ASSERT_FALSE(HasFailure());
      }
      EXPECT_GT(n, 8) << c.name;
    }
  }
}

TEST(ScheduleFaults, ACrashBeforeAStatusCouldBeWrittenLeavesEachTickOneOutcome) {
  for (const Case& c : kCases) {
    FaultWorld world(c);
    {
      const Process first(world);
      world.loop.advance(seconds(30));
      world.cluster.before = [](const kube::Request& request) -> Status {
        if (!request.path.ends_with("/scheduledhealthchecks/s/status")) return {};
        return fail(ErrorCode::kRefused, "not now");
      };
      world.loop.advance(seconds(60));
    }
    world.cluster.before = nullptr;
    const Process second(world, "two");
    world.loop.advance(minutes(3));
    world.check(std::string(c.name), c.policy);
    EXPECT_TRUE(world.ran(1)) << c.name;
  }
}

TEST(ScheduleFaults, AnyLostAnswerLeavesEachTickOneOutcome) {
  for (const Case& c : kCases) {
    for (int n = 1; n <= 14; ++n) {
      for (const int length : {1, 4}) {  // how many answers in a row
        FaultWorld world(c);
        int requests = 0;
        world.cluster.after = [&](const kube::Request& request) -> Status {
          if (request.verb == kube::Verb::kList) return {};
          if (!is_write(request) && requests < n) return {};
          ++requests;
          if (requests < n || requests >= n + length) return {};
          return fail(ErrorCode::kUnavailable, "connection reset");
        };
        const Process process(world);
        world.loop.advance(minutes(4) + seconds(30));
        world.check(fmt::format("{}, {} answers from {}", c.name, length, n), c.policy);
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

TEST(ScheduleFaults, AnyRefusedWriteLeavesEachTickOneOutcome) {
  for (const Case& c : kCases) {
    for (const ErrorCode code : {ErrorCode::kRefused, ErrorCode::kTimeout, ErrorCode::kConflict}) {
      for (int n = 1; n <= 12; ++n) {
        FaultWorld world(c);
        int writes = 0;
        world.cluster.before = [&](const kube::Request& request) -> Status {
          if (!is_write(request) || ++writes != n) return {};
          return fail(code, "not now");
        };
        const Process process(world);
        world.loop.advance(minutes(4) + seconds(30));
        world.check(fmt::format("{}, write {}", c.name, n), c.policy);
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

TEST(ScheduleFaults, AnEditAtAnyMomentLosesNoTickOfTheOldMeaning) {
  using std::chrono::milliseconds;
  for (const Case& c : kCases) {
    for (const bool down : {false, true}) {
      for (const milliseconds phase :
           {milliseconds(0), milliseconds(200), milliseconds(700), milliseconds(59'999)}) {
        FaultWorld world(c);
        world.cluster.latency = milliseconds(300);
        world.server.cancel_time = seconds(2);
        auto process = std::make_unique<Process>(world);
        world.loop.advance(phase);
        for (int i = 0; i < 5; ++i) {
          world.loop.advance(minutes(1));
          // Another text of the same ticks.
          if (down) process = nullptr;
          world.change_spec([](ScheduledHealthCheckSpec& spec) {
            spec.schedule = spec.schedule == "* * * * *" ? "*/1 * * * *" : "* * * * *";
          });
          if (down) process = std::make_unique<Process>(world, fmt::format("{}", i));
        }
        world.loop.advance(minutes(2));
        world.advance_to(std::chrono::ceil<minutes>(world.loop.wall_now()) + seconds(50));
        world.check(fmt::format("{}, {} ms, {}", c.name, phase.count(), down), c.policy);
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

TEST(ScheduleFaults, AnApiServerThatIsAwayForSomeTicksLosesNone) {
  for (const Case& c : kCases) {
    FaultWorld world(c);
    const Process process(world);
    world.loop.advance(seconds(90));
    world.cluster.before = [](const kube::Request&) -> Status {
      return fail(ErrorCode::kRefused, "connection refused");
    };
    world.loop.advance(minutes(20));
    world.cluster.before = nullptr;
    world.loop.advance(minutes(4));
    world.check(std::string(c.name), c.policy);
  }
}

TEST(ScheduleFaults, TwoOperatorsAtOnceMakeOneCheckOfEachTick) {
  for (const Case& c : kCases) {
    FaultWorld world(c);
    world.cluster.latency = std::chrono::milliseconds(7);
    const Process one(world, "one");
    world.loop.advance(std::chrono::milliseconds(3));
    const Process two(world, "two");
    world.loop.advance(minutes(5) + seconds(30));
    EXPECT_EQ(world.inexact(), "") << c.name;
    for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1) << c.name;
  }
}

TEST(ScheduleFaults, ACrashAnywhereInARunNowStillMakesItOneRun) {
  for (const Case& c : kCases) {
    bool crashed = true;
    int n = 1;
    for (; crashed; ++n) {
      FaultWorld world(c);
      world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.schedule = "0 0 1 1 *"; });
      auto process = std::make_unique<Process>(world);
      world.loop.advance(seconds(5));
      world.annotate_run_now();
      world.fall_silent_at_write(world.cluster.writes + n);
      for (int i = 0; i < 100 && !world.cluster.silent; ++i) world.loop.advance(seconds(1));
      crashed = world.cluster.silent;
      process = nullptr;
      world.recover();
      process = std::make_unique<Process>(world, "two");
      world.loop.advance(minutes(5));
      const std::string where = fmt::format("{}, write {}", c.name, n);
      EXPECT_EQ(world.account().runs_by_hand.size(), 1U) << where;
      EXPECT_EQ(world.ledger.doubled(world.schedule().meta.uid), "") << where;
      EXPECT_EQ(world.total_executions(), 1) << where;
      EXPECT_TRUE(world.schedule().meta.annotations.empty()) << where;
      EXPECT_EQ(world.status().run_now_id, "") << where;
      EXPECT_TRUE(world.status().active.empty()) << where;
      EXPECT_EQ(world.status().history.size(), 1U) << where;
    }
    EXPECT_GT(n, 6) << c.name;
  }
}

// Creates of checks fail so until the world is calmed.
struct LateWorld : FaultWorld {
  explicit LateWorld(const Case& c) : FaultWorld(c) {
    change_spec([](ScheduledHealthCheckSpec& spec) { spec.schedule = "@every 5s"; });
  }
  void carry_out(const kube::Request& request) {
    std::ignore = loop.run(cluster.send(request, {}));
  }
};

TEST(ScheduleFaults, ACreateThatIsCarriedOutAfterItWasGivenUpIsTheOnlyOutcomeOfItsTick) {
  for (const Case& c : kCases) {
    LateWorld world(c);
    std::optional<kube::Request> given_up;
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (!is_create(request)) return {};
      if (given_up) return fail(ErrorCode::kRefused, "not now");
      given_up = request;
      return fail(ErrorCode::kTimeout, "no answer");
    };
    const Process process(world);
    world.loop.advance(seconds(18));
    world.recover();
    world.cluster.before = nullptr;
    world.loop.advance(seconds(4));
    ASSERT_TRUE(given_up.has_value());
    world.carry_out(*given_up);
    world.loop.advance(minutes(4));
    world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = false; });
    world.loop.advance(minutes(2));
    EXPECT_EQ(world.inexact(minutes(3)), "") << c.name;
    if (c.policy != ConcurrencyPolicy::kAllow) EXPECT_LE(world.account().unfinished_max, 1U);
  }
}

// However the later tries end: while one may be carried out, its tick has no other outcome.
TEST(ScheduleFaults, ACreateThatIsCarriedOutAfterLaterTriesFailedIsTheOnlyOutcomeOfItsTick) {
  using Code = ErrorCode;
  const std::pair<Code, Code> rows[] = {{Code::kTimeout, Code::kTimeout},
                                        {Code::kTimeout, Code::kForbidden},
                                        {Code::kUnavailable, Code::kForbidden},
                                        {Code::kUnavailable, Code::kRefused}};
  for (const auto& [first, later] : rows) {
    LateWorld world({.name = "late"});
    std::optional<kube::Request> unanswered;
    MonoTime sent{};
    const MonoTime patience = world.loop.mono_now() + seconds(75);
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (!is_create(request)) return {};
      const Code code = !unanswered ? first : later;
      const bool hangs = code == Code::kTimeout || code == Code::kUnavailable;
      if (hangs && unanswered && world.loop.mono_now() > patience) {
        return fail(Code::kRefused, "not now");
      }
      if (hangs) {
        unanswered = request;
        sent = world.loop.mono_now();
      }
      return fail(code, "no");
    };
    const Process process(world);
    world.loop.advance(seconds(later == Code::kTimeout ? 80 : 20));
    ASSERT_TRUE(unanswered.has_value());
    world.loop.advance(std::max(
        seconds(1), std::chrono::ceil<seconds>(sent + seconds(50) - world.loop.mono_now())));
    world.cluster.before = nullptr;
    world.carry_out(*unanswered);
    world.loop.advance(minutes(4));
    world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = false; });
    world.loop.advance(minutes(2));
    EXPECT_EQ(world.inexact(minutes(3)), "") << to_string(first) << ", " << to_string(later);
  }
}

TEST(ScheduleFaults, ACreateThatIsCarriedOutAfterItsCheckWouldBeDeletedIsRefused) {
  for (const bool by_ttl : {false, true}) {
    LateWorld world({.name = "late", .duration = seconds(1), .keep = !by_ttl});
    if (!by_ttl) {
      world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.successful_history_limit = 1; });
    }
    std::optional<kube::Request> given_up;
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (given_up || !is_create(request)) return {};
      given_up = request;
      return fail(ErrorCode::kTimeout, "no answer");
    };
    const Process process(world);
    world.loop.advance(seconds(45));
    ASSERT_TRUE(given_up.has_value());
    const std::string name = kube::key_of(*parse_json_object(given_up->body)).name;
    EXPECT_TRUE(world.cluster.has(name));
    world.carry_out(*given_up);
    world.loop.advance(minutes(2));
    EXPECT_FALSE(world.cluster.has(name));  // in the end it goes as others do
    EXPECT_EQ(world.inexact(), "") << by_ttl;
    for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1);
  }
}

TEST(ScheduleFaults, ACreateWhoseAnswerWasLostIsNotMissedAlthoughTheWatchIsBehind) {
  for (const Case& c : kCases) {
    LateWorld world(c);
    const WallTime tick = world.schedule().meta.creation_timestamp + seconds(5);
    const std::string child = child_name(world.schedule().meta, tick);
    world.cluster.hide(child);
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (!is_create(request) || !world.cluster.has(child)) return {};
      return fail(ErrorCode::kRefused, "not now");
    };
    world.cluster.after = [&](const kube::Request& request) -> Status {
      if (!is_create(request)) return {};
      return fail(ErrorCode::kUnavailable, "connection reset");
    };
    const Process process(world);
    world.loop.advance(seconds(13));
    EXPECT_EQ(world.account().children.count(tick), 1U) << c.name;
    world.recover();
    world.cluster.before = nullptr;
    world.loop.advance(minutes(4));
    world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = false; });
    world.loop.advance(minutes(2));
    EXPECT_EQ(world.inexact(minutes(3)), "") << c.name;
  }
}

TEST(ScheduleFaults, ARunNowWhoseAnswerWasLostIsNotOverlappedAlthoughTheWatchIsBehind) {
  for (const ConcurrencyPolicy policy : {ConcurrencyPolicy::kForbid, ConcurrencyPolicy::kReplace}) {
    FaultWorld world({.name = "now", .policy = policy, .duration = seconds(20)});
    int asked = 0;
    const auto is_run_now = [](const kube::Request& request) {
      return is_create(request) && request.body.find("-now-") != std::string::npos;
    };
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (!is_run_now(request)) return {};
      if (++asked > 1) return fail(ErrorCode::kRefused, "not now");
      world.cluster.hide(kube::key_of(*parse_json_object(request.body)).name);
      return {};
    };
    world.cluster.after = [&](const kube::Request& request) -> Status {
      if (!is_run_now(request)) return {};
      return fail(ErrorCode::kUnavailable, "connection reset");
    };
    const Process process(world);
    world.loop.advance(seconds(50));
    world.annotate_run_now();
    world.loop.advance(minutes(2));
    EXPECT_EQ(world.account().runs_by_hand.size(), 1U);
    EXPECT_EQ(world.account().unfinished_max, 1U);
    EXPECT_EQ(world.inexact(), "");
  }
}

TEST(ScheduleFaults, ARemovalThatIsCarriedOutLateTakesNoNewerRunNowAway) {
  FaultWorld world(kCases[0]);
  world.change_spec([](ScheduledHealthCheckSpec& spec) { spec.schedule = "0 0 1 1 *"; });
  std::optional<kube::Request> given_up;
  world.cluster.before = [&](const kube::Request& request) -> Status {
    if (request.verb != kube::Verb::kPatch || given_up) return {};
    given_up = request;
    return fail(ErrorCode::kTimeout, "no answer");
  };
  const Process process(world);
  world.loop.advance(seconds(5));
  world.annotate_run_now();
  world.loop.advance(minutes(1));
  ASSERT_TRUE(given_up.has_value());
  EXPECT_EQ(world.account().runs_by_hand.size(), 1U);
  world.annotate_run_now();
  std::ignore = world.loop.run(world.cluster.send(*given_up, {}));
  world.loop.advance(minutes(1));
  EXPECT_EQ(world.account().runs_by_hand.size(), 2U);
}

}  // namespace
}  // namespace holmes
