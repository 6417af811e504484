#include "sim/process_loop.h"

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "sim/faults.h"

namespace holmes::sim {
namespace {

using std::chrono::seconds;

class ProcessLoopTest : public ::testing::Test {
 protected:
  VirtualLoop world_;
  ProcessLoop loop_{world_};
  std::string ran_;
};

TEST_F(ProcessLoopTest, WhatComesDueInAPauseRunsAtItsEndInOrder) {
  loop_.call_at(loop_.mono_now() + seconds(1), [this] { ran_ += "a"; });
  loop_.call_at(loop_.mono_now() + seconds(2), [this] { ran_ += "b"; });
  loop_.pause();
  loop_.post([this] { ran_ += "c"; });
  world_.advance(seconds(5));
  EXPECT_EQ(ran_, "");
  loop_.resume();
  EXPECT_EQ(ran_, "cab");
}

TEST_F(ProcessLoopTest, ATimerThatWasHeldBackCanBeCancelledStill) {
  TimerId second = 0;
  loop_.call_at(loop_.mono_now() + seconds(1), [&] { loop_.cancel(second); });
  second = loop_.call_at(loop_.mono_now() + seconds(2), [this] { ran_ += "b"; });
  loop_.pause();
  world_.advance(seconds(5));
  loop_.resume();
  EXPECT_EQ(ran_, "");
}

TEST_F(ProcessLoopTest, TimeGoesOnInAPause) {
  const MonoTime before = loop_.mono_now();
  loop_.pause();
  world_.advance(seconds(5));
  EXPECT_EQ(loop_.mono_now() - before, seconds(5));
}

TEST_F(ProcessLoopTest, AClockThatIsSetMovesTheWallClockOnly) {
  const WallTime wall = loop_.wall_now();
  const MonoTime mono = loop_.mono_now();
  loop_.jump_wall(std::chrono::hours(1));
  EXPECT_EQ(loop_.wall_now() - wall, std::chrono::hours(1));
  EXPECT_EQ(loop_.mono_now(), mono);
  EXPECT_EQ(world_.wall_now(), wall);
}

TEST(ProcessLoop, AFastClockRingsEarlyByTheWorldsAndNeverByItsOwn) {
  VirtualLoop world;
  ProcessLoop fast(world, 1.05);
  const MonoTime due = fast.mono_now() + seconds(105);
  bool rang = false;
  fast.call_at(due, [&] {
    rang = true;
    EXPECT_GE(fast.mono_now(), due);
  });
  world.advance(seconds(99));
  EXPECT_FALSE(rang);
  world.advance(seconds(2));
  EXPECT_TRUE(rang);
}

TEST(Faults, EachFaultIsNamedAndReadAgain) {
  for (size_t i = 0; i < kFaultKinds; ++i) {
    const auto fault = static_cast<Fault>(i);
    EXPECT_FALSE(to_string(fault).empty());
    EXPECT_EQ(parse_fault(to_string(fault)), fault);
  }
  EXPECT_EQ(parse_fault("fire"), std::nullopt);
}

TEST(Faults, WhatIsPlannedHappensAtItsPointOnly) {
  Faults faults;
  faults.plan(1, {Fault::kCutAfter});
  EXPECT_FALSE(faults.at({}).has_value());
  EXPECT_EQ(faults.at({})->fault, Fault::kCutAfter);
  EXPECT_FALSE(faults.at({}).has_value());
  EXPECT_EQ(faults.points(), 3U);
}

}  // namespace
}  // namespace holmes::sim
