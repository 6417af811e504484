#include "async/stop.h"

#include <memory>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"

namespace holmes {
namespace {

TEST(Stop, ADefaultStopNeverStops) {
  EXPECT_FALSE(Stop().requested());
}

TEST(Stop, CallbacksRunOnceAndNotAfterTheyAreGone) {
  StopSource source;
  int kept = 0;
  int dropped = 0;
  const StopCallback keep(source.stop(), [&](StopReason) { ++kept; });
  {
    const StopCallback drop(source.stop(), [&](StopReason) { ++dropped; });
  }
  source.request_stop();
  source.request_stop();
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(dropped, 0);
  const StopCallback late(source.stop(), [&](StopReason) { ++kept; });
  EXPECT_EQ(kept, 2);
}

TEST(Stop, ACallbackMayDestroyItselfAndItsNeighbours) {
  StopSource source;
  int runs = 0;
  std::unique_ptr<StopCallback> a;
  std::unique_ptr<StopCallback> b;
  a = std::make_unique<StopCallback>(source.stop(), [&](StopReason) { ++runs; });
  b = std::make_unique<StopCallback>(source.stop(), [&](StopReason) {
    ++runs;
    a.reset();
    b.reset();
  });
  source.request_stop();
  EXPECT_EQ(runs, 1);
}

TEST(Stop, AChildStopsWithItsParentButNotTheOtherWayRound) {
  StopSource parent;
  StopSource child(parent.stop());
  StopSource other(parent.stop());
  other.request_stop();
  EXPECT_FALSE(parent.stop().requested());
  parent.request_stop();
  EXPECT_TRUE(child.stop().requested());
}

TEST(Stop, ADeadlineIsToldApartFromACancellation) {
  VirtualLoop loop;
  StopSource source({}, loop, loop.mono_now() + std::chrono::seconds(5));
  loop.advance(std::chrono::seconds(4));
  EXPECT_FALSE(source.stop().requested());
  loop.advance(std::chrono::seconds(1));
  EXPECT_EQ(source.stop().reason(), StopReason::kDeadline);
  EXPECT_EQ(source.stop().error("list pods").code, ErrorCode::kTimeout);
}

TEST(Stop, TellsTheEarliestDeadline) {
  VirtualLoop loop;
  const MonoTime soon = loop.mono_now() + std::chrono::seconds(5);
  const MonoTime later = soon + std::chrono::seconds(5);
  EXPECT_EQ(Stop().deadline(), std::nullopt);
  EXPECT_EQ(StopSource().stop().deadline(), std::nullopt);
  const StopSource outer({}, loop, soon);
  EXPECT_EQ(outer.stop().deadline(), soon);
  EXPECT_EQ(StopSource(outer.stop()).stop().deadline(), soon);
  EXPECT_EQ(StopSource(outer.stop(), loop, later).stop().deadline(), soon);
  const StopSource loose({}, loop, later);
  EXPECT_EQ(StopSource(loose.stop(), loop, soon).stop().deadline(), soon);
}

}  // namespace
}  // namespace holmes
