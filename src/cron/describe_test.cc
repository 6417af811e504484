#include "cron/describe.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Describe, SaysWhenInWords) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0 9 * * 1-5", "At 09:00, Monday to Friday"},
      {"* * * * *", "Every minute, every day"},
      {"*/15 * * * *", "Every 15 minutes, every day"},
      {"0,30 * * * *", "Every 30 minutes, every day"},
      {"@hourly", "Every hour, every day"},
      {"0 */6 * * *", "Every 6 hours, every day"},
      {"@daily", "At 00:00, every day"},
      {"0 0,12 * * *", "Every 12 hours, every day"},
      {"30 8,20 * * *", "At 08:30 and 20:30, every day"},
      {"0,30 8,20 * * *", "At 08:00, 08:30, 20:00 and 20:30, every day"},
      {"5 * * * *", "At minute 5 of every hour, every day"},
      {"5,10,11,40 * * * *", "At minutes 5, 10, 11 and 40 of every hour, every day"},
      {"*/7 * * * *", "Every 7th minute from 0 to 56 of every hour, every day"},
      {"* 9-17 * * *", "Every minute of hours 9 to 17, every day"},
      {"*/15 9-17 * * *", "Every 15th minute from 0 to 45 of hours 9 to 17, every day"},
      {"0 1-21/5 * * *", "At minute 0 of every 5th hour from 1 to 21, every day"},
      {"5-7 0 * * *", "At 00:05, 00:06 and 00:07, every day"},
      {"0 9 * * sun", "At 09:00, on Sunday"},
      {"0 9 * * mon,wed,fri", "At 09:00, on Monday, Wednesday and Friday"},
      {"0 9 * * fri-sun", "At 09:00, Friday to Sunday"},
      {"0 9 * * 6,7", "At 09:00, on Saturday and Sunday"},
      {"0 9 * * */2", "At 09:00, on Tuesday, Thursday, Saturday and Sunday"},
      {"0 9 1 * *", "At 09:00, on day 1 of the month"},
      {"0 9 1,15 * *", "At 09:00, on days 1 and 15 of the month"},
      {"0 9 1-7 * *", "At 09:00, on days 1 to 7 of the month"},
      {"0 9 */2 * *", "At 09:00, on every 2nd day from 1 to 31 of the month"},
      {"0 9 13 * fri", "At 09:00, on day 13 of the month or on Friday"},
      {"@yearly", "At 00:00, on day 1 of the month, in January"},
      {"0 0 1 4-6,10 *", "At 00:00, on day 1 of the month, in April to June and October"},
      {"0 9 * jan mon", "At 09:00, on Monday, in January"},
  };
  const TimeZone zone = TimeZone::load("Europe/Berlin").value();
  for (const auto& [text, words] : cases) {
    EXPECT_EQ(describe(parse_cron(text).value(), zone), words + ", in Europe/Berlin") << text;
  }
}

TEST(Describe, SaysAPeriodAsItCanBeWritten) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"@every 90m", "1h30m"}, {"@every 36h1s", "36h1s"}, {"@every 1500ms", "1s"}};
  for (const auto& [text, words] : cases) {
    EXPECT_EQ(describe(parse_cron(text).value(), {}),
              "Every " + words + ", counted from the creation of the schedule");
  }
}

}  // namespace
}  // namespace holmes
