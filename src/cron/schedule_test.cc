#include "cron/schedule.h"

#include <vector>

#include <gtest/gtest.h>

namespace holmes {
namespace {

WallTime at(std::string_view text) {
  return parse_rfc3339(text).value();
}

Schedule schedule(std::string_view text, std::string_view zone = "UTC",
                  DstPolicy policy = DstPolicy::kRunOnce) {
  return Schedule::parse(text, {TimeZone::load(zone).value(), policy, {}}).value();
}

std::vector<std::string> ticks(const Schedule& schedule, std::string_view from, size_t count) {
  std::vector<std::string> found;
  auto tick = schedule.next(at(from));
  for (; tick && found.size() < count; tick = schedule.next(*tick)) {
    found.push_back(format_rfc3339(*tick));
  }
  return found;
}

using Texts = std::vector<std::string>;

TEST(Schedule, RunsNightlyInTheGapOnceAtItsEnd) {
  EXPECT_EQ(ticks(schedule("30 2 * * *", "Europe/Berlin"), "2024-03-30T00:00:00Z", 3),
            (Texts{"2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"}));
}

TEST(Schedule, RunsARepeatedTimeOnce) {
  EXPECT_EQ(ticks(schedule("30 2 * * *", "Europe/Berlin"), "2024-10-26T12:00:00Z", 2),
            (Texts{"2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"}));
}

TEST(Schedule, CollapsesASkippedDay) {
  EXPECT_EQ(ticks(schedule("0 9,12 * * *", "Pacific/Apia"), "2011-12-29T23:00:00Z", 3),
            (Texts{"2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z", "2011-12-30T22:00:00Z"}));
}

}  // namespace
}  // namespace holmes
