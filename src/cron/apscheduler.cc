#include "cron/apscheduler.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/strings.h"
#include "cron/cron_field.h"
#include "cron/cron_text.h"
#include "cron/describe.h"

// The rules are those of apscheduler/triggers/cron/{fields,expressions}.py of its branch 3.x. Only
// texts that parse_cron takes come here, which is why so little is checked.
namespace holmes {
namespace {

constexpr uint64_t kAllDaysOfMonth = 0xFFFF'FFFE;
constexpr uint64_t kAllDaysOfWeek = 0x7F;

bool is_weekday(const FieldKind& kind) {
  return kind.wraps_at_end;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_number(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int to_number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// Its number of a name: weekdays count from Monday.
int number_of(const FieldKind& kind, std::string_view name) {
  const auto is_it = [name](std::string_view known) { return equals_ignoring_case(known, name); };
  const auto index = std::ranges::find_if(kind.names, is_it) - kind.names.begin();
  return is_weekday(kind) ? static_cast<int>((index + 6) % 7) : kind.min + static_cast<int>(index);
}

uint64_t bits_of(int first, int last, int step) {
  uint64_t bits = 0;
  for (int value = first; value <= last; value += step) bits |= uint64_t{1} << value;
  return bits;
}

std::unexpected<Error> refused(std::string why) {
  return fail(ErrorCode::kInvalid, std::move(why));
}

// Its pattern for names has no end: what stands behind the name or the two names is not read.
Result<uint64_t> read_names(const FieldKind& kind, std::string_view item) {
  const auto length_of = [](std::string_view text) {
    return static_cast<size_t>(std::ranges::find_if_not(text, is_letter) - text.begin());
  };
  const std::string_view low = item.substr(0, length_of(item));
  item.remove_prefix(low.size());
  const int first = number_of(kind, low);
  if (item.size() < 2 || item[0] != '-' || !is_letter(item[1])) return bits_of(first, first, 1);
  item.remove_prefix(1);
  const int last = number_of(kind, item.substr(0, length_of(item)));
  if (first > last) return refused("its weeks begin on Monday, so the range runs backwards");
  return bits_of(first, last, 1);
}

Result<uint64_t> read_item(const FieldKind& kind, std::string_view item) {
  if (is_letter(item.front())) return read_names(kind, item);
  const std::vector<std::string_view> parts = split(item, '/');
  const std::vector<std::string_view> ends = split(parts[0], '-');
  if (ends[0] == "?") return refused("it knows no ?; write *");
  int first = kind.min;
  int last = kind.max;
  if (ends[0] != "*") {
    if (!std::ranges::all_of(ends, is_number)) return refused("it takes no number beside a name");
    first = to_number(ends[0]);
    if (ends.size() > 1 || parts.size() == 1) last = to_number(ends.back());
    if (std::max(first, last) > kind.max) return refused("Sunday is 6 there, write sun");
    if (first > last) return refused("the range runs backwards there");
  }
  const int step = parts.size() > 1 ? to_number(parts[1]) : 1;
  if (parts.size() > 1 && step > last - first) return refused("the step is longer than the range");
  return bits_of(first, last, step);
}

// The values in our numbers.
Result<uint64_t> read_field(const FieldKind& kind, std::string_view text) {
  uint64_t bits = 0;
  for (const std::string_view item : split(text, ',')) {
    HOLMES_TRY(const uint64_t more, read_item(kind, item));
    bits |= more;
  }
  return is_weekday(kind) ? (bits << 1U | bits >> 6U) & kAllDaysOfWeek : bits;
}

std::string difference(const FieldKind& kind, std::string_view text, uint64_t ours) {
  const auto theirs = read_field(kind, text);
  const std::string head = fmt::format("{} field '{}': APScheduler 3.x", kind.name, text);
  if (!theirs) return fmt::format("{} refuses it: {}", head, theirs.error().message);
  if (*theirs == ours) return "";
  // Only names and the numbers of weekdays can be read in two ways.
  const auto bits = static_cast<uint32_t>(*theirs);
  const std::string days = is_weekday(kind) ? weekday_names(bits) : month_names(bits);
  const auto is_named = [](std::string_view item) { return is_letter(item.front()); };
  const bool all_named = std::ranges::all_of(split(text, ','), is_named);
  return fmt::format("{} {} and would run {}", head,
                     all_named ? "reads nothing behind a name" : "counts from 0 for Monday", days);
}

}  // namespace

std::vector<std::string> apscheduler_differences(std::string_view expression) {
  const auto parsed = parse_cron(expression);
  if (!parsed) return {};
  const std::vector<std::string_view> words = split_words(expression);
  if (words[0] == "@every") return {"APScheduler 3.x has no @every; use its interval trigger"};
  if (words[0].starts_with('@')) {
    return {fmt::format("APScheduler 3.x has no {}; write five fields", words[0])};
  }
  const auto& fields = std::get<CronFields>(*parsed);
  std::vector<std::string> differences{
      difference(kMinuteField, words[0], fields.minutes),
      difference(kHourField, words[1], fields.hours),
      difference(kDayOfMonthField, words[2], fields.days_of_month),
      difference(kMonthField, words[3], fields.months),
      difference(kDayOfWeekField, words[4], fields.days_of_week),
  };
  const bool either = !fields.star_in_days_of_month && !fields.star_in_days_of_week;
  if (either &&
      (fields.days_of_month != kAllDaysOfMonth || fields.days_of_week != kAllDaysOfWeek)) {
    differences.push_back(
        fmt::format("day-of-month '{}' and day-of-week '{}': APScheduler 3.x would run on days "
                    "that match both, "
                    "here either is enough",
                    words[2], words[4]));
  }
  std::erase(differences, "");
  return differences;
}

}  // namespace holmes
