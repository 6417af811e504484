#include "kube/store/field_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube::field {
namespace {

Cause cause(std::string field, std::string_view reason, std::string_view words,
            std::string_view detail) {
  std::string message(words);
  if (!detail.empty()) message.append(": ").append(detail);
  return {.field = std::move(field), .reason = std::string(reason), .message = std::move(message)};
}

std::string shown(const json::value& value) {
  if (value.is_string()) return quoted(std::string_view(value.get_string()));
  if (value.is_number() && !value.is_int64()) return number_text(value.to_number<double>());
  return encoded(value);
}

std::string with_value(std::string_view words, const json::value& value) {
  return fmt::format("{}: {}", words, shown(value));
}

// With as many digits as tell it from its neighbours.
std::string shortest(double number, bool exponent) {
  constexpr size_t kMaxChars = 400;  // the largest double in full has 309 digits
  std::array<char, kMaxChars> text{};
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, format).ptr;
  return {text.data(), end};
}

// The bytes of the character that begins at `at`, one when they are not UTF-8.
size_t character_size(std::string_view text, size_t at) {
  for (size_t size = 4; size > 1; --size) {
    const std::string_view part = text.substr(at, size);
    if (part.size() == size && code_point_count(part) == 1 && to_valid_utf8(part) == part) {
      return size;
    }
  }
  return 1;
}

char32_t code_point(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  char32_t code = byte(0) & (0xFFU >> (character.size() + 1));
  for (size_t i = 1; i < character.size(); ++i) code = (code << 6U) | (byte(i) & 0x3FU);
  return code;
}

// Go's unicode.IsPrint beyond ASCII, without its tables: spaces, format and private characters are
// not.
bool printable(char32_t code) {
  if (code < 0xA1 || code == 0xAD || code == 0x1680 || code == 0x3000 || code == 0xFEFF) {
    return false;
  }
  if (code >= 0x2000 && code <= 0x200F) return false;
  if (code >= 0x2028 && code <= 0x202F) return false;
  if (code >= 0x205F && code <= 0x206F) return false;
  return !(code >= 0xE000 && code <= 0xF8FF) && code < 0xE0000;
}

void quote_ascii(std::string& out, char c) {
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\"\\";
  constexpr std::string_view kNames = "abfnrtv\"\\";
  if (const size_t at = kEscaped.find(c); at != std::string_view::npos) {
    out.append({'\\', kNames[at]});
  } else if (c < ' ' || c == '\x7f') {
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

void encode_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : to_valid_utf8(text)) {
    constexpr std::string_view kEscaped = "\b\f\n\r\t\"\\";
    constexpr std::string_view kNames = "bfnrt\"\\";
    if (const size_t at = kEscaped.find(c); at != std::string_view::npos) {
      out.append({'\\', kNames[at]});
    } else if (static_cast<unsigned char>(c) < ' ' || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void encode(std::string& out, const json::value& value) {
  if (const json::object* object = value.if_object()) {
    std::vector<std::string_view> names;
    for (const auto& member : *object) names.emplace_back(member.key());
    std::ranges::sort(names);
    out += '{';
    for (const std::string_view name : names) {
      if (out.back() != '{') out += ',';
      encode_string(out, name);
      out += ':';
      encode(out, object->at(name));
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& item : *array) {
      if (&item != array->data()) out += ',';
      encode(out, item);
    }
    out += ']';
  } else if (value.is_string()) {
    encode_string(out, value.get_string());
  } else if (value.is_double()) {
    constexpr double kExponentFrom = 1e21;
    out += shortest(value.get_double(), std::abs(value.get_double()) >= kExponentFrom);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

Cause required(std::string field, std::string_view detail) {
  return cause(std::move(field), "FieldValueRequired", "Required value", detail);
}

Cause forbidden(std::string field, std::string_view detail) {
  return cause(std::move(field), "FieldValueForbidden", "Forbidden", detail);
}

Cause invalid(std::string field, const json::value& value, std::string_view detail) {
  return cause(std::move(field), "FieldValueInvalid", with_value("Invalid value", value), detail);
}

Cause invalid(std::string field, std::string_view detail) {
  return cause(std::move(field), "FieldValueInvalid", "Invalid value", detail);
}

Cause type_invalid(std::string field, const json::value& value, std::string_view detail) {
  return cause(std::move(field), "FieldValueTypeInvalid", with_value("Invalid value", value),
               detail);
}

Cause duplicate(std::string field, const json::value& value) {
  return cause(std::move(field), "FieldValueDuplicate", with_value("Duplicate value", value), "");
}

Cause not_supported(std::string field, const json::value& value,
                    const std::vector<std::string>& supported) {
  std::string detail;
  for (const std::string& one : supported) {
    detail += (detail.empty() ? "supported values: " : ", ") + quoted(one);
  }
  return cause(std::move(field), "FieldValueNotSupported", with_value("Unsupported value", value),
               detail);
}

Cause too_long(std::string field, int64_t max) {
  return cause(std::move(field), "FieldValueTooLong", "Too long",
               fmt::format("may not be more than {} {}", max, max == 1 ? "byte" : "bytes"));
}

Cause too_many(std::string field, int64_t actual, int64_t max) {
  return cause(std::move(field), "FieldValueTooMany", fmt::format("Too many: {}", actual),
               fmt::format("must have at most {} {}", max, max == 1 ? "item" : "items"));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t size = character_size(text, at);
    const std::string_view character = text.substr(at, size);
    at += size;
    const char32_t code = code_point(character);
    if (size == 1 && code < 0x80) {
      quote_ascii(out, character[0]);
    } else if (size == 1) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(code));
    } else if (printable(code)) {
      out += character;
    } else {
      const auto number = static_cast<unsigned>(code);
      out += code < 0x10000 ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
    }
  }
  return out + '"';
}

std::string number_text(double number) {
  constexpr double kExponentFrom = 1e6;
  constexpr double kExponentBelow = 1e-4;
  const double size = std::abs(number);
  const bool exponent = size >= kExponentFrom || (size != 0 && size < kExponentBelow);
  return shortest(number, exponent);
}

std::string encoded(const json::value& value) {
  std::string out;
  encode(out, value);
  return out;
}

}  // namespace holmes::kube::field
