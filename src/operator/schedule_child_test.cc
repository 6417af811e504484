#include "operator/schedule_child.h"

#include <set>

#include <gtest/gtest.h>

#include "base/strings.h"
#include "operator/check_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;

ScheduledHealthCheck schedule_named(std::string name, std::string uid = "u") {
  ScheduledHealthCheck schedule;
  schedule.meta.name = std::move(name);
  schedule.meta.ns = "team";
  schedule.meta.uid = std::move(uid);
  schedule.spec.schedule = "0 * * * *";
  schedule.spec.check.query = "Is all well?";
  return schedule;
}

HealthCheck made(const ScheduledHealthCheck& schedule, std::optional<WallTime> tick) {
  const std::string name = tick ? child_name(schedule.meta, *tick) : "by-hand";
  return HealthCheck::from_json(make_child(schedule, name, tick)).value();
}

TEST(ScheduleChild, IsNamedByTheScheduleAndTheTickInUtc) {
  const auto schedule = schedule_named("front");
  const std::string name = child_name(schedule.meta, at_second(3661));
  EXPECT_EQ(name.substr(0, 22), "front-20240101-010101-");
  EXPECT_EQ(name.size(), 28U);
  EXPECT_EQ(child_prefix(schedule.meta), "front-");
  EXPECT_EQ(run_now_name(schedule.meta, "abc"), "front-now-abc");
}

TEST(ScheduleChild, HasAnotherNameForAnotherTickAndForASuccessorOfTheSchedule) {
  std::set<std::string> names;
  for (const char* uid : {"one", "two"}) {
    for (int i = 0; i < 500; ++i) {
      names.insert(child_name(schedule_named("s", uid).meta, at_second(i)));
    }
  }
  EXPECT_EQ(names.size(), 1000U);
  EXPECT_EQ(child_name(schedule_named("s").meta, at_second(5)),
            child_name(schedule_named("s").meta, at_second(5)));
}

TEST(ScheduleChild, HasANameAndALabelThatFitHoweverLongTheSchedulesNameIs) {
  for (size_t length = 1; length <= 253; ++length) {
    const std::string name = std::string(length - 1, 'a') + "b";
    EXPECT_LE(child_name(schedule_named(name).meta, at_second(0)).size(), 253U) << length;
    EXPECT_LE(run_now_name(schedule_named(name).meta, "0123456789ab").size(), 253U) << length;
    EXPECT_LE(scheduled_by(name).size(), 63U) << length;
    EXPECT_EQ(scheduled_by(name) == name, length <= 63) << length;
  }
}

TEST(ScheduleChild, HasNoNameWithADotOrDashBeforeADash) {
  for (const std::string end : {"-", ".", ".-.-"}) {
    const std::string name = std::string(227, 'a') + end + std::string(20, 'b');
    const std::string child = child_name(schedule_named(name).meta, at_second(0));
    EXPECT_EQ(child.find(".-"), std::string::npos) << child;
    EXPECT_EQ(child.find("--"), std::string::npos) << child;
  }
}

TEST(ScheduleChild, LabelsOfLongNamesDifferWhereTheNamesDoSoOnlyAtTheEnd) {
  const std::string name(100, 'a');
  EXPECT_NE(scheduled_by(name + "1"), scheduled_by(name + "2"));
}

TEST(ScheduleChild, IsRecognisedByTheUidOfItsController) {
  const auto schedule = schedule_named("s", "u1");
  HealthCheck check = made(schedule, at_second(60));
  EXPECT_TRUE(is_scheduled(check));
  EXPECT_TRUE(is_child_of(check, schedule.meta));
  EXPECT_EQ(scheduled_at(check), at_second(60));
  EXPECT_FALSE(is_child_of(check, schedule_named("s", "u2").meta));
  check.meta.ns = "elsewhere";
  EXPECT_FALSE(is_child_of(check, schedule.meta));
  EXPECT_FALSE(is_scheduled(new_check()));
}

TEST(ScheduleChild, OfARunByHandHasNoTick) {
  EXPECT_EQ(scheduled_at(made(schedule_named("s"), std::nullopt)), std::nullopt);
}

TEST(ScheduleChild, HasTheTickOfItsNameWhateverTheAnnotationSays) {
  HealthCheck check = made(schedule_named("s"), at_second(60));
  check.meta.annotations.clear();
  EXPECT_EQ(scheduled_at(check), at_second(60));
  for (const char* name : {"s-20240101-000100-123456", "s-20241301-000100-abcdef", "s", "",
                           "s-yesterday-noonish-abcdef"}) {
    check.meta.name = name;
    EXPECT_EQ(scheduled_at(check), std::nullopt) << name;
  }
}

TEST(ScheduleChild, IsNoneWhenAnotherApisKindOfThatNameOwnsIt) {
  HealthCheck check = made(schedule_named("s"), at_second(60));
  check.meta.owner_references[0].api_version = "example.com/v1";
  EXPECT_FALSE(is_scheduled(check));
}

TEST(ScheduleChild, GetsWhatTheScheduleAsks) {
  auto schedule = schedule_named("s");
  schedule.spec.check.timeout = seconds(77);
  schedule.spec.check.mode = CheckMode::kAlert;
  schedule.spec.check.destinations.push_back({"slack", "ops", json::object{}});
  schedule.spec.check.model = "m";
  schedule.spec.check.ttl_after_finished = seconds(5);
  schedule.spec.check.backoff_limit = 3;
  EXPECT_EQ(made(schedule, at_second(0)).spec, schedule.spec.check);
}

TEST(ScheduleChild, RunNowIsNamedByTheVersionOfTheScheduleThatAskedForIt) {
  auto schedule = schedule_named("s");
  schedule.meta.resource_version = "7";
  const std::string id = run_now_id(schedule.meta);
  EXPECT_EQ(run_now_id(schedule.meta), id);
  schedule.meta.resource_version = "8";
  EXPECT_NE(run_now_id(schedule.meta), id);
}

TEST(ScheduleChild, StartsAfterADelayThatIsTheSchedulesOwn) {
  auto schedule = schedule_named("s");
  EXPECT_EQ(start_delay(schedule), seconds(0));
  schedule.spec.jitter = seconds(9);
  std::set<seconds> delays;
  for (int i = 0; i < 500; ++i) {
    schedule.meta.uid = std::to_string(i);
    delays.insert(start_delay(schedule));
    EXPECT_EQ(start_delay(schedule), start_delay(schedule));
  }
  EXPECT_EQ(delays.size(), 10U);
  EXPECT_EQ(*delays.begin(), seconds(0));
  EXPECT_EQ(*delays.rbegin(), seconds(9));
}

}  // namespace
}  // namespace holmes
