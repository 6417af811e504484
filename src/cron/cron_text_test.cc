#include "cron/cron_text.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

CronFields fields(std::string_view text) {
  const auto parsed = parse_cron(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().message;
  return parsed ? std::get<CronFields>(*parsed) : CronFields{};
}

uint64_t bits(const std::vector<int>& values) {
  uint64_t set = 0;
  for (const int value : values) set |= uint64_t{1} << value;
  return set;
}

struct FieldCase {
  std::string field;
  std::vector<int> values;
  bool star = false;
};

TEST(CronText, ReadsMinutes) {
  const std::vector<FieldCase> cases{
      {"0", {0}},
      {"59", {59}},
      {"08", {8}},
      {"1,15", {1, 15}},
      {"10-13", {10, 11, 12, 13}},
      {"20-35/15", {20, 35}},
      {"5/15", {5, 20, 35, 50}},
      {"*/20", {0, 20, 40}},
      {"?/30", {0, 30}},
      {"*/60", {0}},
      {"50/60", {50}},
      {"0-4/2,30,58-59", {0, 2, 4, 30, 58, 59}},
      {"7-7", {7}},
  };
  for (const FieldCase& c : cases) {
    EXPECT_EQ(fields(c.field + " * * * *").minutes, bits(c.values)) << c.field;
  }
}

TEST(CronText, ReadsNamesOfMonthsInAnyCase) {
  const std::vector<FieldCase> cases{
      {"jan", {1}},
      {"DEC", {12}},
      {"Mar-May", {3, 4, 5}},
      {"jan-12/4", {1, 5, 9}},
      {"oct/1", {10, 11, 12}},
      {"feb,7,Nov", {2, 7, 11}},
  };
  for (const FieldCase& c : cases) {
    EXPECT_EQ(fields("0 0 1 " + c.field + " *").months, bits(c.values)) << c.field;
  }
}

TEST(CronText, ReadsDaysOfTheWeekFromSundayToSunday) {
  const std::vector<FieldCase> cases{
      {"0", {0}},
      {"7", {0}},
      {"SUN", {0}},
      {"mon-Fri", {1, 2, 3, 4, 5}},
      {"fri-sun", {5, 6, 0}},
      {"5-7", {5, 6, 0}},
      {"5-0", {5, 6, 0}},
      {"sun-tue", {0, 1, 2}},
      {"sun-sun", {0}},
      {"7-7", {0}},
      {"0-7", {0, 1, 2, 3, 4, 5, 6}},
      {"mon-sun/2", {1, 3, 5, 0}},
      {"*/2", {0, 2, 4, 6}},
      {"1/2", {1, 3, 5}},
      {"mon/2", {1, 3, 5}},
      {"7/2", {0}},
      {"mon,3,sat", {1, 3, 6}},
  };
  for (const FieldCase& c : cases) {
    EXPECT_EQ(fields("0 0 * * " + c.field).days_of_week, bits(c.values)) << c.field;
  }
}

// As robfig/cron v3 has it, which is what CronJobs run on.
TEST(CronText, TakesAFieldForUnrestrictedOnlyForAStarWithoutStep) {
  const std::vector<FieldCase> cases{
      {"*", {}, true},    {"?", {}, true},     {"*/1", {}, true},
      {"5,*", {}, true},  {"*/2,*", {}, true}, {"*/2", {}, false},
      {"?/3", {}, false}, {"1-31", {}, false}, {"1/1", {}, false},
  };
  for (const FieldCase& c : cases) {
    EXPECT_EQ(fields(fmt::format("0 0 {} * 1", c.field)).star_in_days_of_month, c.star) << c.field;
  }
  EXPECT_TRUE(fields("0 0 1 * ?").star_in_days_of_week);
  EXPECT_FALSE(fields("0 0 1 * 0-6").star_in_days_of_week);
}

TEST(CronText, ReadsMacrosAsTheirFields) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
      {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
      {"@hourly", "0 * * * *"}, {" @daily\n", "0 0 * * *"},
  };
  for (const auto& [macro, text] : cases) EXPECT_EQ(fields(macro), fields(text)) << macro;
}

TEST(CronText, TakesAnyWhiteSpaceBetweenFields) {
  EXPECT_EQ(fields("  0\t9 \n *  *\r1-5  "), fields("0 9 * * 1-5"));
}

TEST(CronText, ReadsPeriodsAsGoDoesAndCutsThemToSeconds) {
  const std::vector<std::pair<std::string, int64_t>> cases{
      {"1s", 1},
      {"90s", 90},
      {"1h30m", 5400},
      {"1.5h", 5400},
      {"1h0.5m", 3630},
      {"1999ms", 1},
      {"1500ms", 1},
      {"1000000us", 1},
      {"2000000000ns", 2},
      {".5h", 1800},
      {"1.h", 3600},
      {"1m1m", 120},
      {"87840h", 316224000},
      {"0.1h", 360},
      {"1s999999999ns", 1},
      {"2.9999999999999999s", 2},
  };
  for (const auto& [text, seconds] : cases) {
    const auto parsed = parse_cron("@every " + text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(std::get<CronPeriod>(*parsed).length, std::chrono::seconds(seconds)) << text;
  }
}

// Text and message.
const std::vector<std::pair<std::string, std::string>> kRefused{
    {"", "schedule: '' is empty; write five fields such as 0 9 * * 1-5"},
    {"  ", "schedule: '' is empty; write five fields such as 0 9 * * 1-5"},
    {"0 9 * *",
     "schedule: '0 9 * *' has 4 fields; 5 are right: minute hour day-of-month month day-of-week"},
    {"0 0 9 * * *",
     "schedule: '0 0 9 * * *' has 6 fields; 5 are right: minute hour day-of-month month "
     "day-of-week"},
    {"daily",
     "schedule: 'daily' has 1 field; 5 are right: minute hour day-of-month month day-of-week"},
    {"*/61 * * * *",
     "minute field '*/61': '61' is not a step here; write a number from 1 to 60 behind the /"},
    {"*/0 * * * *",
     "minute field '*/0': '0' is not a step here; write a number from 1 to 60 behind the /"},
    {"5/ * * * *",
     "minute field '5/': '' is not a step here; write a number from 1 to 60 behind the /"},
    {"*/-1 * * * *",
     "minute field '*/-1': '-1' is not a step here; write a number from 1 to 60 behind the /"},
    {"1/2/3 * * * *", "minute field '1/2/3': '1/2/3' has too many slashes; one step is enough"},
    {"*-5 * * * *", "minute field '*-5': '*' cannot begin a range; write 0-5, or * alone"},
    {"0 * 1-? * *", "day-of-month field '1-?': '?' is not a number from 1 to 31"},
    {"60 * * * *", "minute field '60': '60' is not a number from 0 to 59"},
    {"+5 * * * *", "minute field '+5': '+5' is not a number from 0 to 59"},
    {"-5 * * * *", "minute field '-5': '' is not a number from 0 to 59"},
    {"5- * * * *", "minute field '5-': '' is not a number from 0 to 59"},
    {"1-2-3 * * * *", "minute field '1-2-3': '1-2-3' has too many hyphens; a range is first-last"},
    {"99999999999999999999 * * * *",
     "minute field '99999999999999999999': '99999999999999999999' is not a number from 0 to 59"},
    {"1,,2 * * * *",
     "minute field '1,,2': a list has an empty item; write values between the commas"},
    {", * * * *", "minute field ',': a list has an empty item; write values between the commas"},
    {"0 24 * * *", "hour field '24': '24' is not a number from 0 to 23"},
    {"0 22-4 * * *", "hour field '22-4': the range '22-4' runs backwards; write 22-23,0-4"},
    {"0 22-0 * * *", "hour field '22-0': the range '22-0' runs backwards; write 22-23,0"},
    {"0 0 0 * *", "day-of-month field '0': '0' is not a number from 1 to 31"},
    {"0 0 32 * *", "day-of-month field '32': '32' is not a number from 1 to 31"},
    {"0 0 L * *", "day-of-month field 'L': 'L' is not a number from 1 to 31"},
    {"0 0 * 13 *", "month field '13': '13' is not a number from 1 to 12 or jan to dec"},
    {"0 0 * january *",
     "month field 'january': 'january' is not a number from 1 to 12 or jan to dec"},
    {"0 0 * nov-feb *",
     "month field 'nov-feb': the range 'nov-feb' runs backwards; write nov-dec,jan-feb"},
    {"0 0 * * 8", "day-of-week field '8': '8' is not a number from 0 to 7 or sun to sat"},
    {"0 0 * * mon#2",
     "day-of-week field 'mon#2': 'mon#2' is not a number from 0 to 7 or sun to sat"},
    {"0 0 * * fri-mon",
     "day-of-week field 'fri-mon': the range 'fri-mon' runs backwards; write fri-sat,sun-mon"},
    {"0 0 * * 6-1", "day-of-week field '6-1': the range '6-1' runs backwards; write 6,0-1"},
    {"0 0 * * 7-2", "day-of-week field '7-2': the range '7-2' runs backwards; write 0-2"},
    {"0 0 * * */8",
     "day-of-week field '*/8': '8' is not a step here; write a number from 1 to 7 behind the /"},
    {"0 0 30 2 *",
     "day-of-month field '30': no such day ever comes, since with month field '2' a month has at "
     "most 29 days"},
    {"0 0 30,31 feb ?",
     "day-of-month field '30,31': no such day ever comes, since with month field 'feb' a month "
     "has at most 29 days"},
    {"0 0 31 4,6,sep,11 *",
     "day-of-month field '31': no such day ever comes, since with month field '4,6,sep,11' a "
     "month has at most 30 days"},
    {"TZ=UTC 0 0 * * *", "schedule: 'TZ=UTC' cannot stand in it; set spec.timeZone instead"},
    {"CRON_TZ=Europe/Berlin 0 0 * * *",
     "schedule: 'CRON_TZ=Europe/Berlin' cannot stand in it; set spec.timeZone instead"},
    {"TZ=UTC", "schedule: 'TZ=UTC' cannot stand in it; set spec.timeZone instead"},
    {"@reboot",
     "schedule: '@reboot' has no meaning here; write @yearly, @annually, @monthly, @weekly, "
     "@daily, @midnight, @hourly, @every <duration> or five fields"},
    {"@Daily",
     "schedule: '@Daily' is unknown; write @yearly, @annually, @monthly, @weekly, @daily, "
     "@midnight, @hourly, @every <duration> or five fields"},
    {"@daily 5",
     "schedule: '@daily 5' is unknown; write @yearly, @annually, @monthly, @weekly, @daily, "
     "@midnight, @hourly, @every <duration> or five fields"},
    {"@every", "schedule: '@every' takes one duration without spaces, such as @every 1h30m"},
    {"@every 1h 30m", "schedule: '@every' takes one duration without spaces, such as @every 1h30m"},
    {"@every 999ms", "schedule: @every '999ms' is too short; the least is 1s"},
    {"@every 0", "schedule: @every '0' is too short; the least is 1s"},
    {"@every -1h",
     "schedule: @every '-1h' is not a duration; write numbers with units, such as 90s or 1h30m"},
    {"@every 5",
     "schedule: @every '5' lacks a unit; write one of h, m, s, ms, us, ns behind each number"},
    {"@every 1d", "schedule: @every '1d' has an unknown unit; the units are h, m, s, ms, us, ns"},
    {"@every h",
     "schedule: @every 'h' is not a duration; write numbers with units, such as 90s or 1h30m"},
    {"@every .s",
     "schedule: @every '.s' is not a duration; write numbers with units, such as 90s or 1h30m"},
    {"@every 87841h", "schedule: @every '87841h' is too long; the most is 87840h"},
    {"@every 9223372036854775808h", "schedule: @every '9223372036854775808h' is too long"},
    {"0 0 * * m\xC3\xB6",
     "schedule: byte 10 (0xc3) is not plain ASCII; write letters, digits and * ? , - / @ only"},
    {std::string("0 0\0* * *", 9),
     "schedule: byte 4 (0x00) is not plain ASCII; write letters, digits and * ? , - / @ only"},
    {"\x1b[31m * * * *",
     "schedule: byte 1 (0x1b) is not plain ASCII; write letters, digits and * ? , - / @ only"},
    {std::string(513, '1'), "schedule: 513 bytes are too many; at most 512 are read"},
};

TEST(CronText, RefusesWithAWordOnWhatWouldBeRight) {
  for (const auto& [text, message] : kRefused) {
    const auto parsed = parse_cron(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error(), Error(ErrorCode::kInvalid, message)) << parsed.error().message;
  }
}

TEST(CronText, TakesADayThatSomeOfTheMonthsHave) {
  for (const char* const text : {"0 0 29 2 *", "0 0 30 2,3 *", "0 0 31 4,5 *", "0 0 29-31 feb *",
                                 "0 0 30 2 mon", "0 0 */31 2 *"}) {
    EXPECT_TRUE(parse_cron(text)) << text;
  }
}

TEST(CronText, SurvivesEveryShortText) {
  const std::string letters = "*?,-/@0179afmonsuTZ=. \t";
  for (const char a : letters) {
    for (const char b : letters) {
      for (const char c : letters) {
        const std::string field{a, b, c};
        for (const std::string& text : {field, field + " * * * *", "* * * * " + field,
                                        "@every " + field, "* * " + field + " 2 *"}) {
          const auto parsed = parse_cron(text);
          EXPECT_TRUE(parsed || !parsed.error().message.empty());
        }
      }
    }
  }
}

}  // namespace
}  // namespace holmes
