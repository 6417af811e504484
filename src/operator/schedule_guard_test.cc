// What others can do to a schedule's checks, and what a schedule must not do to others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(ScheduleGuard, NoCheckIsDeletedBeforeItIsKnownWhichSchedulesThereAre) {
  ScheduleWorld world;
  ScheduledHealthCheck asked = new_schedule();
  asked.spec.check.ttl_after_finished = seconds(0);
  world.cluster.put(asked);
  {
    const Process process(world);
    world.loop.advance(seconds(61));  // the check of the first minute runs, and nobody tells of it
    ASSERT_TRUE(world.cluster.has(child_name(world.schedule().meta, at_minute(1))));
  }
  // The next process gets the checks at once, the schedules late.
  bool late = true;
  world.cluster.before = [&late](const kube::Request& request) -> Status {
    const bool schedules = request.path.ends_with("/scheduledhealthchecks");
    if (late && schedules) return fail(ErrorCode::kForbidden, "no rights yet");
    return {};
  };
  const Process process(world, "two");
  world.loop.advance(seconds(30));
  EXPECT_TRUE(world.cluster.has(child_name(world.schedule().meta, at_minute(1))));
  late = false;
  world.loop.advance(seconds(100));
  EXPECT_EQ(world.account().children.at(at_minute(1)), 1);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleGuard, ACheckOfAnotherNamespaceIsNoChildWhateverItSays) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(30));
  HealthCheck forged = new_check(child_name(world.schedule().meta, at_minute(2)) + "");
  forged.meta.ns = "elsewhere";
  forged.meta.name = "forged";
  forged.spec.suspend = true;  // never ends
  forged.meta.owner_references.push_back(
      {"holmesgpt.dev/v1alpha1", std::string(kScheduleKind), "s", world.schedule().meta.uid, true});
  world.cluster.put(forged);
  world.loop.advance(minutes(2));
  EXPECT_EQ(world.cluster.checks().size(), 3U);
  EXPECT_EQ(world.missed(MissedReason::kForbid), 0);
  EXPECT_EQ(world.status().history.size(), 2U);
}

TEST(ScheduleGuard, ACheckThatIsTakenFromItsScheduleHoldsUpNoTick) {
  ScheduleWorld world;
  world.server.duration = seconds(250);
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(70));
  world.cluster.edit_check(child_name(world.schedule().meta, at_minute(1)), [](json::object& o) {
    o["metadata"].get_object().erase("ownerReferences");
  });
  world.loop.advance(seconds(60));
  EXPECT_TRUE(world.ran(2));
  ASSERT_EQ(world.status().active.size(), 1U);
  EXPECT_EQ(world.status().active[0].name, child_name(world.schedule().meta, at_minute(2)));
}

TEST(ScheduleGuard, ATickHasOneOutcomeAlsoWhenItsAnnotationIsTakenAway) {
  for (const auto policy : {ConcurrencyPolicy::kForbid, ConcurrencyPolicy::kAllow}) {
    ScheduleWorld world;
    ScheduledHealthCheck asked = new_schedule();
    asked.spec.concurrency_policy = policy;
    world.cluster.put(asked);
    world.cluster.after = [&world](const kube::Request& request) -> Status {
      if (request.verb != kube::Verb::kCreate) return {};
      for (const HealthCheck& check : world.cluster.checks()) {
        if (check.meta.annotations.empty()) continue;
        world.cluster.edit_check(check.meta.name, [](json::object& o) {
          o["metadata"].get_object().erase("annotations");
        });
      }
      return {};
    };
    const Process process(world);
    world.loop.advance(minutes(3) + seconds(30));
    EXPECT_EQ(world.cluster.checks().size(), 3U);
    EXPECT_TRUE(world.status().missed.empty());
    EXPECT_EQ(world.status().last_schedule_time, at_minute(3));
    EXPECT_EQ(world.status().history.size(), 3U);
  }
}

TEST(ScheduleGuard, SlowCreatesHoldUpOtherChecksForABoundedTimeOnly) {
  ScheduleWorld world;
  for (int i = 0; i < 1500; ++i)
    world.cluster.put(new_schedule("0 1 * * *", fmt::format("s{}", i)));
  const Process process(world, "one", 1000);
  world.loop.advance(minutes(59) + seconds(55));
  world.cluster.latency = seconds(3);  // 1,500 creates take more than a minute
  world.loop.advance(seconds(7));
  world.cluster.put(new_check("by-hand"));
  world.loop.advance(seconds(5));
  EXPECT_EQ(world.cluster.at("by-hand").status.phase, Phase::kNew);  // they come first ...
  world.loop.advance(kMaxHold + seconds(10));                        // ... but not for ever
  EXPECT_EQ(world.cluster.at("by-hand").status.phase, Phase::kCompleted);
  EXPECT_LT(world.cluster.checks().size(), 1000U);  // they are still at it
}

}  // namespace
}  // namespace holmes
