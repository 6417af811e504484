#include "cron/cron_field.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::array<std::string_view, 12> kMonthNames{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDayNames{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

// A field's item while it is read; its errors quote the whole field.
struct Item {
  const FieldKind& kind;
  std::string_view field;
  std::string_view text;

  [[nodiscard]] std::unexpected<Error> invalid(const std::string& why) const {
    return fail(ErrorCode::kInvalid, fmt::format("{} field '{}': {}", kind.name, field, why));
  }
};

struct Range {
  int first;
  int last;
  bool star = false;
  bool is_range = true;  // false: a single value
};

bool is_star(std::string_view text) {
  return text == "*" || text == "?";
}

std::optional<int> parse_digits(std::string_view text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 0 || text.front() == '-') return std::nullopt;
  return value;
}

std::string allowed_values(const FieldKind& kind) {
  std::string text =
      fmt::format("a number from {} to {}", kind.min, kind.max + (kind.wraps_at_end ? 1 : 0));
  if (!kind.names.empty())
    text += fmt::format(" or {} to {}", kind.names.front(), kind.names.back());
  return text;
}

// A number may be max + 1 where the field wraps.
Result<int> parse_value(const Item& item, std::string_view text) {
  for (size_t i = 0; i < item.kind.names.size(); ++i) {
    if (equals_ignoring_case(text, item.kind.names[i])) return item.kind.min + static_cast<int>(i);
  }
  const int max = item.kind.max + (item.kind.wraps_at_end ? 1 : 0);
  const auto value = text.empty() ? std::nullopt : parse_digits(text);
  if (value && *value >= item.kind.min && *value <= max) return *value;
  return item.invalid(fmt::format("'{}' is not {}", text, allowed_values(item.kind)));
}

Result<Range> parse_range(const Item& item, std::string_view text) {
  const FieldKind& kind = item.kind;
  if (is_star(text)) return Range{kind.min, kind.max, true};
  const size_t hyphen = text.find('-');
  if (hyphen == std::string_view::npos) {
    HOLMES_TRY(const int value, parse_value(item, text));
    return Range{value, value, false, false};
  }
  const std::string_view low = text.substr(0, hyphen);
  const std::string_view high = text.substr(hyphen + 1);
  if (is_star(low)) {
    return item.invalid(fmt::format("'{}' cannot begin a range; write {}-{}, or {} alone", low,
                                    kind.min, high, low));
  }
  if (high.find('-') != std::string_view::npos) {
    return item.invalid(fmt::format("'{}' has too many hyphens; a range is first-last", text));
  }
  HOLMES_TRY(const int first, parse_value(item, low));
  HOLMES_TRY(int last, parse_value(item, high));
  if (kind.wraps_at_end && last == kind.min && first > last) last = kind.max + 1;
  if (first > last) {
    return item.invalid(fmt::format("the range '{0}' runs backwards; write {1}-{2},{3}-{4}", text,
                                    low, kind.max, kind.min, high));
  }
  return Range{first, last};
}

Result<int> parse_step(const Item& item, std::string_view text) {
  const int most = item.kind.max - item.kind.min + 1;
  const auto step = text.empty() ? std::nullopt : parse_digits(text);
  if (step && *step >= 1 && *step <= most) return *step;
  return item.invalid(
      fmt::format("'{}' is not a step here; write a number from 1 to {} behind the /", text, most));
}

Result<FieldSet> parse_item(const Item& item) {
  const FieldKind& kind = item.kind;
  if (item.text.empty()) {
    return item.invalid("a list has an empty item; write values between the commas");
  }
  const std::vector<std::string_view> parts = split(item.text, '/');
  if (parts.size() > 2) {
    return item.invalid(fmt::format("'{}' has too many slashes; one step is enough", item.text));
  }
  HOLMES_TRY(Range range, parse_range(item, parts[0]));
  int step = 1;
  if (parts.size() == 2) {
    HOLMES_TRY(step, parse_step(item, parts[1]));
    if (!range.is_range && range.first <= kind.max) range.last = kind.max;
  }
  FieldSet set{0, range.star && step == 1};
  for (int value = range.first; value <= range.last; value += step) {
    set.bits |= uint64_t{1} << (value > kind.max ? kind.min : value);
  }
  return set;
}

}  // namespace

constexpr FieldKind kMinuteField{"minute", 0, 59, {}};
constexpr FieldKind kHourField{"hour", 0, 23, {}};
constexpr FieldKind kDayOfMonthField{"day-of-month", 1, 31, {}};
constexpr FieldKind kMonthField{"month", 1, 12, kMonthNames};
constexpr FieldKind kDayOfWeekField{"day-of-week", 0, 6, kDayNames, true};

Result<FieldSet> parse_field(const FieldKind& kind, std::string_view text) {
  FieldSet set;
  for (const std::string_view word : split(text, ',')) {
    HOLMES_TRY(const FieldSet item, parse_item({kind, text, word}));
    set.bits |= item.bits;
    set.star = set.star || item.star;
  }
  return set;
}

}  // namespace holmes
