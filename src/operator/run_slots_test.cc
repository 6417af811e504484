#include "operator/run_slots.h"

#include <gtest/gtest.h>

#include "operator/check_testing.h"

namespace holmes {
namespace {

kube::ObjectKey key(const char* name) {
  return {"default", name};
}

TEST(RunSlots, NeverGivesMoreThanItsLimitAndServesTheOldestFirst) {
  RunSlots slots(1);
  EXPECT_TRUE(slots.take_or_wait(key("first"), at_second(9)));
  EXPECT_FALSE(slots.take_or_wait(key("young"), at_second(5)));
  EXPECT_FALSE(slots.take_or_wait(key("old"), at_second(1)));
  EXPECT_TRUE(slots.next().empty());
  slots.release();
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("old")});
  EXPECT_FALSE(slots.take_or_wait(key("young"), at_second(5)));
  EXPECT_TRUE(slots.take_or_wait(key("old"), at_second(1)));
  EXPECT_EQ(slots.waiting(), 1U);
}

TEST(RunSlots, ACheckThatStopsWaitingMakesRoomForTheNext) {
  RunSlots slots(1);
  EXPECT_TRUE(slots.take_or_wait(key("first"), at_second(0)));
  EXPECT_FALSE(slots.take_or_wait(key("old"), at_second(1)));
  EXPECT_FALSE(slots.take_or_wait(key("young"), at_second(2)));
  slots.release();
  slots.stop_waiting(key("old"));
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("young")});
}

TEST(RunSlots, ARecoveredExecutionCountsEvenAboveTheLimit) {
  RunSlots slots(1);
  slots.take();
  slots.take();
  EXPECT_FALSE(slots.take_or_wait(key("a"), at_second(0)));
  slots.release();
  EXPECT_TRUE(slots.next().empty());
  slots.release();
  EXPECT_EQ(slots.next().size(), 1U);
}

}  // namespace
}  // namespace holmes
