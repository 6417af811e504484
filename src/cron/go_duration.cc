#include "cron/go_duration.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace holmes {
namespace {

constexpr int64_t kMaxNanoseconds = int64_t{290} * 365 * 24 * 3600 * 1'000'000'000;
// Digits behind a point that can make a difference.
constexpr size_t kMaxFractionDigits = 15;

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};
constexpr std::array kUnits{
    Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes what is_taken accepts from the front of the text.
template <class Predicate>
std::string_view take(std::string_view& text, Predicate is_taken) {
  const size_t length =
      static_cast<size_t>(std::ranges::find_if_not(text, is_taken) - text.begin());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

// whole.fraction units in nanoseconds, cut; nullopt beyond the maximum.
std::optional<int64_t> multiply(std::string_view whole, std::string_view fraction, int64_t unit) {
  int64_t value = 0;
  for (const char c : whole) {
    value = value * 10 + (c - '0');
    if (value > kMaxNanoseconds / unit) return std::nullopt;
  }
  int64_t part = 0;
  double scale = 1;
  for (const char c : fraction.substr(0, kMaxFractionDigits)) {
    part = part * 10 + (c - '0');
    scale *= 10;
  }
  // As Go rounds it.
  return value * unit +
         static_cast<int64_t>(static_cast<double>(part) * (static_cast<double>(unit) / scale));
}

}  // namespace

Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  const auto bad = [](std::string_view why) { return fail(ErrorCode::kInvalid, std::string(why)); };
  if (text.empty()) return bad("is not a duration; write one such as 90s or 1h30m");
  if (text == "0") return std::chrono::nanoseconds(0);
  int64_t total = 0;
  while (!text.empty()) {
    const std::string_view whole = take(text, is_digit);
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = take(text, is_digit);
    }
    if (whole.empty() && fraction.empty()) {
      return bad("is not a duration; write numbers with units, such as 90s or 1h30m");
    }
    const auto is_unit = [](char c) { return c != '.' && !is_digit(c); };
    const std::string_view name = take(text, is_unit);
    const auto* const unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == kUnits.end()) {
      return bad(name.empty() ? "lacks a unit; write one of h, m, s, ms, us, ns behind each number"
                              : "has an unknown unit; the units are h, m, s, ms, us, ns");
    }
    const auto part = multiply(whole, fraction, unit->nanoseconds);
    if (!part || *part > kMaxNanoseconds - total) return bad("is too long");
    total += *part;
  }
  return std::chrono::nanoseconds(total);
}

}  // namespace holmes
