#include "base/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/assert.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr unsigned char kFirstPrintable = 0x20;

bool needs_escape(char c) {
  return (static_cast<unsigned char>(c) < kFirstPrintable) | (c == '"') | (c == '\\');
}

void append_number(std::string& text, auto value) {
  constexpr size_t kMaxDigits = 32;  // of a double or an int64_t in its shortest form
  std::array<char, kMaxDigits> digits{};
  const auto written = std::to_chars(digits.begin(), digits.end(), value);
  HOLMES_ASSERT(written.ec == std::errc());
  text.append(digits.data(), written.ptr);
}

}  // namespace

void JsonText::text(std::string_view name, std::string_view value) {
  key(name);
  text_ += '"';
  if (has_any(value, needs_escape)) {
    append_escaped(value);
  } else {  // as most
    text_ += value;
  }
  text_ += '"';
}

void JsonText::integer(std::string_view name, int64_t value) {
  key(name);
  append_number(text_, value);
}

void JsonText::number(std::string_view name, double value) {
  key(name);
  if (std::isfinite(value)) {
    append_number(text_, value);
  } else {
    text_ += "null";
  }
}

void JsonText::flag(std::string_view name, bool value) {
  key(name);
  text_ += value ? "true" : "false";
}

void JsonText::tree(std::string_view name, const json::value& value) {
  key(name);
  text_ += to_text(value);
}

void JsonText::key(std::string_view name) {
  comma();
  text_ += '"';
  text_ += name;
  text_ += "\":";
}

void JsonText::append_escaped(std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  size_t plain = 0;  // from here to i nothing is escaped
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (!needs_escape(c)) continue;
    text_ += value.substr(plain, i - plain);
    plain = i + 1;
    text_ += '\\';
    switch (c) {
      case '"':
      case '\\':
        text_ += c;
        break;
      case '\n':
        text_ += 'n';
        break;
      case '\r':
        text_ += 'r';
        break;
      case '\t':
        text_ += 't';
        break;
      default:
        text_ += "u00";
        text_ += kHex[static_cast<unsigned char>(c) >> 4U];
        text_ += kHex[static_cast<unsigned char>(c) & 0xFU];
    }
  }
  text_ += value.substr(plain);
}

}  // namespace holmes
