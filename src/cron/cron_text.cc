#include "cron/cron_text.h"

#include <array>
#include <bit>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "cron/cron_field.h"
#include "cron/go_duration.h"

namespace holmes {
namespace {

constexpr size_t kMaxTextBytes = 512;
constexpr std::chrono::hours kMaxPeriod{24 * 366 * 10};
constexpr std::string_view kEvery = "@every";
constexpr std::string_view kSpaces = " \t\n\v\f\r";

struct Macro {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array kMacros{
    Macro{"@yearly", "0 0 1 1 *"}, Macro{"@annually", "0 0 1 1 *"}, Macro{"@monthly", "0 0 1 * *"},
    Macro{"@weekly", "0 0 * * 0"}, Macro{"@daily", "0 0 * * *"},    Macro{"@midnight", "0 0 * * *"},
    Macro{"@hourly", "0 * * * *"},
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(kSpaces);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t length = std::min(text.find_first_of(kSpaces), text.size());
    words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

Status check_characters(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return fail(ErrorCode::kInvalid,
                fmt::format("schedule: {} bytes are too many; at most {} are read", text.size(),
                            kMaxTextBytes));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c > ' ' && c <= '~') || kSpaces.find(c) != std::string_view::npos) continue;
    return fail(
        ErrorCode::kInvalid,
        fmt::format("schedule: byte {} (0x{:02x}) is not plain ASCII; write letters, digits "
                    "and * ? , - / @ only",
                    i + 1, static_cast<unsigned char>(c)));
  }
  return {};
}

Result<CronPeriod> parse_every(const std::vector<std::string_view>& words) {
  if (words.size() != 2) {
    return fail(ErrorCode::kInvalid,
                "schedule: '@every' takes one duration without spaces, such as @every 1h30m");
  }
  const std::string_view text = words[1];
  const auto invalid = [text](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("schedule: @every '{}' {}", text, why));
  };
  const auto length = parse_go_duration(text);
  if (!length) return invalid(length.error().message);
  if (*length < std::chrono::seconds(1)) return invalid("is too short; the least is 1s");
  if (*length > kMaxPeriod) {
    return invalid(fmt::format("is too long; the most is {}h", kMaxPeriod.count()));
  }
  return CronPeriod{std::chrono::floor<std::chrono::seconds>(*length)};
}

// Some day of some year must match: a day of the month that one of the months has.
Status check_dates(const CronFields& fields, std::string_view days, std::string_view months) {
  if (!fields.star_in_days_of_week || fields.star_in_days_of_month) return {};
  constexpr uint32_t kMonthsOf31 = 0b1'0101'1010'1010;
  constexpr uint32_t kFebruary = 0b100;
  int longest = 30;
  if ((fields.months & kMonthsOf31) != 0) longest = 31;
  if (fields.months == kFebruary) longest = 29;
  if (std::countr_zero(fields.days_of_month) <= longest) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("day-of-month field '{}': no such day ever comes, since with month field "
                          "'{}' a month has at most {} days",
                          days, months, longest));
}

Result<CronFields> parse_fields(const std::vector<std::string_view>& words) {
  CronFields fields;
  HOLMES_TRY(const FieldSet minutes, parse_field(kMinuteField, words[0]));
  HOLMES_TRY(const FieldSet hours, parse_field(kHourField, words[1]));
  HOLMES_TRY(const FieldSet days_of_month, parse_field(kDayOfMonthField, words[2]));
  HOLMES_TRY(const FieldSet months, parse_field(kMonthField, words[3]));
  HOLMES_TRY(const FieldSet days_of_week, parse_field(kDayOfWeekField, words[4]));
  fields.minutes = minutes.bits;
  fields.hours = static_cast<uint32_t>(hours.bits);
  fields.days_of_month = static_cast<uint32_t>(days_of_month.bits);
  fields.months = static_cast<uint32_t>(months.bits);
  fields.days_of_week = static_cast<uint32_t>(days_of_week.bits);
  fields.star_in_days_of_month = days_of_month.star;
  fields.star_in_days_of_week = days_of_week.star;
  fields.hour_begins_with_star = words[1].front() == '*' || words[1].front() == '?';
  HOLMES_CHECK(check_dates(fields, words[2], words[3]));
  return fields;
}

Error unknown_macro(std::string_view word) {
  std::string known;
  for (const Macro& macro : kMacros) known += fmt::format("{}, ", macro.name);
  const std::string_view why = word == "@reboot" ? "has no meaning here" : "is unknown";
  return {
      ErrorCode::kInvalid,
      fmt::format("schedule: '{}' {}; write {}@every <duration> or five fields", word, why, known)};
}

}  // namespace

Result<CronExpression> parse_cron(std::string_view text) {
  HOLMES_CHECK(check_characters(text));
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) {
    return fail(ErrorCode::kInvalid,
                "schedule: '' is empty; write five fields such as 0 9 * * 1-5");
  }
  if (words[0].starts_with("TZ=") || words[0].starts_with("CRON_TZ=")) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("schedule: '{}' cannot stand in it; set spec.timeZone instead", words[0]));
  }
  if (words[0] == kEvery) return parse_every(words);
  if (words[0].starts_with('@')) {
    for (const Macro& macro : kMacros) {
      if (words.size() == 1 && macro.name == words[0]) return parse_fields(words_of(macro.fields));
    }
    return fail(unknown_macro(trim(text)));
  }
  if (words.size() != 5) {
    return fail(ErrorCode::kInvalid,
                fmt::format("schedule: '{}' has {} field{}; 5 are right: minute hour day-of-month "
                            "month day-of-week",
                            trim(text), words.size(), words.size() == 1 ? "" : "s"));
  }
  return parse_fields(words);
}

}  // namespace holmes
