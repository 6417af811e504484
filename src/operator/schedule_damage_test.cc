// Statuses that somebody else wrote: they heal with a few writes, cost no tick and no foreign
// object.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/schedule_world_testing.h"

namespace holmes {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Puts this status into the world's schedule, starts an operator, and expects that all is healed
// long before the next tick, then quiet, and that the tick runs.
void expect_healing(ScheduleWorld& world, const json::value& status, const std::string& where) {
  world.cluster.edit_schedule("s", [&](json::object& object) { object["status"] = status; });
  const Process process(world, "healer");
  const WallTime begin = world.loop.wall_now();
  const int writes = world.cluster.writes;
  world.loop.advance(seconds(10));
  EXPECT_LE(world.cluster.writes - writes, 6) << where;
  world.cluster.requests.clear();
  const WallTime tick = std::chrono::floor<hours>(begin) + hours(1);
  world.advance_to(tick - seconds(1));
  EXPECT_THAT(world.cluster.requests, ::testing::IsEmpty()) << where;
  world.advance_to(tick + seconds(10));
  EXPECT_EQ(world.account().children.count(tick), 1U) << where;
  EXPECT_EQ(world.ledger.doubled(world.schedule().meta.uid), "") << where;
  EXPECT_TRUE(world.status().active.empty()) << where;
  EXPECT_EQ(world.status().last_schedule_time, tick) << where;
  EXPECT_LE(world.status().history.size(), 10U) << where;
  EXPECT_TRUE(kube::find_condition(world.status().conditions, kReady)->status) << where;
  // What is stored is readable as a whole.
  EXPECT_EQ(world.ledger.of(world.schedule()).unfinished.size(), 0U) << where;
}

ScheduleWorld& with_hourly(ScheduleWorld& world) {
  world.cluster.put(new_schedule("0 * * * *"));
  world.loop.advance(minutes(5));
  return world;
}

TEST(ScheduleDamage, AHistoryOfTenThousandEntriesHeals) {
  ScheduleWorld world;
  with_hourly(world);
  json::array history;
  json::array active;
  for (int i = 0; i < 10'000; ++i) {
    history.push_back(json::object{{"executionTime", format_rfc3339(at_second(-i * 60))},
                                   {"result", i % 3 == 0 ? "pass" : "fail"},
                                   {"checkName", fmt::format("junk-{}", i)}});
    active.push_back(json::object{{"name", fmt::format("junk-{}", i)},
                                  {"namespace", i % 2 == 0 ? "default" : "kube-system"},
                                  {"uid", fmt::format("uid-{}", i)}});
  }
  expect_healing(world, json::object{{"history", history}, {"active", active}}, "");
}

TEST(ScheduleDamage, ForeignObjectsNamedAsActiveAreLeftAlone) {
  ScheduleWorld world;
  with_hourly(world);
  HealthCheck foreign = new_check("s-foreign");  // even named like one of ours
  foreign.spec.suspend = true;
  world.cluster.put(foreign);
  ScheduledHealthCheck edited = world.schedule();
  edited.spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  world.cluster.put(edited);
  const auto active = [](std::string_view name, std::string_view ns, std::string_view uid) {
    return json::object{{"name", name}, {"namespace", ns}, {"uid", uid}};
  };
  expect_healing(
      world,
      json::object{{"active",
                    {active("s-foreign", "default", "uid-s-foreign"),
                     active("s-foreign", "default", "another"),
                     active("coredns", "kube-system", "1"), active("../../secrets", "default", "2"),
                     active("s-/../x", "default", "3"), active("s-gone", "default", "4")}}},
      "");
  EXPECT_FALSE(world.cluster.at("s-foreign").spec.cancel);
}

TEST(ScheduleDamage, TimesOfTheFutureHeal) {
  for (const hours ahead : {hours(4), hours(24 * 365)}) {
    ScheduleWorld world;
    with_hourly(world);
    const std::string then = format_rfc3339(world.loop.wall_now() + ahead);
    const std::string missed = format_rfc3339(world.loop.wall_now() + hours(2));
    expect_healing(
        world,
        json::object{
            {"lastScheduleTime", then},
            {"lastSuccessfulTime", then},
            {"nextScheduleTime", then},
            {"history", {{{"executionTime", then}, {"result", "pass"}}}},
            {"missed", {{{"from", missed}, {"to", missed}, {"count", 1}, {"reason", "Forbid"}}}},
            {"observedSchedule",
             {{"schedule", "0 * * * *"}, {"dstPolicy", "RunOnce"}, {"since", then}}}},
        then);
    EXPECT_LE(world.status().last_successful_time, world.loop.wall_now());
  }
}

TEST(ScheduleDamage, AStatusOfTheWrongShapeHeals) {
  const std::array statuses{
      R"(null)",
      R"("broken")",
      R"([1, 2])",
      R"({})",
      R"({"history": "none", "active": {"a": 1}, "missed": 7, "conditions": "Ready"})",
      R"({"history": [null, 1, "x", {}, {"executionTime": 5}], "active": [[], {"name": 3}],
          "missed": [{"from": "x"}], "conditions": [{"type": 1}, null]})",
      R"({"lastScheduleTime": 17, "nextScheduleTime": "soon", "lastResult": "maybe",
          "consecutiveFailures": "many", "observedGeneration": -5, "runNow": "yes"})",
      R"({"observedSchedule": {"schedule": 5}})",
      R"({"observedSchedule": {"schedule": "61 * * * *", "dstPolicy": "RunOnce",
                               "since": "2023-12-31T00:00:00Z"}})",
      R"({"observedSchedule": {"schedule": "", "dstPolicy": "RunOnce",
                               "since": "2023-12-31T00:00:00Z"}})",
      R"({"conditions": [{"type": "Suspended", "status": "True", "reason": "x", "message": "",
                          "lastTransitionTime": "2023-12-31T00:00:00Z"}]})",
      R"({"missed": [{"from": "2024-01-01T05:00:00Z", "to": "2024-01-01T01:00:00Z", "count": 3,
                      "reason": "Forbid"}, {"from": "2024-01-01T00:00:00Z",
                      "to": "2024-01-01T00:00:00Z", "count": -3, "reason": "Forbid"}]})",
  };
  for (const char* text : statuses) {
    ScheduleWorld world;
    with_hourly(world);
    expect_healing(world, parse_json(text).value(), text);
  }
}

TEST(ScheduleDamage, AnInventedRunNowMakesOneCheck) {
  ScheduleWorld world;
  with_hourly(world);
  expect_healing(world, json::object{{"runNow", {{"id", "invented"}}}}, "");
  EXPECT_EQ(world.account().runs_by_hand.size(), 1U);
}

TEST(ScheduleDamage, ARunNowIdThatNamesNothingPossibleEndsAsDenied) {
  for (const std::string id : {"../../../x", "UPPER", "a b"}) {
    ScheduleWorld world;
    with_hourly(world);
    world.cluster.before = [&](const kube::Request& request) -> Status {
      if (request.verb != kube::Verb::kCreate || request.body.find(id) == std::string::npos) {
        return {};
      }
      return fail(ErrorCode::kInvalid, "metadata.name is no name");
    };
    expect_healing(world, json::object{{"runNow", {{"id", id}}}}, id);
    EXPECT_EQ(world.status().run_now_id, "");
  }
}

TEST(ScheduleDamage, AChecksMarksOfHandMakeNoTickRunTwice) {
  // The label and the annotation are for people; the name and the owner are what counts.
  ScheduleWorld world;
  world.cluster.put(new_schedule());
  const Process process(world);
  world.loop.advance(seconds(90));
  world.cluster.edit_check(world.cluster.checks()[0].meta.name, [](json::object& object) {
    json::object& meta = object["metadata"].get_object();
    meta["annotations"] = {{kScheduledAtAnnotation, "2024-01-01T00:07:00Z"}};
    meta.erase("labels");
  });
  world.loop.advance(minutes(8));
  EXPECT_EQ(world.account().children.size(), 9U);
  EXPECT_EQ(world.inexact(), "");
}

}  // namespace
}  // namespace holmes
