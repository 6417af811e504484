#include "cron/apscheduler.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

using Texts = std::vector<std::string>;

// Expected by hand from its sources: triggers/cron/expressions.py and fields.py, branch 3.x.
TEST(Apscheduler, ReadsWeekdayNumbersFromMonday) {
  EXPECT_EQ(apscheduler_differences("0 9 * * 1"),
            (Texts{"day-of-week field '1': APScheduler 3.x counts from 0 for Monday "
                   "and would run "
                   "on Tuesday"}));
  EXPECT_EQ(apscheduler_differences("0 9 * * 1-5"),
            (Texts{"day-of-week field '1-5': APScheduler 3.x counts from 0 for Monday and would "
                   "run Tuesday to Saturday"}));
  EXPECT_EQ(apscheduler_differences("0 9 * * 0"),
            (Texts{"day-of-week field '0': APScheduler 3.x counts from 0 for Monday "
                   "and would run "
                   "on Monday"}));
  EXPECT_EQ(apscheduler_differences("0 9 * * */2"),
            (Texts{"day-of-week field '*/2': APScheduler 3.x counts from 0 for Monday and would "
                   "run on Monday, Wednesday, Friday "
                   "and Sunday"}));
}

TEST(Apscheduler, WantsBothDayFieldsToMatch) {
  EXPECT_EQ(
      apscheduler_differences("0 9 13 * fri"),
      (Texts{"day-of-month '13' and day-of-week 'fri': APScheduler 3.x would run on days that "
             "match both, here either is enough"}));
  EXPECT_EQ(apscheduler_differences("0 9 */2 * mon").size(), 1U);
}

TEST(Apscheduler, RefusesSomeThatAreRightHere) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0 9 * * 7",
       "day-of-week field '7': APScheduler 3.x refuses it: Sunday is 6 there, write sun"},
      {"0 9 * * 5-7",
       "day-of-week field '5-7': APScheduler 3.x refuses it: Sunday is 6 there, write sun"},
      {"0 9 * * 5-0",
       "day-of-week field '5-0': APScheduler 3.x refuses it: the range runs backwards there"},
      {"0 9 * * sun-tue",
       "day-of-week field 'sun-tue': APScheduler 3.x refuses it: its weeks begin on Monday, so the "
       "range runs backwards"},
      {"0 9 * * 1-fri",
       "day-of-week field '1-fri': APScheduler 3.x refuses it: it takes no number beside a name"},
      {"0 9 ? * *", "day-of-month field '?': APScheduler 3.x refuses it: it knows no ?; write *"},
      {"*/60 * * * *",
       "minute field '*/60': APScheduler 3.x refuses it: the step is longer than the range"},
      {"50/15 * * * *",
       "minute field '50/15': APScheduler 3.x refuses it: the step is longer than the range"},
      {"@daily", "APScheduler 3.x has no @daily; write five fields"},
      {"@every 1h", "APScheduler 3.x has no @every; use its interval trigger"},
  };
  for (const auto& [text, sentence] : cases) {
    EXPECT_EQ(apscheduler_differences(text), Texts{sentence}) << text;
  }
}

TEST(Apscheduler, ReadsNothingBehindNames) {
  EXPECT_EQ(apscheduler_differences("0 9 * * mon-fri/2"),
            (Texts{"day-of-week field 'mon-fri/2': APScheduler 3.x reads nothing behind a "
                   "name and would run Monday to Friday"}));
  EXPECT_EQ(apscheduler_differences("0 9 * * mon-3"),
            (Texts{"day-of-week field 'mon-3': APScheduler 3.x reads nothing behind a name "
                   "and would run on Monday"}));
  EXPECT_EQ(apscheduler_differences("0 0 1 jan-mar/2 *"),
            (Texts{"month field 'jan-mar/2': APScheduler 3.x reads nothing behind a name and would "
                   "run in January to March"}));
}

TEST(Apscheduler, AgreesWhereNothingIsSaid) {
  for (const char* const text :
       {"0 9 * * mon-fri", "*/15 * * * *", "0 9 * * fri-sun", "0 9 * * sun", "0 9 1,15 * *",
        "5/15 8-18/2 * jan-MAR *", "0 9 * * 0-6", "* * 1-31 * 0-6", "0 9 * * MON,Wed",
        "not a schedule", ""}) {
    EXPECT_EQ(apscheduler_differences(text), Texts{}) << text;
  }
}

}  // namespace
}  // namespace holmes
