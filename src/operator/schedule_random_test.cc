// Short worlds of random schedules and random trouble; --gtest_random_seed=N lets other worlds
// happen than the usual ones.

#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kWorlds = 60;  // of each kind
constexpr int kSteps = 12;

class RandomWorld : public ScheduleWorld {
 public:
  // `wild`: also the clock is set, and the schedule edited or made anew.
  RandomWorld(uint64_t seed, bool wild) : dice_(seed), wild_(wild) {
    cluster.latency = pick({milliseconds(0), milliseconds(10), milliseconds(400)});
    server.duration = seconds(between(1, 100));
    server.cancel_time = seconds(between(0, 3));
    cluster.put(any_schedule());
    process_ = std::make_unique<Process>(*this);
  }
  ~RandomWorld() { process_ = nullptr; }
  RandomWorld(const RandomWorld&) = delete;
  RandomWorld& operator=(const RandomWorld&) = delete;

  void happen() {
    for (int i = 0; i < kSteps; ++i) {
      loop.advance(milliseconds(between(1, 35'000)));
      trouble();
    }
  }

  // Everything works again, and has had the time to settle.
  void calm_down() {
    calm();
    server.duration = seconds(1);
    change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = true; });
    loop.advance(seconds(150));
  }
  void suspend() {
    change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = false; });
    loop.advance(minutes(2));
  }

  std::string log;  // what happened
  std::set<std::string> uids;

 private:
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(dice_.next() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int64_t n) { return between(1, n) == 1; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + between(0, static_cast<int64_t>(choices.size()) - 1));
  }

  std::string_view any_expression() {
    return pick<std::string_view>(
        {"* * * * *", "*/2 * * * *", "@every 13s", "@every 30s", "@every 1m30s"});
  }
  ScheduledHealthCheck any_schedule() {
    ScheduledHealthCheck schedule = new_schedule(any_expression());
    ScheduledHealthCheckSpec& spec = schedule.spec;
    spec.concurrency_policy =
        pick({ConcurrencyPolicy::kAllow, ConcurrencyPolicy::kForbid, ConcurrencyPolicy::kReplace});
    spec.missed_run_policy = pick({MissedRunPolicy::kCoalesce, MissedRunPolicy::kSkip});
    if (one_in(4)) spec.check.ttl_after_finished = seconds(between(0, 5));
    if (one_in(4)) spec.starting_deadline = seconds(between(1, 40));
    if (one_in(4)) spec.jitter = seconds(between(1, 3));
    spec.successful_history_limit = between(0, 3);
    spec.history_limit = between(1, 5);
    log += fmt::format("{} {} {} ttl {} deadline {} jitter {} duration {}; ", spec.schedule,
                       to_string(spec.concurrency_policy), to_string(spec.missed_run_policy),
                       spec.check.ttl_after_finished.value_or(seconds(-1)).count(),
                       spec.starting_deadline.value_or(seconds(-1)).count(), spec.jitter.count(),
                       server.duration.count());
    return schedule;
  }

  void trouble() {
    const int64_t kind = between(1, wild_ ? 10 : 7);
    log += fmt::format("{} {}; ", format_rfc3339(loop.wall_now()), kind);
    if (kind == 1) return restart(true);
    if (kind == 2) return restart(false);
    if (kind == 3) return calm();
    if (kind == 4) return fail_often();
    if (kind == 5) return black_hole();
    if (kind == 6) {
      return change_spec([](ScheduledHealthCheckSpec& spec) { spec.enabled = !spec.enabled; });
    }
    if (kind == 7) return annotate_run_now();
    if (kind == 8) {
      const std::string expression(any_expression());
      return change_spec([&](ScheduledHealthCheckSpec& spec) { spec.schedule = expression; });
    }
    if (kind == 9) return recreate();
    loop.jump_wall(pick<std::chrono::microseconds>(
        {seconds(-1), seconds(1), minutes(-1), minutes(1), minutes(-3), minutes(10)}));
  }

  // At once, or so that what is under way is never answered.
  void restart(bool crash) {
    if (crash) {
      const int until = cluster.writes + static_cast<int>(between(1, 4));
      for (int i = 0; i < 20 && cluster.writes < until; ++i) loop.advance(milliseconds(300));
      cluster.silent = true;
    }
    process_ = nullptr;
    cluster.silent = false;
    if (one_in(2)) loop.advance(seconds(between(1, 150)));
    process_ = std::make_unique<Process>(*this, fmt::format("{}", ++processes_));
  }
  void calm() {
    cluster.before = nullptr;
    cluster.after = nullptr;
  }
  void fail_often() {
    const int64_t rate = pick<int64_t>({2, 5, 10});
    cluster.before = [this, rate](const kube::Request& request) -> Status {
      if (!one_in(rate)) return {};
      const bool create = is_create(request);
      if (create && one_in(3)) return fail(ErrorCode::kForbidden, "quota");
      return fail(pick({ErrorCode::kRefused, ErrorCode::kUnavailable, ErrorCode::kTimeout}), "no");
    };
    cluster.after = [this, rate](const kube::Request&) -> Status {
      if (!one_in(rate)) return {};
      return fail(ErrorCode::kUnavailable, "the answer is lost");
    };
  }
  void black_hole() {
    cluster.silent = true;
    loop.advance(seconds(between(1, 20)));
    cluster.silent = false;
  }
  void recreate() {
    uids.insert(schedule().meta.uid);
    cluster.remove_schedule("s");
    if (one_in(2)) cluster.collect_garbage();
    cluster.put(any_schedule());
  }

  SeededRandom dice_;
  bool wild_;
  int processes_ = 0;
  std::unique_ptr<Process> process_;
};

// What holds in every world.
void expect_sound(RandomWorld& world) {
  const ConcurrencyPolicy policy = world.schedule().spec.concurrency_policy;
  if (policy != ConcurrencyPolicy::kAllow) {
    EXPECT_LE(world.account().unfinished_max, 1U);
  }
  world.uids.insert(world.schedule().meta.uid);
  for (const std::string& uid : world.uids) EXPECT_EQ(world.ledger.doubled(uid), "");
  for (const auto& [id, count] : world.server.executions) EXPECT_EQ(count, 1) << id;

  world.suspend();
  EXPECT_TRUE(world.account().unfinished.empty());
  EXPECT_TRUE(world.status().active.empty());
  EXPECT_EQ(world.status().run_now_id, "");
  EXPECT_TRUE(world.schedule().meta.annotations.empty());
  world.cluster.requests.clear();
  world.loop.advance(minutes(3));
  EXPECT_EQ(::testing::PrintToString(world.cluster.requests), "{}");
}

uint64_t first_seed() {
  return static_cast<uint64_t>(GTEST_FLAG_GET(random_seed)) * kWorlds;
}

TEST(ScheduleRandom, InEveryWorldEachTickHasExactlyOneOutcome) {
  for (uint64_t seed = first_seed(); seed < first_seed() + kWorlds; ++seed) {
    RandomWorld world(seed, false);
    world.happen();
    world.calm_down();
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, world.log));
    EXPECT_EQ(world.inexact(seconds(5) + world.schedule().spec.jitter), "");
    expect_sound(world);
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

TEST(ScheduleRandom, AlsoWhereClocksAndSchedulesChangeNoTickRunsTwice) {
  for (uint64_t seed = first_seed(); seed < first_seed() + kWorlds; ++seed) {
    RandomWorld world(seed, true);
    world.happen();
    world.calm_down();
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, world.log));
    expect_sound(world);
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace holmes
