#include "cmd/terminal_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/check.h"
#include "base/strings.h"

namespace holmes {
namespace {

// C1 control characters (U+0080 to U+009F) are two bytes in UTF-8; terminals obey them, too.
std::string without_controls(std::string_view text, bool keep_line_breaks) {
  const std::string valid = to_valid_utf8(text);
  std::string clean;
  for (size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    const auto next = static_cast<unsigned char>(i + 1 < valid.size() ? valid[i + 1] : 0);
    const bool c1 = byte == 0xC2U && next >= 0x80U && next < 0xA0U;
    if (c1) ++i;
    const bool kept = keep_line_breaks && byte == '\n';
    const bool control = c1 || byte < 0x20U || byte == 0x7FU;
    clean += control && !kept ? ' ' : valid[i];
  }
  return clean;
}

std::string_view code_of(Color color) {
  switch (color) {
    case Color::kRed:
      return "31";
    case Color::kGreen:
      return "32";
    case Color::kYellow:
      return "33";
    case Color::kBold:
      return "1";
    case Color::kNone:
      break;
  }
  return "";
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : without_controls(text, false)) {
    if (c != ' ' || (!line.empty() && line.back() != ' ')) line += c;
  }
  return std::string(trim(line));
}

std::string printable_lines(std::string_view text) {
  return without_controls(text, true);
}

std::string fit(std::string_view text, size_t width) {
  return width == 0 ? std::string(text) : limit_length(text, width);
}

std::string pad(std::string_view text, size_t width) {
  const size_t length = code_point_count(text);
  return std::string(text) + std::string(width - std::min(width, length), ' ');
}

std::string counted(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string indent_lines(std::string_view text, std::string_view margin) {
  std::string out;
  for (const std::string_view line : split(trim(text), '\n')) {
    out += fmt::format("{}{}\n", margin, line);
  }
  return out;
}

std::string colored(std::string_view text, Color color) {
  if (color == Color::kNone) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(color), text);
}

}  // namespace holmes
