#include "cron/cron_fields.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/assert.h"

namespace holmes {
namespace {

namespace chr = std::chrono;
using chr::local_days;
using chr::year_month;

// From February 29th of 2096 to that of 2104.
constexpr int kMaxMonthsWithoutMatch = 8 * 12;
constexpr int kMinutesPerHour = 60;

// The month's days that match, as bits 1..31.
uint32_t matching_days(const CronFields& fields, year_month month) {
  const local_days first(month / 1);
  const unsigned length = static_cast<unsigned>((month / chr::last).day());
  const uint32_t all = ((uint32_t{1} << length) - 1) << 1U;
  // Seven days from the first on, then repeated every seven bits.
  const unsigned weekday = chr::weekday(first).c_encoding();
  const uint64_t week =
      ((fields.days_of_week >> weekday) | (fields.days_of_week << (7 - weekday))) & 0x7F;
  const auto by_week = static_cast<uint32_t>((week * 0x10204081) << 1U);
  const bool both = fields.star_in_days_of_month || fields.star_in_days_of_week;
  return all & (both ? fields.days_of_month & by_week : fields.days_of_month | by_week);
}

bool has_month(const CronFields& fields, chr::month month) {
  return (fields.months >> static_cast<unsigned>(month) & 1U) != 0;
}

struct Day {
  year_month month;
  unsigned day;
};

Day to_day(local_days days) {
  const chr::year_month_day date(days);
  return {date.year() / date.month(), static_cast<unsigned>(date.day())};
}

local_days next_day(const CronFields& fields, local_days from) {
  auto [month, day] = to_day(from);
  for (int i = 0; i <= kMaxMonthsWithoutMatch; ++i, month += chr::months(1), day = 0) {
    if (!has_month(fields, month.month())) continue;
    const uint32_t days = matching_days(fields, month) & (~uint32_t{0} << day);
    if (days != 0)
      return local_days(month / chr::day(static_cast<unsigned>(std::countr_zero(days))));
  }
  HOLMES_ASSERT(false);
}

local_days previous_day(const CronFields& fields, local_days until) {
  auto [month, day] = to_day(until);
  for (int i = 0; i <= kMaxMonthsWithoutMatch; ++i, month -= chr::months(1), day = 31) {
    if (!has_month(fields, month.month())) continue;
    const uint32_t days = matching_days(fields, month) & (~uint32_t{0} >> (31 - day));
    if (days != 0) return local_days(month / chr::day(std::bit_width(days) - 1));
  }
  HOLMES_ASSERT(false);
}

bool is_match(const CronFields& fields, local_days days) {
  const auto [month, day] = to_day(days);
  return has_month(fields, month.month()) && (matching_days(fields, month) >> day & 1U) != 0;
}

// Times of day, in minutes.

int time_of(int hour, int minute) {
  return hour * kMinutesPerHour + minute;
}

int first_time(const CronFields& fields) {
  return time_of(std::countr_zero(fields.hours), std::countr_zero(fields.minutes));
}

int last_time(const CronFields& fields) {
  return time_of(static_cast<int>(std::bit_width(fields.hours)) - 1,
                 static_cast<int>(std::bit_width(fields.minutes)) - 1);
}

std::optional<int> next_time(const CronFields& fields, int from) {
  const int hour = from / kMinutesPerHour;
  const uint64_t minutes = fields.minutes & (~uint64_t{0} << (from % kMinutesPerHour));
  if ((fields.hours >> hour & 1U) != 0 && minutes != 0) {
    return time_of(hour, std::countr_zero(minutes));
  }
  const uint32_t hours = fields.hours & (~uint32_t{0} << (hour + 1));
  if (hours == 0) return std::nullopt;
  return time_of(std::countr_zero(hours), std::countr_zero(fields.minutes));
}

std::optional<int> previous_time(const CronFields& fields, int until) {
  const int hour = until / kMinutesPerHour;
  const uint64_t minutes = fields.minutes & (~uint64_t{0} >> (63 - until % kMinutesPerHour));
  if ((fields.hours >> hour & 1U) != 0 && minutes != 0) {
    return time_of(hour, static_cast<int>(std::bit_width(minutes)) - 1);
  }
  const uint32_t hours = fields.hours & ((uint32_t{1} << hour) - 1);
  if (hours == 0) return std::nullopt;
  return time_of(static_cast<int>(std::bit_width(hours)) - 1,
                 static_cast<int>(std::bit_width(fields.minutes)) - 1);
}

// How many of a matching day's ticks lie before the time.
uint64_t count_before(const CronFields& fields, int time) {
  const int hour = time / kMinutesPerHour;
  const uint32_t whole = fields.hours & ((uint32_t{1} << hour) - 1);
  const auto full_hours =
      static_cast<uint64_t>(std::popcount(whole) * std::popcount(fields.minutes));
  if ((fields.hours >> hour & 1U) == 0) return full_hours;
  const uint64_t begun = fields.minutes & ((uint64_t{1} << (time % kMinutesPerHour)) - 1);
  return full_hours + static_cast<uint64_t>(std::popcount(begun));
}

uint64_t count_days(const CronFields& fields, local_days from, local_days until) {
  const Day end = to_day(until);
  const auto bits_before = [](unsigned day) { return (uint32_t{1} << day) - 1; };
  const auto days_of = [&fields](year_month month) {
    return has_month(fields, month.month()) ? matching_days(fields, month) : 0;
  };
  const Day begin = to_day(from);
  int64_t count = -std::popcount(days_of(begin.month) & bits_before(begin.day));
  for (year_month month = begin.month; month < end.month; month += chr::months(1)) {
    count += std::popcount(days_of(month));
  }
  count += std::popcount(days_of(end.month) & bits_before(end.day));
  return static_cast<uint64_t>(count);
}

struct DayAndTime {
  local_days day;
  int time;
};

DayAndTime split_minutes(chr::local_time<chr::minutes> t) {
  const local_days day = chr::floor<chr::days>(t);
  return {day, static_cast<int>((t - day).count())};
}

}  // namespace

LocalSeconds next_match(const CronFields& fields, LocalSeconds from) {
  const auto [day, time] = split_minutes(chr::ceil<chr::minutes>(from));
  if (is_match(fields, day)) {
    if (const auto found = next_time(fields, time)) return day + chr::minutes(*found);
  }
  return next_day(fields, day + chr::days(1)) + chr::minutes(first_time(fields));
}

LocalSeconds previous_match(const CronFields& fields, LocalSeconds until) {
  const auto [day, time] = split_minutes(chr::floor<chr::minutes>(until));
  if (is_match(fields, day)) {
    if (const auto found = previous_time(fields, time)) return day + chr::minutes(*found);
  }
  return previous_day(fields, day - chr::days(1)) + chr::minutes(last_time(fields));
}

uint64_t count_matches(const CronFields& fields, LocalSeconds from, LocalSeconds until) {
  if (from >= until) return 0;
  const auto [first_day, first] = split_minutes(chr::ceil<chr::minutes>(from));
  const auto [last_day, last] = split_minutes(chr::ceil<chr::minutes>(until));
  const auto per_day =
      static_cast<uint64_t>(std::popcount(fields.hours) * std::popcount(fields.minutes));
  uint64_t count = count_days(fields, first_day, last_day) * per_day;
  if (is_match(fields, last_day)) count += count_before(fields, last);
  if (is_match(fields, first_day)) count -= count_before(fields, first);
  return count;
}

chr::minutes shortest_distance(const CronFields& fields) {
  constexpr chr::minutes kDay = chr::days(1);
  chr::minutes shortest = chr::days(8 * 366);
  const int first = first_time(fields);
  for (int time = first; const auto after = next_time(fields, time + 1); time = *after) {
    shortest = std::min(shortest, chr::minutes(*after - time));
    if (shortest == chr::minutes(1)) return shortest;  // there is nothing shorter
  }
  // In 28 years without a century every kind of year follows every kind that it can.
  const local_days begin(chr::year(2001) / 1 / 1);
  const chr::minutes over_night = chr::minutes(first - last_time(fields));
  for (local_days day = next_day(fields, begin); day < begin + chr::days(28 * 366);) {
    const local_days after = next_day(fields, day + chr::days(1));
    shortest = std::min(shortest, chr::minutes(after - day) + over_night);
    if (after - day == kDay) break;
    day = after;
  }
  return shortest;
}

}  // namespace holmes
