#include "cron/schedule.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using Texts = std::vector<std::string>;

constexpr DstPolicy kBothPolicies[] = {DstPolicy::kRunOnce, DstPolicy::kKubernetes};

// "2012-03-11T02:30:00-05:00"
WallTime at(std::string_view text) {
  return parse_rfc3339(text).value();
}

std::string text_of(std::optional<WallTime> time) {
  return time ? format_rfc3339(*time) : "never";
}

Schedule schedule(std::string_view text, std::string_view zone = "UTC",
                  DstPolicy policy = DstPolicy::kRunOnce, WallTime anchor = {}) {
  return Schedule::parse(text, {TimeZone::load(zone).value(), policy, anchor}).value();
}

Texts ticks(const Schedule& schedule, std::string_view from, size_t count) {
  Texts found;
  for (auto tick = schedule.next(at(from)); tick && found.size() < count;
       tick = schedule.next(*tick)) {
    found.push_back(format_rfc3339(*tick));
  }
  return found;
}

// The facts of TestActivation in spec_test.go of robfig/cron v3: does the schedule tick then?
TEST(Schedule, TicksWhereTheLibraryOfCronJobsDoes) {
  struct Case {
    const char* time;
    const char* text;
    bool ticks;
  };
  const std::vector<Case> cases{
      {"2012-07-09T15:00:00Z", "0/15 * * * *", true},
      {"2012-07-09T15:45:00Z", "0/15 * * * *", true},
      {"2012-07-09T15:40:00Z", "0/15 * * * *", false},
      {"2012-07-09T15:05:00Z", "5/15 * * * *", true},
      {"2012-07-09T15:20:00Z", "5/15 * * * *", true},
      {"2012-07-09T15:50:00Z", "5/15 * * * *", true},
      {"2012-07-15T15:00:00Z", "0/15 * * Jul *", true},
      {"2012-07-15T15:00:00Z", "0/15 * * Jun *", false},
      {"2012-07-15T08:30:00Z", "30 08 ? Jul Sun", true},
      {"2012-07-15T08:30:00Z", "30 08 15 Jul ?", true},
      {"2012-07-16T08:30:00Z", "30 08 ? Jul Sun", false},
      {"2012-07-16T08:30:00Z", "30 08 15 Jul ?", false},
      {"2012-07-09T15:00:00Z", "@hourly", true},
      {"2012-07-09T15:04:00Z", "@hourly", false},
      {"2012-07-09T15:00:00Z", "@daily", false},
      {"2012-07-09T00:00:00Z", "@daily", true},
      {"2012-07-09T00:00:00Z", "@weekly", false},
      {"2012-07-08T00:00:00Z", "@weekly", true},
      {"2012-07-08T01:00:00Z", "@weekly", false},
      {"2012-07-08T00:00:00Z", "@monthly", false},
      {"2012-07-01T00:00:00Z", "@monthly", true},
      // Both day fields restricted: one is enough.
      {"2012-07-15T00:00:00Z", "* * 1,15 * Sun", true},
      {"2012-06-15T00:00:00Z", "* * 1,15 * Sun", true},
      {"2012-08-01T00:00:00Z", "* * 1,15 * Sun", true},
      {"2012-07-15T00:00:00Z", "* * */10 * Sun", true},
      {"2012-07-15T00:00:00Z", "* * */2 * Sun", true},
      // One has a star: both.
      {"2012-07-15T00:00:00Z", "* * * * Mon", false},
      {"2012-07-09T00:00:00Z", "* * 1,15 * *", false},
      {"2012-07-15T00:00:00Z", "* * 1,15 * *", true},
  };
  for (const Case& c : cases) {
    for (const DstPolicy policy : kBothPolicies) {
      const auto next = schedule(c.text, "UTC", policy).next(at(c.time) - std::chrono::seconds(1));
      EXPECT_EQ(next == at(c.time), c.ticks) << c.text << " at " << c.time;
    }
  }
}

// The facts of TestNext there, without its field of seconds.
TEST(Schedule, GoesOnLikeTheLibraryOfCronJobs) {
  struct Case {
    const char* after;
    const char* text;
    const char* next;
    const char* zone = "UTC";
  };
  constexpr const char* kNewYork = "America/New_York";
  const std::vector<Case> cases{
      {"2012-07-09T14:45:00Z", "0/15 * * * *", "2012-07-09T15:00:00Z"},
      {"2012-07-09T14:59:00Z", "0/15 * * * *", "2012-07-09T15:00:00Z"},
      {"2012-07-09T14:59:59Z", "0/15 * * * *", "2012-07-09T15:00:00Z"},
      {"2012-07-09T15:45:00Z", "20-35/15 * * * *", "2012-07-09T16:20:00Z"},
      {"2012-07-09T23:46:00Z", "*/15 * * * *", "2012-07-10T00:00:00Z"},
      {"2012-07-09T23:45:00Z", "20-35/15 * * * *", "2012-07-10T00:20:00Z"},
      {"2012-07-09T23:35:51Z", "20-35/15 1/2 * * *", "2012-07-10T01:20:00Z"},
      {"2012-07-09T23:35:51Z", "20-35/15 10-12 * * *", "2012-07-10T10:20:00Z"},
      {"2012-07-09T23:35:51Z", "20-35/15 1/2 */2 * *", "2012-07-11T01:20:00Z"},
      {"2012-07-09T23:35:51Z", "20-35/15 * 9-20 * *", "2012-07-10T00:20:00Z"},
      {"2012-07-09T23:35:51Z", "20-35/15 * 9-20 Jul *", "2012-07-10T00:20:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 9 Apr-Oct ?", "2012-08-09T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 */5 Apr,Aug,Oct Mon", "2012-08-01T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 */5 Oct Mon", "2012-10-01T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 * Feb Mon", "2013-02-04T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 * Feb Mon/2", "2013-02-01T00:00:00Z"},
      {"2012-12-31T23:59:45Z", "* * * * *", "2013-01-01T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 29 Feb ?", "2016-02-29T00:00:00Z"},
      // The clock jumps from 02:00 to 03:00.
      {"2012-03-11T00:00:00-05:00", "30 2 11 Mar ?", "2013-03-11T02:30:00-04:00", kNewYork},
      {"2012-03-11T00:00:00-05:00", "0 * * * ?", "2012-03-11T01:00:00-05:00", kNewYork},
      {"2012-03-11T01:00:00-05:00", "0 * * * ?", "2012-03-11T03:00:00-04:00", kNewYork},
      {"2012-03-11T03:00:00-04:00", "0 * * * ?", "2012-03-11T04:00:00-04:00", kNewYork},
      {"2012-03-11T04:00:00-04:00", "0 * * * ?", "2012-03-11T05:00:00-04:00", kNewYork},
      {"2012-03-11T00:00:00-05:00", "0 1 * * ?", "2012-03-11T01:00:00-05:00", kNewYork},
      {"2012-03-11T01:00:00-05:00", "0 1 * * ?", "2012-03-12T01:00:00-04:00", kNewYork},
      {"2012-03-11T00:00:00-05:00", "0 2 * * ?", "2012-03-12T02:00:00-04:00", kNewYork},
      // The clock jumps from 02:00 to 01:00.
      {"2012-11-04T00:00:00-04:00", "30 2 04 Nov ?", "2012-11-04T02:30:00-05:00", kNewYork},
      {"2012-11-04T01:45:00-04:00", "30 1 04 Nov ?", "2012-11-04T01:30:00-05:00", kNewYork},
      {"2012-11-04T00:00:00-04:00", "0 * * * ?", "2012-11-04T01:00:00-04:00", kNewYork},
      {"2012-11-04T01:00:00-04:00", "0 * * * ?", "2012-11-04T01:00:00-05:00", kNewYork},
      {"2012-11-04T01:00:00-05:00", "0 * * * ?", "2012-11-04T02:00:00-05:00", kNewYork},
      {"2012-11-04T00:00:00-04:00", "0 1 * * ?", "2012-11-04T01:00:00-04:00", kNewYork},
      {"2012-11-04T01:00:00-04:00", "0 1 * * ?", "2012-11-04T01:00:00-05:00", kNewYork},
      {"2012-11-04T01:00:00-05:00", "0 1 * * ?", "2012-11-05T01:00:00-05:00", kNewYork},
      {"2012-11-04T00:00:00-04:00", "0 2 * * ?", "2012-11-04T02:00:00-05:00", kNewYork},
      {"2012-11-04T02:00:00-05:00", "0 2 * * ?", "2012-11-05T02:00:00-05:00", kNewYork},
      {"2012-11-04T00:00:00-04:00", "0 3 * * ?", "2012-11-04T03:00:00-05:00", kNewYork},
      {"2012-11-04T03:00:00-05:00", "0 3 * * ?", "2012-11-05T03:00:00-05:00", kNewYork},
      {"2012-11-04T00:00:00-04:00", "0 3 3 * ?", "2012-12-03T03:00:00-05:00", kNewYork},
      // A zone where midnight does not exist on one day.
      {"2018-10-17T05:00:00-04:00", "0 9 10 * ?", "2018-11-10T06:00:00-05:00", "America/Sao_Paulo"},
      {"2018-02-14T05:00:00-05:00", "0 9 22 * ?", "2018-02-22T07:00:00-05:00", "America/Sao_Paulo"},
      {"2016-01-03T13:09:03+05:30", "14 14 * * *", "2016-01-03T14:14:00+05:30", "Asia/Kolkata"},
      {"2016-01-03T04:09:03+05:30", "14 14 * * ?", "2016-01-03T14:14:00+05:30", "Asia/Kolkata"},
      {"2016-01-03T14:09:03+05:30", "14 14 * * *", "2016-01-03T14:14:00+05:30", "Asia/Kolkata"},
      {"2016-01-03T14:00:00+05:30", "14 14 * * ?", "2016-01-03T14:14:00+05:30", "Asia/Kolkata"},
  };
  for (const Case& c : cases) {
    const Schedule s = schedule(c.text, c.zone, DstPolicy::kKubernetes);
    EXPECT_EQ(text_of(s.next(at(c.after))), format_rfc3339(at(c.next)))
        << c.text << " after " << c.after;
  }
}

TEST(Schedule, RunsSkippedTimesOnceAtTheEndOfTheGap) {
  EXPECT_EQ(ticks(schedule("30 2 * * *", "Europe/Berlin"), "2024-03-30T00:00:00Z", 3),
            (Texts{"2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"}));
  // Four of the gap and the one at 03:00 are one.
  EXPECT_EQ(ticks(schedule("*/15 2,3 * * *", "Europe/Berlin"), "2024-03-31T00:00:00Z", 2),
            (Texts{"2024-03-31T01:00:00Z", "2024-03-31T01:15:00Z"}));
  EXPECT_EQ(ticks(schedule("15 2 * * *", "Australia/Lord_Howe"), "2024-10-05T00:00:00Z", 2),
            (Texts{"2024-10-05T15:30:00Z", "2024-10-06T15:15:00Z"}));
  EXPECT_EQ(ticks(schedule("0 0 * * *", "America/Sao_Paulo"), "2018-11-03T12:00:00Z", 2),
            (Texts{"2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"}));
}

TEST(Schedule, RunsTheTicksOfASkippedDayOnceAtItsEnd) {
  EXPECT_EQ(ticks(schedule("0 9,12 * * *", "Pacific/Apia"), "2011-12-29T23:00:00Z", 3),
            (Texts{"2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z", "2011-12-30T22:00:00Z"}));
  EXPECT_EQ(ticks(schedule("0 9 30 * *", "Pacific/Apia"), "2011-12-01T00:00:00Z", 1),
            (Texts{"2011-12-30T10:00:00Z"}));
  EXPECT_EQ(ticks(schedule("0 9 30 12 *", "Pacific/Apia", DstPolicy::kKubernetes),
                  "2011-12-01T00:00:00Z", 1),
            (Texts{"2012-12-29T19:00:00Z"}));
}

TEST(Schedule, RunsRepeatedTimesAtTheirFirstPass) {
  EXPECT_EQ(ticks(schedule("30 2 * * *", "Europe/Berlin"), "2024-10-26T12:00:00Z", 2),
            (Texts{"2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"}));
  EXPECT_EQ(ticks(schedule("30 2 * * *", "Europe/Berlin", DstPolicy::kKubernetes),
                  "2024-10-26T12:00:00Z", 2),
            (Texts{"2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"}));
  EXPECT_EQ(ticks(schedule("45 1 * * *", "Australia/Lord_Howe"), "2024-04-06T00:00:00Z", 2),
            (Texts{"2024-04-06T14:45:00Z", "2024-04-07T15:15:00Z"}));
  // Morocco turns its clocks back for Ramadan.
  EXPECT_EQ(ticks(schedule("30 2 * * *", "Africa/Casablanca"), "2024-03-09T12:00:00Z", 2),
            (Texts{"2024-03-10T01:30:00Z", "2024-03-11T02:30:00Z"}));
}

TEST(Schedule, FollowsTheClockWhereTheHourBeginsWithAStar) {
  for (const char* const hour : {"*", "?", "*/1", "*,3"}) {
    const std::string text = fmt::format("30 {} * * *", hour);
    EXPECT_EQ(ticks(schedule(text, "Europe/Berlin"), "2024-10-27T00:00:00Z", 3),
              (Texts{"2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T02:30:00Z"}))
        << text;
    EXPECT_EQ(ticks(schedule(text, "Europe/Berlin"), "2024-03-31T00:00:00Z", 2),
              (Texts{"2024-03-31T00:30:00Z", "2024-03-31T01:30:00Z"}))
        << text;
  }
  EXPECT_EQ(ticks(schedule("30 0-23 * * *", "Europe/Berlin"), "2024-10-27T00:00:00Z", 2),
            (Texts{"2024-10-27T00:30:00Z", "2024-10-27T02:30:00Z"}));
}

TEST(Schedule, KnowsLeapDaysAndFarYears) {
  EXPECT_EQ(ticks(schedule("0 0 29 2 *"), "2095-01-01T00:00:00Z", 3),
            (Texts{"2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z"}));
  EXPECT_EQ(text_of(schedule("0 0 29 2 *").previous(at("2104-02-28T23:59:59Z"))),
            "2096-02-29T00:00:00Z");
  EXPECT_EQ(ticks(schedule("0 0 1 3 *"), "2100-02-27T00:00:00Z", 1),
            (Texts{"2100-03-01T00:00:00Z"}));
  EXPECT_EQ(ticks(schedule("0 12 * * *", "Europe/Berlin"), "2437-07-01T12:00:00Z", 1),
            (Texts{"2437-07-02T10:00:00Z"}));
  EXPECT_EQ(ticks(schedule("0 12 * * *", "Europe/Berlin"), "2443-07-01T12:00:00Z", 1),
            (Texts{"2443-07-02T10:00:00Z"}));
}

TEST(Schedule, NeverReturnsATickAtOrBeforeTheGivenTime) {
  const Schedule s = schedule("* * * * *");
  const WallTime tick = at("2024-01-01T00:01:00Z");
  const std::chrono::microseconds instant(1);
  EXPECT_EQ(s.next(tick - instant), tick);
  EXPECT_EQ(s.next(tick), tick + std::chrono::minutes(1));
  EXPECT_EQ(s.next(tick + instant), tick + std::chrono::minutes(1));
  EXPECT_EQ(s.previous(tick - instant), tick - std::chrono::minutes(1));
  EXPECT_EQ(s.previous(tick), tick);
  EXPECT_EQ(s.previous(tick + instant), tick);
}

TEST(Schedule, EndsWithTheYear9999AndBeginsWithTheYear1) {
  for (const char* const zone : {"UTC", "America/New_York", "Pacific/Apia"}) {
    const Schedule s = schedule("* * * * *", zone);
    EXPECT_EQ(text_of(s.next(at("9999-12-31T23:58:00Z"))), "9999-12-31T23:59:00Z") << zone;
    EXPECT_EQ(s.next(at("9999-12-31T23:59:00Z")), std::nullopt) << zone;
    EXPECT_EQ(s.next(WallTime::max()), std::nullopt) << zone;
    EXPECT_EQ(text_of(s.previous(WallTime::max())), "9999-12-31T23:59:00Z") << zone;
    EXPECT_EQ(s.previous(WallTime::min()), std::nullopt) << zone;
    EXPECT_LT(*s.next(WallTime::min()), at("0001-01-01T00:01:00Z")) << zone;
    EXPECT_EQ(s.previous(*s.next(WallTime::min()) - std::chrono::seconds(1)), std::nullopt) << zone;
    EXPECT_EQ(s.count(WallTime::max(), WallTime::min()), 0U);
  }
  // 9999 years have 3,652,059 days.
  EXPECT_EQ(schedule("* * * * *").count(WallTime::min(), WallTime::max()), 3'652'059ULL * 24 * 60);
}

TEST(Schedule, CountsAsManyTicksAsThereAreSteps) {
  for (const char* const zone : {"America/New_York", "Australia/Lord_Howe", "Pacific/Apia"}) {
    for (const char* const text : {"7 * * * *", "30 1,2,3 * * *", "0 0 1,15 * mon", "@every 7h"}) {
      for (const DstPolicy policy : kBothPolicies) {
        const Schedule s = schedule(text, zone, policy);
        const WallTime from = at("2011-10-01T00:30:00Z");
        const WallTime until = at("2012-05-01T00:30:00Z");
        uint64_t steps = 0;
        for (WallTime tick = *s.next(from); tick <= until; tick = *s.next(tick)) {
          EXPECT_EQ(s.previous(tick), tick);
          ++steps;
          ASSERT_EQ(s.count(from, tick), steps) << text << " in " << zone;
        }
        EXPECT_EQ(s.count(from, until), steps);
      }
    }
  }
}

TEST(Schedule, StepsBackWhereItSteppedForward) {
  for (const char* const zone : {"Europe/Berlin", "America/Sao_Paulo", "Africa/Casablanca"}) {
    for (const char* const text : {"30 0-3 * * *", "0 0 * * *", "15 2 */3 * fri-sun"}) {
      for (const DstPolicy policy : kBothPolicies) {
        const Schedule s = schedule(text, zone, policy);
        WallTime tick = *s.next(at("2016-01-01T00:00:00Z"));
        for (int i = 0; i < 2000; ++i) {
          const WallTime next = *s.next(tick);
          ASSERT_LT(tick, next);
          ASSERT_EQ(s.previous(next - std::chrono::microseconds(1)), tick) << text_of(next);
          tick = next;
        }
      }
    }
  }
}

TEST(Schedule, CountsAPeriodFromItsAnchor) {
  const WallTime anchor = at("2024-01-01T00:00:10.7Z");
  const Schedule s = schedule("@every 90s", "Europe/Berlin", DstPolicy::kRunOnce, anchor);
  EXPECT_EQ(ticks(s, "2023-06-01T00:00:00Z", 2),
            (Texts{"2024-01-01T00:01:40Z", "2024-01-01T00:03:10Z"}));
  EXPECT_EQ(ticks(s, "2024-01-01T00:01:40Z", 1), (Texts{"2024-01-01T00:03:10Z"}));
  EXPECT_EQ(s.previous(at("2024-01-01T00:01:39Z")), std::nullopt);
  EXPECT_EQ(text_of(s.previous(at("2024-01-01T00:01:40Z"))), "2024-01-01T00:01:40Z");
  EXPECT_EQ(text_of(s.previous(at("2024-03-31T03:00:00Z"))), "2024-03-31T02:58:40Z");
  EXPECT_EQ(s.count(at("2023-06-01T00:00:00Z"), at("2024-01-01T00:01:39Z")), 0U);
  EXPECT_EQ(s.count(at("2023-06-01T00:00:00Z"), at("2024-01-01T01:00:10Z")), 40U);
  EXPECT_EQ(s.next(at("9999-12-31T23:59:59Z")), std::nullopt);
}

TEST(Schedule, KnowsItsShortestPeriod) {
  const std::vector<std::pair<std::string, std::chrono::seconds>> cases{
      {"* * * * *", std::chrono::minutes(1)},     {"*/15 * * * *", std::chrono::minutes(15)},
      {"*/7 * * * *", std::chrono::minutes(4)},   {"5 * * * *", std::chrono::hours(1)},
      {"0 9,17 * * *", std::chrono::hours(8)},    {"0 1,23 * * *", std::chrono::hours(2)},
      {"0 1,23 * * mon", std::chrono::hours(22)}, {"0 9 * * *", std::chrono::hours(24)},
      {"0 9 * * mon", std::chrono::days(7)},      {"0 9 * * mon,wed", std::chrono::days(2)},
      {"0 0 1 * *", std::chrono::days(28)},       {"0 0 13 * fri", std::chrono::days(1)},
      {"@yearly", std::chrono::days(365)},        {"0 0 29 2 *", std::chrono::days(4 * 365 + 1)},
      {"0 0 31 12,1 *", std::chrono::days(31)},   {"@every 90s", std::chrono::seconds(90)},
  };
  for (const auto& [text, period] : cases) {
    EXPECT_EQ(schedule(text).shortest_period(), period) << text;
  }
}

TEST(Schedule, NamesItsPolicies) {
  for (const DstPolicy policy : kBothPolicies)
    EXPECT_EQ(parse_dst_policy(to_string(policy)), policy);
  EXPECT_EQ(to_string(DstPolicy::kKubernetes), "Kubernetes");
  EXPECT_EQ(parse_dst_policy("runonce"), std::nullopt);
  EXPECT_EQ(parse_dst_policy(""), std::nullopt);
}

TEST(Schedule, RunsInUtcAndOnceUnlessToldOtherwise) {
  const Schedule s = Schedule::parse("0 9 * * *").value();
  EXPECT_EQ(ticks(s, "2024-01-01T00:00:00Z", 1), (Texts{"2024-01-01T09:00:00Z"}));
  EXPECT_FALSE(Schedule::parse("0 9 * *"));
}

}  // namespace
}  // namespace holmes
