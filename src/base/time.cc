#include "base/time.h"

#include <optional>

#include <fmt/format.h>

namespace holmes {
namespace {

namespace chr = std::chrono;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void put_digits(std::string& text, size_t at, size_t width, unsigned value) {
  for (size_t i = at + width; i-- > at; value /= 10) text[i] = static_cast<char>('0' + value % 10);
}

// Of the form "0000-00-00T00:00:00" and whatever follows, which stays. Digit by digit: fmt takes
// several times as long, and every write of a status has some of them.
std::string fill_in(std::string form, WallTime time) {
  const auto day = chr::floor<chr::days>(time);
  const chr::year_month_day date(day);
  const auto second = static_cast<unsigned>(chr::floor<chr::seconds>(time - day).count());
  put_digits(form, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(form, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(form, 11, 2, second / 3600);
  put_digits(form, 14, 2, second / 60 % 60);
  put_digits(form, 17, 2, second % 60);
  const int year = static_cast<int>(date.year());
  if (year >= 0 && year <= 9999) {
    put_digits(form, 0, 4, static_cast<unsigned>(year));
  } else {
    form.replace(0, 4, fmt::format("{:04}", year));
  }
  return form;
}

// Reads exactly `width` digits at `at`, or nullopt.
std::optional<int> digits(std::string_view text, size_t at, size_t width) {
  if (text.size() < at + width) return std::nullopt;
  int value = 0;
  for (size_t i = at; i < at + width; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
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
  for (; i < text.size() && is_digit(text[i]); ++i) {
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
  return fill_in("0000-00-00T00:00:00Z", time);
}

std::string format_rfc3339_micros(WallTime time) {
  std::string text = fill_in("0000-00-00T00:00:00.000000Z", time);
  const auto fraction = time - chr::floor<chr::seconds>(time);
  put_digits(text, text.size() - 7, 6, static_cast<unsigned>(fraction.count()));
  return text;
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
