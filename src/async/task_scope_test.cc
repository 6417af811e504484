#include "async/task_scope.h"

#include <gtest/gtest.h>

#include "async/virtual_loop.h"

namespace holmes {
namespace {

using std::chrono::seconds;

Task<> sleep_then_count(VirtualLoop& loop, seconds duration, Stop stop, int* slept, int* stopped) {
  const Status done = co_await sleep_for(loop, duration, std::move(stop));
  ++*(done ? slept : stopped);
}

Task<int> after(VirtualLoop& loop, seconds duration, int value) {
  (void)co_await sleep_for(loop, duration, {});
  co_return value;
}

TEST(TaskScope, CloseStopsWhatRunsAndWaitsForTheLast) {
  VirtualLoop loop;
  int slept = 0;
  int stopped = 0;
  TaskScope scope(loop);
  scope.spawn(sleep_then_count(loop, seconds(1), scope.stop(), &slept, &stopped));
  scope.spawn(sleep_then_count(loop, seconds(9), scope.stop(), &slept, &stopped));
  loop.advance(seconds(2));
  EXPECT_EQ(scope.size(), 1U);
  loop.run(scope.close());
  EXPECT_EQ(scope.size(), 0U);
  EXPECT_EQ(slept, 1);
  EXPECT_EQ(stopped, 1);
}

TEST(TaskScope, DrainWaitsWithoutStopping) {
  VirtualLoop loop;
  int slept = 0;
  int stopped = 0;
  TaskScope scope(loop);
  scope.spawn(sleep_then_count(loop, seconds(9), scope.stop(), &slept, &stopped));
  EXPECT_TRUE(loop.run(scope.drain({})).has_value());
  EXPECT_EQ(slept, 1);
}

TEST(TaskScope, StopsWithItsParent) {
  VirtualLoop loop;
  StopSource parent;
  int slept = 0;
  int stopped = 0;
  TaskScope scope(loop, parent.stop());
  scope.spawn(sleep_then_count(loop, seconds(9), scope.stop(), &slept, &stopped));
  loop.run_until_idle();
  parent.request_stop();
  loop.run_until_idle();
  EXPECT_EQ(stopped, 1);
}

TEST(WhenAll, RunsTogetherAndKeepsTheOrderOfTheTasks) {
  VirtualLoop loop;
  const MonoTime begin = loop.mono_now();
  std::vector<Task<int>> tasks;
  tasks.push_back(after(loop, seconds(3), 1));
  tasks.push_back(after(loop, seconds(1), 2));
  EXPECT_EQ(loop.run(when_all(loop, std::move(tasks))), (std::vector<int>{1, 2}));
  EXPECT_EQ(loop.mono_now() - begin, seconds(3));
}

}  // namespace
}  // namespace holmes
