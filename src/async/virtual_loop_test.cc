#include "async/virtual_loop.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

using std::chrono::seconds;

TEST(VirtualLoop, RunsTimersInOrderOfTimeThenCreation) {
  VirtualLoop loop;
  std::string order;
  loop.call_at(loop.mono_now() + seconds(2), [&] { order += "c"; });
  loop.call_at(loop.mono_now() + seconds(1), [&] { order += "a"; });
  loop.call_at(loop.mono_now() + seconds(1), [&] { order += "b"; });
  loop.advance(seconds(1));
  EXPECT_EQ(order, "ab");
  loop.advance(seconds(1));
  EXPECT_EQ(order, "abc");
}

TEST(VirtualLoop, ACancelledTimerDoesNotRun) {
  VirtualLoop loop;
  int runs = 0;
  const TimerId id = loop.call_at(loop.mono_now() + seconds(1), [&] { ++runs; });
  {
    const Timer scoped(loop, loop.mono_now() + seconds(1), [&] { ++runs; });
  }
  loop.cancel(id);
  loop.advance(seconds(2));
  EXPECT_EQ(runs, 0);
}

TEST(VirtualLoop, WallAndMonotonicTimeMoveTogetherExceptForJumps) {
  VirtualLoop loop;
  const WallTime wall = loop.wall_now();
  const MonoTime mono = loop.mono_now();
  loop.advance(seconds(60));
  loop.jump_wall(-std::chrono::hours(1));
  EXPECT_EQ(loop.mono_now() - mono, seconds(60));
  EXPECT_EQ(loop.wall_now() - wall, seconds(60) - std::chrono::hours(1));
}

}  // namespace
}  // namespace holmes
