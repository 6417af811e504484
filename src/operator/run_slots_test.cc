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
  EXPECT_TRUE(slots.take_or_wait(new_check("first", 9)));
  EXPECT_FALSE(slots.take_or_wait(new_check("young", 5)));
  EXPECT_FALSE(slots.take_or_wait(new_check("old", 1)));
  EXPECT_TRUE(slots.next().empty());
  slots.release();
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("old")});
  EXPECT_FALSE(slots.take_or_wait(new_check("young", 5)));
  EXPECT_TRUE(slots.take_or_wait(new_check("old", 1)));
  EXPECT_EQ(slots.waiting(), 1U);
}

TEST(RunSlots, WithinASecondTheOneWrittenFirstIsOlder) {
  RunSlots slots(1);
  EXPECT_TRUE(slots.take_or_wait(new_check("first")));
  HealthCheck ninth = new_check("z");
  ninth.meta.resource_version = "9";
  HealthCheck tenth = new_check("a");
  tenth.meta.resource_version = "10";
  EXPECT_FALSE(slots.take_or_wait(tenth));
  EXPECT_FALSE(slots.take_or_wait(ninth));
  slots.release();
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("z")});
}

TEST(RunSlots, ACheckThatStopsWaitingMakesRoomForTheNext) {
  RunSlots slots(1);
  EXPECT_TRUE(slots.take_or_wait(new_check("first", 0)));
  EXPECT_FALSE(slots.take_or_wait(new_check("old", 1)));
  EXPECT_FALSE(slots.take_or_wait(new_check("young", 2)));
  slots.release();
  slots.stop_waiting(key("old"));
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("young")});
}

TEST(RunSlots, ReturnsACheckOnlyOnceUntilItWaitsAnew) {
  RunSlots slots(2);
  slots.take();
  slots.take();
  EXPECT_FALSE(slots.take_or_wait(new_check("old", 1)));
  EXPECT_FALSE(slots.take_or_wait(new_check("young", 2)));
  slots.release();
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("old")});
  EXPECT_TRUE(slots.next().empty());
  slots.release();
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("young")});
  EXPECT_TRUE(slots.next().empty());
  slots.stop_waiting(key("old"));
  EXPECT_FALSE(slots.take_or_wait(new_check("third", 3), /*held=*/true));
  EXPECT_FALSE(slots.take_or_wait(new_check("old", 1), /*held=*/true));
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("old")});
}

TEST(RunSlots, AnOlderOneThatComesLaterIsNotForgotten) {
  RunSlots slots(1);
  slots.take();
  EXPECT_FALSE(slots.take_or_wait(new_check("young", 2)));
  slots.release();
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("young")});
  EXPECT_FALSE(slots.take_or_wait(new_check("old", 1), /*held=*/true));
  EXPECT_TRUE(slots.next().empty());  // there is a slot for one, who was returned
  EXPECT_FALSE(slots.take_or_wait(new_check("young", 2)));  // finds that an older one waits
  EXPECT_EQ(slots.next(), std::vector<kube::ObjectKey>{key("old")});
  EXPECT_TRUE(slots.take_or_wait(new_check("old", 1)));
}

TEST(RunSlots, ARecoveredExecutionCountsEvenAboveTheLimit) {
  RunSlots slots(1);
  slots.take();
  slots.take();
  EXPECT_FALSE(slots.take_or_wait(new_check("a", 0)));
  slots.release();
  EXPECT_TRUE(slots.next().empty());
  slots.release();
  EXPECT_EQ(slots.next().size(), 1U);
}

}  // namespace
}  // namespace holmes
