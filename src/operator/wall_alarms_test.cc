#include "operator/wall_alarms.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"

namespace holmes {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Bench {
  VirtualLoop loop;
  WallTime start = loop.wall_now();
  std::vector<std::pair<std::string, WallTime>> rung;
  WallAlarms alarms{
      loop, [this](const kube::ObjectKey& key) { rung.emplace_back(key.name, loop.wall_now()); }};

  void set(std::string name, std::chrono::microseconds after) {
    alarms.set({"", std::move(name)}, start + after);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, when] : rung) names.push_back(name);
    return names;
  }
};

using Names = std::vector<std::string>;

TEST(WallAlarms, RingOnceInOrderAndToTheMicrosecond) {
  Bench bench;
  bench.set("c", seconds(90));
  bench.set("a", milliseconds(1500));
  bench.set("b", seconds(30));
  bench.loop.advance(seconds(120));
  ASSERT_EQ(bench.names(), (Names{"a", "b", "c"}));
  EXPECT_EQ(bench.rung[0].second, bench.start + milliseconds(1500));
  EXPECT_EQ(bench.rung[2].second, bench.start + seconds(90));
  EXPECT_EQ(bench.alarms.size(), 0U);
}

TEST(WallAlarms, OneThatIsOverRingsAtOnceButNotWithinTheCall) {
  Bench bench;
  bench.set("a", seconds(-5));
  EXPECT_TRUE(bench.rung.empty());
  bench.loop.run_until_idle();
  EXPECT_EQ(bench.names(), Names{"a"});
}

TEST(WallAlarms, ANewTimeReplacesTheOldOneAndNoneClearsIt) {
  Bench bench;
  bench.set("later", seconds(10));
  bench.set("later", seconds(20));
  bench.set("earlier", seconds(20));
  bench.set("earlier", seconds(10));
  bench.set("never", seconds(10));
  bench.alarms.set({"", "never"}, std::nullopt);
  EXPECT_EQ(bench.alarms.size(), 2U);
  bench.loop.advance(seconds(15));
  EXPECT_EQ(bench.names(), Names{"earlier"});
  bench.loop.advance(seconds(15));
  EXPECT_EQ(bench.names(), (Names{"earlier", "later"}));
}

TEST(WallAlarms, MayBeSetAnewWhileTheyRing) {
  VirtualLoop loop;
  int rung = 0;
  WallAlarms* self = nullptr;
  WallAlarms alarms(loop, [&](const kube::ObjectKey& key) {
    ++rung;
    self->set(key, loop.wall_now() + seconds(10));
  });
  self = &alarms;
  alarms.set({"", "a"}, loop.wall_now());
  loop.advance(seconds(35));
  EXPECT_EQ(rung, 4);
}

TEST(WallAlarms, FollowAClockThatIsSetForwardWithinTheHeartbeat) {
  Bench bench;
  bench.set("a", hours(5));
  bench.loop.advance(seconds(10));
  bench.loop.jump_wall(hours(6));
  bench.loop.advance(kAlarmHeartbeat);
  EXPECT_EQ(bench.names(), Names{"a"});
}

TEST(WallAlarms, WaitForAClockThatIsSetBack) {
  Bench bench;
  bench.set("a", seconds(60));
  bench.loop.advance(seconds(30));
  bench.loop.jump_wall(-seconds(20));
  bench.loop.advance(seconds(49));
  EXPECT_TRUE(bench.rung.empty());
  bench.loop.advance(seconds(1));
  EXPECT_EQ(bench.names(), Names{"a"});
}

TEST(WallAlarms, RingBeforeTheirTimeWhenTheClockWasSetBackFarBecauseTheirTimeMeansNothingNow) {
  Bench bench;
  bench.set("a", hours(1));
  bench.set("b", hours(2));
  bench.loop.advance(seconds(30));
  bench.loop.jump_wall(-hours(24));
  bench.loop.advance(kAlarmHeartbeat);
  EXPECT_EQ(bench.names(), (Names{"a", "b"}));
  bench.set("a", seconds(60) - hours(24));
  bench.loop.advance(seconds(60));
  EXPECT_EQ(bench.names(), (Names{"a", "b", "a"}));
}

TEST(WallAlarms, CostNothingWhenThereAreNone) {
  Bench bench;
  bench.set("a", seconds(60));
  bench.alarms.set({"", "a"}, std::nullopt);
  // The loop has nothing left to do: a run to the end would otherwise never return.
  bench.loop.advance(hours(1000));
  EXPECT_TRUE(bench.rung.empty());
}

}  // namespace
}  // namespace holmes
