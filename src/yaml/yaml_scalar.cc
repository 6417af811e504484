#include "yaml/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include <re2/re2.h>

namespace holmes {
namespace {

constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue{"y",  "Y",  "yes",  "Yes",  "YES", "on",
                                                 "On", "ON", "true", "True", "TRUE"};
constexpr std::array<std::string_view, 11> kFalse{"n",   "N",   "no",    "No",    "NO",   "off",
                                                  "Off", "OFF", "false", "False", "FALSE"};

std::optional<int64_t> read_integer(std::string digits) {
  std::erase(digits, '_');
  std::string_view rest = digits;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty() || rest[0] < '0' || rest[0] > '9') return std::nullopt;
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char mark = rest[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    const bool two = base != 8 || mark == 'o' || mark == 'O';
    rest.remove_prefix(two ? 2 : 1);
  }
  const std::string text = (negative ? "-" : "") + std::string(rest);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> read_float(std::string text) {
  static const re2::RE2 pattern(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  std::erase(text, '_');
  if (!re2::RE2::FullMatch(text, pattern)) return std::nullopt;
  const std::string_view digits = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

json::value read_plain_scalar(std::string_view text) {
  const auto in = [text](const auto& words) {
    return std::ranges::find(words, text) != words.end();
  };
  if (in(kNull)) return nullptr;
  if (in(kTrue)) return true;
  if (in(kFalse)) return false;
  const bool numeric = text.find_first_of("0123456789") <= 2;
  if (numeric) {
    if (const auto number = read_integer(std::string(text))) return *number;
    if (const auto number = read_float(std::string(text))) return *number;
  }
  return json::string(text);
}

}  // namespace holmes
