// What the API server answers to the schedules' requests, and what caches do not show.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;

TEST(ScheduleAnswers, ARunningCheckThatOnlyTheStatusKnowsStillForbidsTheNext) {
  ScheduleWorld world;
  world.server.duration = seconds(200);
  world.cluster.put(new_schedule());
  {
    const Process first(world);
    world.loop.advance(seconds(90));
  }
  const std::string name = child_name(world.schedule().meta, at_minute(1));
  world.cluster.hide(name);
  const Process second(world, "two");
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.account().children.size(), 1U);
  EXPECT_EQ(world.missed(MissedReason::kForbid), 1);
  ASSERT_EQ(world.status().active.size(), 1U);
  world.cluster.show(name);
  world.loop.advance(minutes(4));
  EXPECT_EQ(world.account().unfinished_max, 1U);
  EXPECT_EQ(world.cluster.at(name).status.result, CheckStatus::kPass);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleAnswers, AdoptsItsOwnCheckThatTheCacheDoesNotShow) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const std::string name = child_name(world.schedule().meta, at_minute(1));
  world.cluster.hide(name);
  bool lost = false;
  world.cluster.after = [&lost](const kube::Request& request) -> Status {
    if (!is_create(request) || lost) return {};
    lost = true;
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  const Process process(world);
  world.loop.advance(seconds(90));
  EXPECT_TRUE(lost);
  EXPECT_EQ(world.account().children.at(at_minute(1)), 1);
  EXPECT_EQ(world.status().last_schedule_time, at_minute(1));
  EXPECT_EQ(world.cluster.at(name).status.result, CheckStatus::kPass);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleAnswers, ACheckIsKeptWhileNobodyKnowsWhetherItsScheduleToldOfIt) {
  ScheduleWorld world;
  ScheduledHealthCheck schedule = new_schedule();
  schedule.spec.check.ttl_after_finished = seconds(0);
  world.cluster.put(schedule);
  {
    const Process first(world);
    world.loop.advance(seconds(61));
  }
  // The check ended, no status told of it, and at the next start the schedules cannot be listed.
  bool listed = false;
  world.cluster.before = [&](const kube::Request& request) -> Status {
    if (listed || !request.path.ends_with("/scheduledhealthchecks")) return {};
    return fail(ErrorCode::kRefused, "not now");
  };
  const Process second(world, "two");
  world.loop.advance(seconds(20));
  ASSERT_EQ(world.cluster.checks().size(), 1U);
  EXPECT_TRUE(world.cluster.checks()[0].status.finished());
  listed = true;
  world.advance_to(at_minute(2) + seconds(30));
  EXPECT_EQ(world.inexact(), "");
  EXPECT_TRUE(world.cluster.checks().empty());
  EXPECT_EQ(world.status().history.size(), 2U);
}

TEST(ScheduleAnswers, AnotherOwnersObjectOfTheNameIsLeftAloneAndTheNextTickGoesOn) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const std::string name = child_name(world.schedule().meta, at_minute(1));
  HealthCheck foreign = new_check(name);
  foreign.spec.suspend = true;
  world.cluster.put(foreign);
  const Process process(world);
  world.loop.advance(seconds(50));
  const HealthCheck before = world.cluster.at(name);
  world.loop.advance(seconds(100));
  EXPECT_EQ(world.cluster.at(name), before);
  EXPECT_EQ(world.missed(MissedReason::kCreateDenied), 1);
  EXPECT_TRUE(world.ran(2));
  EXPECT_EQ(world.inexact(), "");
  EXPECT_THAT(world.cluster.event_reasons, Contains("CreateDenied"));
}

TEST(ScheduleAnswers, ACreateThatIsNotAllowedCostsItsTickOnly) {
  for (const ErrorCode code : {ErrorCode::kForbidden, ErrorCode::kInvalid, ErrorCode::kTooLarge}) {
    ScheduleWorld world;
    world.cluster.put(new_schedule());
    int asked = 0;
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (!is_create(request)) return {};
      if (world.loop.wall_now() >= at_minute(3)) return {};
      ++asked;
      return fail(code, "exceeded quota");
    };
    const Process process(world);
    world.loop.advance(minutes(3) + seconds(30));
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(world.missed(MissedReason::kCreateDenied), 2);
    EXPECT_TRUE(world.ran(3));
    EXPECT_EQ(world.inexact(), "");
  }
}

TEST(ScheduleAnswers, ACreateThatFailsForNowIsTriedAgainAndMakesOneCheck) {
  for (const ErrorCode code : {ErrorCode::kRefused, ErrorCode::kUnavailable, ErrorCode::kTimeout,
                               ErrorCode::kUnauthenticated, ErrorCode::kConflict}) {
    for (const bool made : {false, true}) {  // whether the server did it all the same
      ScheduleWorld world;
      world.cluster.put(new_schedule());
      int faults = 3;
      const auto fault = [&](const kube::Request& request) -> Status {
        if (!is_create(request) || faults == 0) return {};
        --faults;
        return fail(code, "try again");
      };
      (made ? world.cluster.after : world.cluster.before) = fault;
      const Process process(world);
      world.loop.advance(seconds(100));
      EXPECT_EQ(world.account().children.at(at_minute(1)), 1);
      EXPECT_EQ(world.status().last_schedule_time, at_minute(1));
      EXPECT_EQ(world.total_executions(), 1);
      EXPECT_EQ(world.inexact(), "");
    }
  }
}

TEST(ScheduleAnswers, ACreateIsNotAskedForAgainOnceItsScheduleIsDeletedWhichNoWatchShowsYet) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  int creates = 0;
  world.cluster.after = [&](const kube::Request& request) -> Status {
    if (!is_create(request)) return {};
    ++creates;
    world.cluster.hide("s");
    world.cluster.remove_schedule("s");
    world.cluster.collect_garbage();
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  const Process process(world);
  world.loop.advance(minutes(2) + seconds(30));
  EXPECT_EQ(creates, 1);
  EXPECT_TRUE(world.cluster.checks().empty());
  EXPECT_EQ(world.total_executions(), 0);
}

TEST(ScheduleAnswers, ACreateIsNotAskedForAgainOnceTheWatchShowedItsCheck) {
  ScheduleWorld world;
  world.server.duration = seconds(1);
  world.cluster.put(new_schedule("*/10 * * * *"));
  int creates = 0;
  world.cluster.before = [&](const kube::Request& request) -> Status {
    const bool refused =
        is_create(request) && creates > 0 && world.loop.wall_now() < at_minute(10) + seconds(8);
    return refused ? fail(ErrorCode::kRefused, "not now") : Status();
  };
  world.cluster.after = [&](const kube::Request& request) -> Status {
    if (!is_create(request) || ++creates > 1) return {};
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  const Process process(world);
  world.advance_to(at_minute(10) + seconds(5));
  const std::string name = child_name(world.schedule().meta, at_minute(10));
  ASSERT_TRUE(world.cluster.has(name) && world.cluster.at(name).status.finished());
  world.cluster.remove(name);
  world.loop.advance(minutes(2));
  EXPECT_EQ(creates, 1);
  EXPECT_EQ(world.total_executions(), 1);
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleAnswers, ACreateIsNotAskedForUntilItsTickIsTooLate) {
  struct Row {
    std::string_view name;
    std::function<void(ScheduledHealthCheckSpec&)> change;
    std::optional<MissedReason> missed;
  };
  const Row rows[] = {
      {"deadline", [](auto& spec) { spec.starting_deadline = seconds(60); },
       MissedReason::kDeadline},
      {"skip", [](auto& spec) { spec.missed_run_policy = MissedRunPolicy::kSkip; },
       MissedReason::kDowntime},
      {"suspended", [](auto& spec) { spec.enabled = false; }, std::nullopt},
  };
  for (const Row& row : rows) {
    ScheduleWorld world;
    world.cluster.put(new_schedule("*/30 * * * *"));
    world.cluster.before = [&](const kube::Request& request) -> Status {
      const bool fails = is_create(request) && world.loop.wall_now() < at_minute(50);
      return fails ? fail(ErrorCode::kUnavailable, "the webhook does not answer") : Status();
    };
    const Process process(world);
    world.advance_to(at_minute(32));
    world.change_spec(row.change);
    world.advance_to(at_minute(55));
    EXPECT_FALSE(world.ran(30)) << row.name;
    EXPECT_EQ(world.total_executions(), 0) << row.name;
    if (row.missed) EXPECT_EQ(world.missed(*row.missed), 1) << row.name;
    EXPECT_EQ(world.status().observed_generation, 2) << row.name;
  }
}

TEST(ScheduleAnswers, ACreateThatIsNotAllowedAnyMoreAdoptsTheCheckThatAnEarlierTryMade) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const std::string name = child_name(world.schedule().meta, at_minute(1));
  world.cluster.hide(name);
  int asked = 0;
  const auto create = [&](const kube::Request& request) {
    return is_create(request) && request.body.find(name) != std::string::npos;
  };
  world.cluster.before = [&](const kube::Request& request) -> Status {
    if (!create(request) || ++asked == 1) return {};
    return fail(ErrorCode::kForbidden, "exceeded quota");
  };
  world.cluster.after = [&](const kube::Request& request) -> Status {
    if (!create(request)) return {};
    return fail(ErrorCode::kTimeout, "no answer");
  };
  const Process process(world);
  world.loop.advance(seconds(90));
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(world.account().missed.empty());
  EXPECT_EQ(world.status().last_schedule_time, at_minute(1));
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleAnswers, ADecisionThatWasWrittenThoughNobodyCouldTellStands) {
  ScheduleWorld world;
  world.server.duration = seconds(200);
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(90));
  // The second tick is passed over, and the answers that would tell of it are lost; then, before
  // the watch shows it, what forbade the tick is over.
  world.cluster.hide("s");
  int lost = 0;
  world.cluster.after = [&](const kube::Request& request) -> Status {
    if (request.path.find("/scheduledhealthchecks/s") == std::string::npos || lost == 2) return {};
    if (++lost == 1) {
      world.cluster.edit_check(world.cluster.checks()[0].meta.name, [](json::object& object) {
        object["status"].get_object()["phase"] = "Completed";
      });
    }
    return fail(ErrorCode::kUnavailable, "connection reset");
  };
  world.loop.advance(seconds(60));
  EXPECT_EQ(lost, 2);
  EXPECT_FALSE(world.ran(2));
  EXPECT_EQ(world.missed(MissedReason::kForbid), 1);
  world.cluster.show("s");
  world.loop.advance(seconds(60));
  EXPECT_EQ(world.inexact(), "");
}

TEST(ScheduleAnswers, AStatusThatSomebodyElseChangedFirstIsWrittenOnTopOfTheChange) {
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  int conflicts = 0;
  world.cluster.before = [&](const kube::Request& request) -> Status {
    const bool status = request.path.ends_with("/scheduledhealthchecks/s/status");
    if (!status || conflicts == 3) return {};
    ++conflicts;
    world.cluster.edit_schedule("s", [&](json::object& object) {
      object["metadata"].get_object()["labels"] = {{"n", std::to_string(conflicts)}};
    });
    return {};
  };
  const Process process(world);
  world.loop.advance(seconds(100));
  EXPECT_EQ(conflicts, 3);
  EXPECT_EQ(world.status().last_schedule_time, at_minute(1));
  EXPECT_EQ(world.schedule().meta.labels.at("n"), "3");
  EXPECT_EQ(world.inexact(), "");
}

}  // namespace
}  // namespace holmes
