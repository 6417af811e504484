// What clocks that are set, and machines that sleep, do to schedules.

#include <gtest/gtest.h>

#include "operator/schedule_plan.h"
#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr microseconds kSecond = seconds(1);
constexpr microseconds kMinute = minutes(1);
constexpr microseconds kHour = hours(1);
constexpr microseconds kDay = hours(24);

struct Kind {
  std::string_view expression;
  seconds period;
};
constexpr Kind kEveryMinute{"* * * * *", seconds(60)};
constexpr Kind kEvery17s{"@every 17s", seconds(17)};

// A world in which a schedule that is two days old has run for some minutes.
struct ClockWorld : ScheduleWorld {
  explicit ClockWorld(const Kind& kind, MissedRunPolicy policy = MissedRunPolicy::kCoalesce) {
    ScheduledHealthCheck schedule = new_schedule(kind.expression);
    schedule.meta.creation_timestamp = loop.wall_now() - kDay * 2;
    schedule.spec.missed_run_policy = policy;
    cluster.put(schedule);
  }

  // A tick that has a check and is told as missed all the same.
  std::string both() {
    for (const MissedTicks& entry : status().missed) {
      if (entry.from == entry.to && account().children.contains(entry.from)) {
        return format_rfc3339(entry.from);
      }
    }
    return "";
  }
  int made() {
    int sum = 0;
    for (const auto& [tick, count] : account().children) sum += count;
    return sum;
  }
};

TEST(ScheduleClock, AStepForwardIsFollowedWithinASecondAndSkipsWhatItJumpedOver) {
  for (const Kind& kind : {kEveryMinute, kEvery17s}) {
    for (const microseconds step : {kSecond, kMinute, kHour, kDay}) {
      for (const auto phase : {milliseconds(0), milliseconds(500), milliseconds(59'999)}) {
        ClockWorld world(kind);
        const Process process(world);
        world.loop.advance(minutes(2) + phase);
        const int before = world.made();
        world.loop.jump_wall(step);
        world.loop.advance(kind.period + seconds(1));
        const std::string where =
            fmt::format("{} {} {}", kind.expression, step.count(), phase.count());
        EXPECT_GT(world.made(), before) << where;
        world.loop.advance(minutes(1));
        EXPECT_EQ(world.inexact(), "") << where;
        EXPECT_EQ(world.both(), "") << where;
      }
    }
  }
}

TEST(ScheduleClock, ASmallStepBackIsWaitedForAndNoTickRunsTwice) {
  for (const Kind& kind : {kEveryMinute, kEvery17s}) {
    for (const microseconds step : {kSecond, kMinute, kHour, kHour * 3 - kMinute}) {
      for (const auto phase : {milliseconds(0), milliseconds(500), milliseconds(59'500)}) {
        ClockWorld world(kind);
        const Process process(world);
        world.loop.advance(minutes(2) + phase);
        const WallTime reached = world.loop.wall_now();
        const int before = world.made();
        world.loop.jump_wall(-step);
        const std::string where =
            fmt::format("{} {} {}", kind.expression, step.count(), phase.count());
        world.advance_to(reached);
        EXPECT_EQ(world.made(), before) << where;
        world.loop.advance(kind.period + seconds(1));
        EXPECT_GT(world.made(), before) << where;
        world.loop.advance(minutes(1));
        EXPECT_EQ(world.inexact(), "") << where;
        EXPECT_EQ(world.both(), "") << where;
      }
    }
  }
}

TEST(ScheduleClock, AfterAStepBackOfMoreThanThreeHoursTheScheduleBeginsAnewAtOnce) {
  for (const Kind& kind : {kEveryMinute, kEvery17s}) {
    for (const MissedRunPolicy policy : {MissedRunPolicy::kCoalesce, MissedRunPolicy::kSkip}) {
      for (const microseconds step : {kHour * 3 + kMinute * 2, kDay}) {
        for (const auto phase : {milliseconds(0), milliseconds(500), milliseconds(59'500)}) {
          ClockWorld world(kind, policy);
          const Process process(world);
          world.loop.advance(minutes(3) + phase);
          const int before = world.made();
          world.loop.jump_wall(-step);
          const std::string where = fmt::format("{} {} {} {}", kind.expression, to_string(policy),
                                                step.count(), phase.count());
          world.loop.advance(kind.period + seconds(2));
          EXPECT_GT(world.made(), before) << where;
          world.loop.advance(minutes(2));
          EXPECT_GE(world.made() - before, minutes(2) / kind.period) << where;
          EXPECT_EQ(world.ledger.doubled(world.schedule().meta.uid), "") << where;
          EXPECT_EQ(world.both(), "") << where;
          EXPECT_TRUE(world.status().active.size() <= 1) << where;
          EXPECT_LE(world.status().last_schedule_time, world.loop.wall_now()) << where;
        }
      }
    }
  }
}

TEST(ScheduleClock, AClockThatWasSetBackFarIsToldOnceAndThenAllIsQuiet) {
  ClockWorld world({"0 * * * *", hours(1)});
  const Process process(world);
  world.loop.advance(hours(12) + minutes(30));
  world.loop.jump_wall(-kDay);
  world.loop.advance(minutes(5));
  EXPECT_EQ(std::ranges::count(world.cluster.event_reasons, "ClockSetBack"), 1);
  world.cluster.requests.clear();
  world.loop.advance(minutes(20));
  EXPECT_TRUE(world.cluster.requests.empty());
  const int before = world.made();
  world.loop.advance(hours(12));
  EXPECT_EQ(world.made() - before, 12);
  EXPECT_EQ(std::ranges::count(world.cluster.event_reasons, "ClockSetBack"), 1);
}

TEST(ScheduleClock, AStepThatTheOperatorDidNotSeeIsTheSame) {
  for (const microseconds step : {-kDay, -kHour, kHour, kDay}) {
    ClockWorld world(kEveryMinute);
    {
      const Process first(world);
      world.loop.advance(minutes(5));
    }
    world.loop.jump_wall(step);
    const Process second(world, "two");
    const int before = world.made();
    world.loop.advance(step == -kHour ? kHour + kMinute : kMinute * 2);
    EXPECT_GT(world.made(), before) << step.count();
    EXPECT_EQ(world.ledger.doubled(world.schedule().meta.uid), "") << step.count();
    EXPECT_EQ(world.both(), "") << step.count();
    if (step != -kDay) EXPECT_EQ(world.inexact(), "") << step.count();
  }
}

TEST(ScheduleClock, AMachineThatSleptFindsTheTicksItMissed) {
  // The wall clock goes on while the machine sleeps, the monotonic one does not.
  for (const bool soon : {true, false}) {
    ClockWorld world(kEveryMinute, MissedRunPolicy::kSkip);
    const Process process(world);
    world.loop.advance(minutes(5) + seconds(30));
    const int before = world.made();
    world.loop.jump_wall(soon ? minutes(3) : hours(8) + minutes(3));
    world.loop.advance(seconds(1));
    // The latest tick is half a minute old: that is late, not missed.
    EXPECT_EQ(world.made(), before + 1);
    EXPECT_EQ(world.missed(MissedReason::kDowntime) - 2 * 24 * 60, soon ? 2 : 8 * 60 + 2);
    world.loop.advance(minutes(2));
    EXPECT_EQ(world.inexact(), "");
  }
}

TEST(ScheduleClock, ManyStepsToAndFroDoubleNothing) {
  ClockWorld world(kEveryMinute);
  const Process process(world);
  const std::array steps{kSecond, -kSecond, kMinute, -kMinute, kHour, -kHour, -kMinute, kMinute};
  for (int round = 0; round < 10; ++round) {
    for (const microseconds step : steps) {
      world.loop.advance(seconds(47));
      world.loop.jump_wall(step);
    }
  }
  world.loop.advance(hours(1) + minutes(2));
  EXPECT_EQ(world.inexact(), "");
  EXPECT_EQ(world.both(), "");
}

}  // namespace
}  // namespace holmes
