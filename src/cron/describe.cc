#include "cron/describe.h"

#include <array>
#include <bit>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holmes {
namespace {

// More times of a day than this are not listed one by one.
constexpr int kMaxTimesListed = 4;
// Fewer values than these are listed: 1 and 2, or 1, 3 and 5.
constexpr size_t kMinRun = 3;
constexpr size_t kMinProgression = 4;

constexpr uint64_t kEveryMinute = (uint64_t{1} << 60U) - 1;
constexpr uint32_t kEveryHour = (uint32_t{1} << 24U) - 1;
constexpr uint32_t kEveryMonth = 0b1'1111'1111'1110;

constexpr std::array<std::string_view, 8> kDays{"Sunday",   "Monday", "Tuesday",  "Wednesday",
                                                "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 13> kMonths{
    "",     "January", "February",  "March",   "April",    "May",     "June",
    "July", "August",  "September", "October", "November", "December"};

std::vector<int> values_of(uint64_t bits) {
  std::vector<int> values;
  for (; bits != 0; bits &= bits - 1) values.push_back(std::countr_zero(bits));
  return values;
}

// "a", "a and b", "a, b and c"
std::string join(const std::vector<std::string>& parts) {
  if (parts.size() == 1) return parts.front();
  return fmt::format("{} and {}", fmt::join(parts.begin(), parts.end() - 1, ", "), parts.back());
}

// Runs become "a to b", the rest is listed.
template <class Name>
std::string listed(const std::vector<int>& values, Name name) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < values.size();) {
    size_t end = i + 1;
    while (end < values.size() && values[end] == values[end - 1] + 1) ++end;
    if (end - i >= kMinRun) {
      parts.push_back(fmt::format("{} to {}", name(values[i]), name(values[end - 1])));
      i = end;
    } else {
      parts.emplace_back(name(values[i++]));
    }
  }
  return join(parts);
}

std::string listed_numbers(const std::vector<int>& values) {
  return listed(values, [](int value) { return std::to_string(value); });
}

// The distance of all neighbours when there are many of them and it is above 1, else 0.
int step_of(const std::vector<int>& values) {
  if (values.size() < kMinProgression) return 0;
  const int step = values[1] - values[0];
  for (size_t i = 2; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != step) return 0;
  }
  return step > 1 ? step : 0;
}

std::string ordinal(int n) {
  const int last = n % 10;
  const bool teen = n / 10 == 1;
  if (last == 1 && !teen) return fmt::format("{}st", n);
  if (last == 2 && !teen) return fmt::format("{}nd", n);
  return fmt::format("{}{}", n, last == 3 && !teen ? "rd" : "th");
}

// "minute 5", "minutes 0 to 10", "every 7th minute from 0 to 56"
std::string numbers(std::string_view noun, uint64_t bits) {
  const std::vector<int> values = values_of(bits);
  if (values.size() == 1) return fmt::format("{} {}", noun, values.front());
  if (const int step = step_of(values); step > 0) {
    return fmt::format("every {} {} from {} to {}", ordinal(step), noun, values.front(),
                       values.back());
  }
  return fmt::format("{}s {}", noun, listed_numbers(values));
}

// 0, step, 2 * step ... below `whole`
uint64_t multiples(int step, int whole) {
  uint64_t bits = 0;
  for (int value = 0; value < whole; value += step) bits |= uint64_t{1} << value;
  return bits;
}

// The distance of the ticks in minutes when it is the same all through the day, else 0.
int even_minutes(const CronFields& fields) {
  const int minutes = std::popcount(fields.minutes);
  const int hours = std::popcount(fields.hours);
  if (60 % minutes != 0 || 24 % hours != 0) return 0;
  if (fields.hours == kEveryHour && fields.minutes == multiples(60 / minutes, 60)) {
    return 60 / minutes;
  }
  const bool on_the_hour = fields.minutes == 1 && fields.hours == multiples(24 / hours, 24);
  return on_the_hour && hours > 1 ? 24 / hours * 60 : 0;
}

std::string describe_times(const CronFields& fields) {
  const int even = even_minutes(fields);
  if (even == 1) return "Every minute";
  if (even == 60) return "Every hour";
  if (even > 60) return fmt::format("Every {} hours", even / 60);
  if (even > 1) return fmt::format("Every {} minutes", even);
  if (std::popcount(fields.hours) * std::popcount(fields.minutes) <= kMaxTimesListed) {
    std::vector<std::string> times;
    for (const int hour : values_of(fields.hours)) {
      for (const int minute : values_of(fields.minutes)) {
        times.push_back(fmt::format("{:02}:{:02}", hour, minute));
      }
    }
    return "At " + join(times);
  }
  std::string minutes =
      fields.minutes == kEveryMinute ? "every minute" : numbers("minute", fields.minutes);
  minutes = minutes.starts_with('e') ? "E" + minutes.substr(1) : "At " + minutes;
  if (fields.hours == kEveryHour) return minutes + " of every hour";
  return fmt::format("{} of {}", minutes, numbers("hour", fields.hours));
}

std::string describe_days(const CronFields& fields) {
  const std::string of_month =
      fmt::format("on {} of the month", numbers("day", fields.days_of_month));
  if (fields.star_in_days_of_month && fields.star_in_days_of_week) return "every day";
  if (fields.star_in_days_of_month) return weekday_names(fields.days_of_week);
  if (fields.star_in_days_of_week) return of_month;
  return fmt::format("{} or {}", of_month, weekday_names(fields.days_of_week));
}

// "1h30m", as it can be written behind @every.
std::string period_text(std::chrono::seconds length) {
  const std::chrono::hh_mm_ss parts(length);
  std::string text;
  if (parts.hours().count() > 0) text += fmt::format("{}h", parts.hours().count());
  if (parts.minutes().count() > 0) text += fmt::format("{}m", parts.minutes().count());
  if (parts.seconds().count() > 0) text += fmt::format("{}s", parts.seconds().count());
  return text;
}

}  // namespace

std::string weekday_names(uint32_t days_of_week) {
  // Sunday as 7 ends a run that began in the week.
  const uint64_t bits = days_of_week >> 1U << 1U | (days_of_week & 1U) << 7U;
  const std::vector<int> days = values_of(bits);
  const std::string names = listed(days, [](int day) { return kDays[static_cast<size_t>(day)]; });
  const bool is_run =
      days.size() >= kMinRun && days.back() - days.front() + 1 == static_cast<int>(days.size());
  return is_run ? names : "on " + names;
}

std::string month_names(uint32_t months) {
  return "in " +
         listed(values_of(months), [](int month) { return kMonths[static_cast<size_t>(month)]; });
}

std::string describe(const CronExpression& expression, const TimeZone& zone) {
  if (const auto* const period = std::get_if<CronPeriod>(&expression)) {
    return fmt::format("Every {}, counted from the creation of the schedule",
                       period_text(period->length));
  }
  const auto& fields = std::get<CronFields>(expression);
  const std::string months =
      fields.months == kEveryMonth ? "" : fmt::format(", {}", month_names(fields.months));
  return fmt::format("{}, {}{}, in {}", describe_times(fields), describe_days(fields), months,
                     zone.name());
}

}  // namespace holmes
