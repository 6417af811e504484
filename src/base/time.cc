#include "base/time.h"

#include <cctype>
#include <optional>

#include <fmt/compile.h>

namespace holmes {
namespace {

namespace chr = std::chrono;

struct Parts {
  chr::year_month_day date;
  chr::hh_mm_ss<chr::microseconds> time;
};

Parts parts_of(WallTime time) {
  const auto day = chr::floor<chr::days>(time);
  return {chr::year_month_day(day), chr::hh_mm_ss<chr::microseconds>(time - day)};
}

std::string seconds_text(const Parts& p) {
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}"),
                     static_cast<int>(p.date.year()), static_cast<unsigned>(p.date.month()),
                     static_cast<unsigned>(p.date.day()), p.time.hours().count(),
                     p.time.minutes().count(), p.time.seconds().count());
}

// Reads exactly `width` digits at `at`, or nullopt.
std::optional<int> digits(std::string_view text, size_t at, size_t width) {
  if (text.size() < at + width) return std::nullopt;
  int value = 0;
  for (size_t i = at; i < at + width; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// The fraction that begins at text[*at] == '.', as microseconds; moves *at behind it.
std::optional<int64_t> fraction_us(std::string_view text, size_t* at) {
  size_t i = *at + 1;
  int64_t us = 0;
  int64_t unit = 100000;
  const size_t begin = i;
  for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0; ++i) {
    us += (text[i] - '0') * unit;
    unit /= 10;
  }
  if (i == begin) return std::nullopt;
  *at = i;
  return us;
}

std::optional<chr::minutes> zone_offset(std::string_view zone) {
  if (zone == "Z" || zone == "z") return chr::minutes(0);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  const auto h = digits(zone, 1, 2);
  const auto m = digits(zone, 4, 2);
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  const chr::minutes offset = chr::hours(*h) + chr::minutes(*m);
  return zone[0] == '-' ? -offset : offset;
}

std::optional<WallTime> parse(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool separated = text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':' &&
                         (text[10] == 'T' || text[10] == 't' || text[10] == ' ');
  const chr::year_month_day date{chr::year(*year), chr::month(static_cast<unsigned>(*month)),
                                 chr::day(static_cast<unsigned>(*day))};
  if (!separated || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  size_t at = 19;
  int64_t us = 0;
  if (at < text.size() && text[at] == '.') {
    const auto fraction = fraction_us(text, &at);
    if (!fraction) return std::nullopt;
    us = *fraction;
  }
  const auto offset = zone_offset(text.substr(at));
  if (!offset) return std::nullopt;
  return WallTime(chr::sys_days(date)) + chr::hours(*hour) + chr::minutes(*minute) +
         chr::seconds(*second) + chr::microseconds(us) - *offset;
}

}  // namespace

std::string format_rfc3339(WallTime time) {
  return seconds_text(parts_of(time)) + "Z";
}

std::string format_rfc3339_micros(WallTime time) {
  const Parts p = parts_of(time);
  return fmt::format(FMT_COMPILE("{}.{:06}Z"), seconds_text(p), p.time.subseconds().count());
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto time = parse(text);
  if (!time) {
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' must be an RFC 3339 time such as 2024-01-01T00:00:00Z", text));
  }
  return *time;
}

}  // namespace holmes
