#include "operator/schedule_children.h"

#include <gtest/gtest.h>

#include "operator/check_testing.h"

namespace holmes {
namespace {

CheckSnapshot child(const std::string& name, const std::string& schedule_uid, Phase phase) {
  HealthCheck check = new_check(name);
  check.meta.owner_references.push_back(
      {"holmesgpt.dev/v1alpha1", std::string(kScheduleKind), "s", schedule_uid, true});
  check.status.phase = phase;
  return std::make_shared<const HealthCheck>(std::move(check));
}

TEST(ScheduleChildren, KnowTheChecksOfEachScheduleByItsUid) {
  ScheduleChildren children;
  children.changed(nullptr, child("a", "one", Phase::kRunning), true);
  children.changed(nullptr, child("b", "one", Phase::kNew), true);
  children.changed(nullptr, child("c", "two", Phase::kCompleted), true);
  EXPECT_EQ(children.of("one").size(), 2U);
  ASSERT_EQ(children.of("two").size(), 1U);
  EXPECT_EQ(children.of("two")[0].check->meta.name, "c");
  EXPECT_TRUE(children.of("three").empty());
  EXPECT_EQ(children.unfinished(), 2U);
}

TEST(ScheduleChildren, IgnoreChecksThatNoScheduleControls) {
  ScheduleChildren children;
  const auto one_shot = std::make_shared<const HealthCheck>(new_check());
  children.changed(nullptr, one_shot, false);
  children.changed(one_shot, nullptr, false);
  HealthCheck owned = *child("b", "one", Phase::kNew);
  owned.meta.owner_references[0].controller = false;
  children.changed(nullptr, std::make_shared<const HealthCheck>(owned), true);
  EXPECT_TRUE(children.of("one").empty());
  EXPECT_EQ(children.unfinished(), 0U);
}

TEST(ScheduleChildren, CountTheUnfinishedThroughEveryChange) {
  ScheduleChildren children;
  const CheckSnapshot fresh = child("a", "one", Phase::kNew);
  const CheckSnapshot running = child("a", "one", Phase::kRunning);
  const CheckSnapshot ended = child("a", "one", Phase::kFailed);
  children.changed(nullptr, fresh, true);
  EXPECT_EQ(children.unfinished(), 1U);
  children.changed(fresh, running, true);
  EXPECT_EQ(children.unfinished(), 1U);
  children.changed(running, ended, true);
  EXPECT_EQ(children.unfinished(), 0U);
  children.changed(ended, running, true);  // run again
  EXPECT_EQ(children.unfinished(), 1U);
  children.changed(running, nullptr, true);
  EXPECT_EQ(children.unfinished(), 0U);
}

TEST(ScheduleChildren, KeepADeletedCheckUntilTheStatusToldOfIt) {
  ScheduleChildren children;
  const CheckSnapshot ended = child("a", "one", Phase::kCompleted);
  children.changed(nullptr, ended, true);
  const std::vector<ScheduleChild> before = children.of("one");
  children.changed(ended, nullptr, true);
  children.told("one", before);  // told of it when it still was there
  ASSERT_EQ(children.of("one").size(), 1U);
  EXPECT_TRUE(children.of("one")[0].gone);
  children.told("one", children.of("one"));
  EXPECT_TRUE(children.of("one").empty());
}

TEST(ScheduleChildren, LoseACheckWhoseOwnerReferenceIsTakenAway) {
  ScheduleChildren children;
  const CheckSnapshot owned = child("a", "one", Phase::kRunning);
  HealthCheck check = *owned;
  check.meta.owner_references.clear();
  const auto free = std::make_shared<const HealthCheck>(check);
  children.changed(nullptr, owned, true);
  children.changed(owned, free, true);
  EXPECT_TRUE(children.of("one").empty());
  EXPECT_EQ(children.unfinished(), 0U);
  children.changed(free, child("a", "two", Phase::kRunning), true);
  EXPECT_EQ(children.of("two").size(), 1U);
  EXPECT_EQ(children.unfinished(), 1U);
}

TEST(ScheduleChildren, ForgetADeletedCheckWhoseScheduleIsGone) {
  ScheduleChildren children;
  const CheckSnapshot running = child("a", "one", Phase::kRunning);
  children.changed(nullptr, running, true);
  children.changed(running, nullptr, false);
  EXPECT_TRUE(children.of("one").empty());
  EXPECT_EQ(children.unfinished(), 0U);
}

TEST(ScheduleChildren, KeepABoundedNumberOfDeletedOnes) {
  ScheduleChildren children;
  for (int i = 0; i < 1000; ++i) {
    const CheckSnapshot ended = child(std::to_string(i), "one", Phase::kCompleted);
    children.changed(nullptr, ended, true);
    children.changed(ended, nullptr, true);
  }
  EXPECT_EQ(children.of("one").size(), 100U);
}

}  // namespace
}  // namespace holmes
