// 1,152,000 times a random instant, schedule, zone and policy, each in both directions, against a
// clock on the wall that is watched minute by minute (cron_oracle_testing.h).
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cron/cron_oracle_testing.h"
#include "cron/schedule.h"

namespace holmes {
namespace {

constexpr uint64_t kSeed = 0x5eed'c10c;
constexpr int kWindows = 160;   // a zone
constexpr int kInstants = 400;  // a window
constexpr int64_t kDaySeconds = 86'400;
const std::string kZoneinfo = "/usr/share/zoneinfo/";

// splitmix64
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  // From `min` to `max`, both included.
  int64_t roll(int64_t min, int64_t max) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    z ^= z >> 31U;
    return min + static_cast<int64_t>(z % static_cast<uint64_t>(max - min + 1));
  }

  bool one_in(int64_t n) { return roll(1, n) == 1; }

 private:
  uint64_t state_;
};

struct Kind {
  int min;
  int max;
  std::vector<std::string> names;
};
const std::array<Kind, 5> kKinds{
    Kind{0, 59, {}},
    Kind{0, 23, {}},
    Kind{1, 31, {}},
    Kind{1,
         12,
         {"jan", "Feb", "MAR", "apr", "may", "Jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
    Kind{0, 6, {"sun", "Mon", "TUE", "wed", "thu", "fri", "sat"}},
};

std::string number(Dice& dice, const Kind& kind, int64_t value) {
  if (kind.max == 6 && value == 0 && dice.one_in(2)) return "7";
  if (kind.names.empty() || dice.one_in(2)) return std::to_string(value);
  return kind.names[static_cast<size_t>(value - kind.min)];
}

std::string random_item(Dice& dice, const Kind& kind) {
  const int64_t a = dice.roll(kind.min, kind.max);
  const int64_t b = dice.roll(a, kind.max);
  const int64_t step = dice.roll(1, kind.max - kind.min + 1);
  switch (dice.roll(0, 7)) {
    case 0:
      return fmt::format("{}/{}", dice.one_in(4) ? "?" : "*", step);
    case 1:
      return fmt::format("{}/{}", a, step);
    case 2:
      return fmt::format("{}-{}/{}", a, b, step);
    case 3:
      if (kind.max == 6 && a > 0) {
        return fmt::format("{}-{}", number(dice, kind, a), dice.one_in(2) ? "sun" : "7");
      }
      return fmt::format("{}-{}", a, b);
    case 4:
      return dice.one_in(3) ? "*" : fmt::format("{}-{}", a, b);
    default:
      return number(dice, kind, a);
  }
}

std::string random_schedule(Dice& dice) {
  std::string text;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    std::string field;
    if (i >= 2 && !dice.one_in(3)) {
      field = dice.one_in(5) ? "?" : "*";
    } else {
      field = random_item(dice, kKinds[i]);
      while (dice.one_in(3)) field += "," + random_item(dice, kKinds[i]);
    }
    text += (i == 0 ? "" : " ") + field;
  }
  return text;
}

// A day near a change of the zone's offset, or any.
int64_t random_begin(Dice& dice, const TzifZone& zone) {
  constexpr std::array<int64_t, 8> kYears{1900, 1970, 2011, 2037, 2087, 2096, 2400, 9990};
  const auto& table = zone.table();
  if (!table.empty() && dice.one_in(2)) {
    const auto& change =
        table[static_cast<size_t>(dice.roll(0, static_cast<int64_t>(table.size()) - 1))];
    // What some files begin with, the beginning of time, is no change.
    if (change.begin > days_of_date(1800, 1, 1) * kDaySeconds) {
      return change.begin - dice.roll(0, 20 * kDaySeconds);
    }
  }
  const int64_t year = kYears[static_cast<size_t>(dice.roll(0, 7))] + dice.roll(0, 8);
  return days_of_date(year, 1, 1) * kDaySeconds + dice.roll(0, 365 * kDaySeconds);
}

WallTime to_wall(int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

// Seconds where something may go wrong, or any.
WallTime random_instant(Dice& dice, const std::vector<int64_t>& ticks, int64_t begin, int64_t end) {
  int64_t seconds = dice.roll(begin, end - 1);
  if (!ticks.empty() && dice.one_in(2)) {
    const auto index = static_cast<size_t>(dice.roll(0, static_cast<int64_t>(ticks.size()) - 1));
    seconds = std::clamp(ticks[index] + dice.roll(-1, 1), begin, end - 1);
  }
  return to_wall(seconds) + std::chrono::microseconds(dice.one_in(3) ? dice.roll(0, 999'999) : 0);
}

int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string text_of(std::optional<WallTime> time) {
  return time ? format_rfc3339_micros(*time) : "never";
}

struct Window {
  int64_t begin;
  int64_t end;
};

// The ticks around an instant are those that were watched. A tick outside of the window must not be
// claimed to lie in it.
void expect_agreement(const Schedule& schedule, const std::vector<int64_t>& ticks, Window window,
                      WallTime instant) {
  const auto after = std::ranges::upper_bound(ticks, seconds_of(instant));
  const auto next = schedule.next(instant);
  if (after != ticks.end()) {
    ASSERT_TRUE(next && *next == to_wall(*after))
        << "next after " << text_of(instant) << ": " << text_of(next) << ", watched "
        << text_of(to_wall(*after));
  } else {
    ASSERT_TRUE(!next || *next >= to_wall(window.end))
        << "next after " << text_of(instant) << ": " << text_of(next) << ", watched none";
  }
  const auto previous = schedule.previous(instant);
  if (after != ticks.begin()) {
    ASSERT_TRUE(previous && *previous == to_wall(*(after - 1)))
        << "previous of " << text_of(instant) << ": " << text_of(previous) << ", watched "
        << text_of(to_wall(*(after - 1)));
  } else {
    ASSERT_TRUE(!previous || *previous < to_wall(window.begin))
        << "previous of " << text_of(instant) << ": " << text_of(previous) << ", watched none";
  }
}

void expect_agreement(Dice& dice, const Schedule& schedule, const std::vector<int64_t>& ticks,
                      Window window, int instants) {
  WallTime last = to_wall(window.begin);
  for (int i = 0; i < instants; ++i) {
    const WallTime instant = random_instant(dice, ticks, window.begin, window.end);
    ASSERT_NO_FATAL_FAILURE(expect_agreement(schedule, ticks, window, instant));
    if (i % 8 != 0) continue;
    const auto [from, until] = std::minmax(last, instant);
    const auto count = std::ranges::upper_bound(ticks, seconds_of(until)) -
                       std::ranges::upper_bound(ticks, seconds_of(from));
    ASSERT_EQ(schedule.count(from, until), static_cast<uint64_t>(count))
        << "count in (" << text_of(from) << ", " << text_of(until) << "]";
    last = instant;
  }
}

void expect_agreement(Dice& dice, const std::string& text, const std::string& zone_name,
                      const TzifZone& zone, Window window, int instants) {
  const OracleTicks watched = watch_clock(OracleFields(text), zone, window.begin, window.end);
  for (const DstPolicy policy : {DstPolicy::kRunOnce, DstPolicy::kKubernetes}) {
    SCOPED_TRACE(fmt::format("'{}' in {}, {}", text, zone_name, to_string(policy)));
    const auto schedule =
        Schedule::parse(text, {TimeZone::load(zone_name).value(), policy, WallTime()});
    ASSERT_TRUE(schedule) << schedule.error().message;
    const auto& ticks = policy == DstPolicy::kRunOnce ? watched.run_once : watched.kubernetes;
    ASSERT_NO_FATAL_FAILURE(expect_agreement(dice, *schedule, ticks, window, instants));
  }
}

class ScheduleOracle : public ::testing::TestWithParam<const char*> {};

TEST_P(ScheduleOracle, AgreesWithAWatchedClockOnTheWall) {
  const std::string name = GetParam();
  const TzifZone zone(kZoneinfo + name);
  for (int i = 0; i < kWindows; ++i) {
    const uint64_t seed = kSeed + static_cast<uint64_t>(i);
    SCOPED_TRACE(fmt::format("seed {:#x}", seed));
    Dice dice(seed ^ std::hash<std::string>()(name));
    std::string text = random_schedule(dice);
    while (!Schedule::parse(text)) {  // February 30th
      ASSERT_NE(Schedule::parse(text).error().message.find("no such day ever comes"),
                std::string::npos)
          << Schedule::parse(text).error().message;
      text = random_schedule(dice);
    }
    const int64_t begin = random_begin(dice, zone);
    const Window window{begin, begin + dice.roll(2, 60) * kDaySeconds};
    ASSERT_NO_FATAL_FAILURE(expect_agreement(dice, text, name, zone, window, kInstants));
  }
}

// What fires rarely is watched for years.
TEST_P(ScheduleOracle, AgreesWithAClockThatIsWatchedForYears) {
  const std::string name = GetParam();
  const TzifZone zone(kZoneinfo + name);
  Dice dice(kSeed);
  for (const char* const text : {"30 2 29 2 *", "0 0 31 dec *", "15 1 13 * fri", "0 0 1 */5 ?"}) {
    const int64_t begin = days_of_date(2095, 6, 1) * kDaySeconds;
    const Window window{begin, begin + 10 * 366 * kDaySeconds};
    ASSERT_NO_FATAL_FAILURE(expect_agreement(dice, text, name, zone, window, 500));
  }
}

INSTANTIATE_TEST_SUITE_P(Zones, ScheduleOracle,
                         ::testing::Values("America/New_York", "Europe/Berlin",
                                           "Australia/Lord_Howe", "America/Sao_Paulo",
                                           "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia",
                                           "UTC", "Etc/GMT+12"));

}  // namespace
}  // namespace holmes
