#include "async/task.h"

#include <memory>
#include <stdexcept>
#include <string>

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

Task<int64_t> throws_at(int n) {
  if (n == 0) throw std::runtime_error("a third party's");
  co_return co_await throws_at(n - 1);
}

Task<std::string> caught(int depth) {
  try {
    co_return std::to_string(co_await throws_at(depth));
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
}

TEST(Task, AnExceptionGoesOnToTheAwaiter) {
  VirtualLoop loop;
  EXPECT_EQ(loop.run(caught(0)), "a third party's");
  EXPECT_EQ(loop.run(caught(3)), "a third party's");
}

TEST(TaskDeathTest, AnExceptionThatNobodyCatchesAborts) {
  VirtualLoop loop;
  EXPECT_DEATH(loop.run(throws_at(1)), "a third party's");
}

}  // namespace
}  // namespace holmes
