#include "cron/time_zone.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

sys_seconds at(std::string_view text) {
  return std::chrono::floor<seconds>(parse_rfc3339(text).value());
}

TEST(TimeZone, IsUtcByDefault) {
  const TimeZone zone;
  EXPECT_EQ(zone.name(), "UTC");
  const ZoneSpan span = zone.span_at(at("2024-06-01T00:00:00Z"));
  EXPECT_EQ(span.offset, seconds(0));
  EXPECT_EQ(span.begin, ZoneSpan::kBeforeAll);
  EXPECT_EQ(span.end, ZoneSpan::kAfterAll);
}

TEST(TimeZone, KnowsTheNamesOfTheDatabase) {
  for (const char* const name : {"UTC", "Etc/UTC", "Etc/GMT+12", "Europe/Berlin", "EST5EDT",
                                 "America/Argentina/Buenos_Aires", "America/Port-au-Prince"}) {
    const auto zone = TimeZone::load(name);
    ASSERT_TRUE(zone) << zone.error().message;
    EXPECT_EQ(zone->name(), name);
  }
}

TEST(TimeZone, RefusesWhatIsNoNameOfTheDatabase) {
  const std::string example = "an IANA name is needed, such as Europe/Berlin or UTC";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "time zone '' is empty; " + example},
      {"Local", "time zone 'Local' depends on the machine; " + example},
      {"local", "time zone 'local' depends on the machine; " + example},
      {"localtime", "time zone 'localtime' depends on the machine; " + example},
      {"../x", "time zone '../x' is not the name of a zone; " + example},
      {"/etc", "time zone '/etc' is not the name of a zone; " + example},
      {"Europe//Berlin", "time zone 'Europe//Berlin' is not the name of a zone; " + example},
      {"Europe/../Europe/Berlin",
       "time zone 'Europe/../Europe/Berlin' is not the name of a zone; " + example},
      {"file:Europe/Berlin",
       "time zone 'file:Europe/Berlin' is not the name of a zone; " + example},
      {"libc:UTC", "time zone 'libc:UTC' is not the name of a zone; " + example},
      {"Fixed/UTC+03:00:00",
       "time zone 'Fixed/UTC+03:00:00' is not the name of a zone; " + example},
      {"right/Europe/Berlin",
       "time zone 'right/Europe/Berlin' is not the name of a zone; " + example},
      {"Europe/Berlin ", "time zone 'Europe/Berlin ' is not the name of a zone; " + example},
      {"Z\xC3\xBCrich", "time zone 'Z\xC3\xBCrich' is not the name of a zone; " + example},
      {"UTC+3", "time zone 'UTC+3' is not in the time zone database; " + example +
                    ", in its exact spelling; a fixed offset in whole hours is written Etc/GMT-3, "
                    "with the sign reversed"},
      {"-05:00",
       "time zone '-05:00' is not the name of a zone; " + example +
           "; a fixed offset in whole hours is written Etc/GMT+5, with the sign reversed"},
      {"europe/berlin", "time zone 'europe/berlin' is not in the time zone database; " + example +
                            ", in its exact spelling"},
      {"Europe", "time zone 'Europe' is not in the time zone database; " + example +
                     ", in its exact spelling"},
      {"Mars/Olympus", "time zone 'Mars/Olympus' is not in the time zone database; " + example +
                           ", in its exact spelling"},
  };
  for (const auto& [name, message] : cases) {
    const auto zone = TimeZone::load(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error(), Error(ErrorCode::kInvalid, message)) << zone.error().message;
  }
  EXPECT_FALSE(TimeZone::load(std::string(70, 'a')));
}

TEST(TimeZone, FindsTheChangesAroundAnInstant) {
  const TimeZone zone = TimeZone::load("Europe/Berlin").value();
  const sys_seconds spring = at("2024-03-31T01:00:00Z");
  const sys_seconds autumn = at("2024-10-27T01:00:00Z");
  for (const sys_seconds t : {spring, at("2024-07-01T12:00:00Z"), autumn - seconds(1)}) {
    const ZoneSpan span = zone.span_at(t);
    EXPECT_EQ(span.begin, spring);
    EXPECT_EQ(span.end, autumn);
    EXPECT_EQ(span.offset, std::chrono::hours(2));
  }
  EXPECT_EQ(zone.span_at(autumn).offset, std::chrono::hours(1));
}

TEST(TimeZone, FollowsItsRuleToTheYear9999) {
  const TimeZone zone = TimeZone::load("America/New_York").value();
  const ZoneSpan span = zone.span_at(at("9999-07-01T00:00:00Z"));
  EXPECT_EQ(span.begin, at("9999-03-14T07:00:00Z"));  // the second Sunday
  EXPECT_EQ(span.end, at("9999-11-07T06:00:00Z"));    // the first Sunday
  EXPECT_EQ(span.offset, std::chrono::hours(-4));
}

TEST(TimeZone, IsOneSpanAfterTheOther) {
  for (const char* const name : {"America/New_York", "Africa/Casablanca", "Pacific/Apia"}) {
    const TimeZone zone = TimeZone::load(name).value();
    ZoneSpan span = zone.span_at(at("1800-01-01T00:00:00Z"));
    EXPECT_EQ(span.begin, ZoneSpan::kBeforeAll);
    while (span.end < at("9999-12-31T00:00:00Z")) {
      const ZoneSpan after = zone.span_at(span.end);
      ASSERT_EQ(after.begin, span.end) << name;
      ASSERT_LT(after.begin, after.end) << name;
      span = after;
    }
  }
}

}  // namespace
}  // namespace holmes
