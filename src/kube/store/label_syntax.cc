#include "kube/store/label_syntax.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxNameBytes = 63;
constexpr size_t kMaxPrefixBytes = 253;

constexpr std::string_view kNameRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view text) {
  if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::ranges::all_of(
      text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

void add(std::string& errors, std::string_view error) {
  if (!errors.empty()) errors += "; ";
  errors += error;
}

}  // namespace

bool is_dns_label(std::string_view text) {
  const auto is_end = [](char c) { return is_digit(c) || is_lower(c); };
  return !text.empty() && is_end(text.front()) && is_end(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return is_end(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  return std::ranges::all_of(split(text, '.'), is_dns_label);
}

std::string label_key_errors(std::string_view key) {
  std::string errors;
  const size_t slash = key.find('/');
  std::string_view name = key;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    name = key.substr(slash + 1);
    if (name.contains('/')) {
      return fmt::format(
          "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. "
          "'example.com/MyName')",
          kNameRule);
    }
    if (prefix.empty()) {
      add(errors, "prefix part must be non-empty");
    } else {
      if (prefix.size() > kMaxPrefixBytes) {
        add(errors, fmt::format("prefix part must be no more than {} bytes", kMaxPrefixBytes));
      }
      if (!is_dns_subdomain(prefix)) add(errors, fmt::format("prefix part {}", kSubdomainRule));
    }
  }
  if (name.empty()) add(errors, "name part must be non-empty");
  if (name.size() > kMaxNameBytes) {
    add(errors, fmt::format("name part must be no more than {} bytes", kMaxNameBytes));
  }
  if (!is_name(name)) add(errors, fmt::format("name part {}", kNameRule));
  return errors;
}

std::string label_value_errors(std::string_view value) {
  std::string errors;
  if (value.size() > kMaxNameBytes) {
    add(errors, fmt::format("must be no more than {} bytes", kMaxNameBytes));
  }
  if (!value.empty() && !is_name(value)) add(errors, kValueRule);
  return errors;
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\"\\";
  constexpr std::string_view kNames = "abfnrtv\"\\";
  std::string out = "\"";
  for (const char c : to_valid_utf8(text)) {
    const size_t at = kEscaped.find(c);
    const auto byte = static_cast<unsigned char>(c);
    if (at != std::string_view::npos) {
      out += '\\';
      out += kNames[at];
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace holmes::kube
