#include "async/task.h"

#include <memory>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"

namespace holmes {
namespace {

Task<int64_t> number(int n) {
  co_return n;
}

Task<int64_t> sum_to(int n) {
  int64_t sum = 0;
  for (int i = 1; i <= n; ++i) sum += co_await number(i);
  co_return sum;
}

Task<> note_end(std::shared_ptr<int> owned) {
  *owned += 1;
  co_return;
}

TEST(Task, ReturnsItsValueThroughAnyDepthWithoutGrowingTheStack) {
  VirtualLoop loop;
  EXPECT_EQ(loop.run(sum_to(100000)), 5000050000);
}

TEST(Task, DoesNotRunUntilAwaitedAndFreesItsArguments) {
  const auto owned = std::make_shared<int>(0);
  {
    const Task<> never = note_end(owned);
  }
  EXPECT_EQ(*owned, 0);
  EXPECT_EQ(owned.use_count(), 1);
  VirtualLoop loop;
  loop.run(note_end(owned));
  EXPECT_EQ(*owned, 1);
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace holmes
