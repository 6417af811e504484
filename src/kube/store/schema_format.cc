#include "kube/store/schema_format.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <re2/re2.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

bool matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool is_date(std::string_view text) {
  static const RE2 date("([0-9]{4})-([0-9]{2})-([0-9]{2})");
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), date, &year, &month, &day)) {
    return false;
  }
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                     std::chrono::day(day))
      .ok();
}

// Laxer than RFC 3339: any zone offset of digits will do, but no second 60.
bool is_date_time(std::string_view text) {
  static const RE2 time(
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})");
  const std::string lower = to_lower(text);
  const auto parts = split(lower, 't');
  return parts.size() >= 2 && is_date(parts[0]) && matches(parts[1], time);
}

bool is_uuid(std::string_view text) {
  static const RE2 uuid("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
  return matches(text, uuid);
}
bool is_uuid3(std::string_view text) {
  static const RE2 uuid("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}");
  return matches(text, uuid);
}
bool is_uuid4(std::string_view text) {
  static const RE2 uuid(
      "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}");
  return matches(text, uuid);
}
bool is_uuid5(std::string_view text) {
  static const RE2 uuid(
      "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}");
  return matches(text, uuid);
}

bool is_hostname(std::string_view text) {
  static const RE2 hostname(
      "[a-zA-Z0-9\\p{S}\\p{L}](-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?|"
      "([a-zA-Z0-9\\p{S}\\p{L}]([a-zA-Z0-9\\p{S}\\p{L}-]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?\\.)+"
      "[a-zA-Z\\p{L}]{2,63}");
  constexpr size_t kMaxBytes = 255;
  constexpr size_t kMaxLabelBytes = 63;
  return text.size() <= kMaxBytes && matches(text, hostname) &&
         std::ranges::all_of(split(text, '.'),
                             [](std::string_view label) { return label.size() <= kMaxLabelBytes; });
}

bool is_ipv4(std::string_view text) {
  static const RE2 address(
      "((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}"
      "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])");
  return matches(text, address);
}

bool is_base64(std::string_view text) {
  static const RE2 base64("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?");
  return !text.empty() && matches(text, base64);
}

bool is_short_name(std::string_view text) {
  static const RE2 label("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  constexpr size_t kMaxBytes = 63;
  return text.size() <= kMaxBytes && matches(text, label);
}

bool is_long_name(std::string_view text) {
  static const RE2 subdomain("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  constexpr size_t kMaxBytes = 253;
  return text.size() <= kMaxBytes && matches(text, subdomain);
}

struct Format {
  std::string_view name;
  FormatCheck check;
};
constexpr Format kFormats[] = {
    {"datetime", is_date_time},
    {"date", is_date},
    {"uuid", is_uuid},
    {"uuid3", is_uuid3},
    {"uuid4", is_uuid4},
    {"uuid5", is_uuid5},
    {"hostname", is_hostname},
    {"ipv4", is_ipv4},
    {"byte", is_base64},
    {"k8sshortname", is_short_name},
    {"k8slongname", is_long_name},
};

}  // namespace

FormatCheck format_check(std::string_view format) {
  std::string name(format);
  std::erase(name, '-');
  const auto* const found = std::ranges::find(kFormats, name, &Format::name);
  return found == std::end(kFormats) ? nullptr : found->check;
}

}  // namespace holmes::kube
