// Text for a terminal or a pipe: in one line, of a width, in colour or not. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holmes {

// In one line and safe to print: line breaks and control characters become spaces, runs of spaces
// one, broken UTF-8 the replacement character. Words of models and clusters go through it.
std::string one_line(std::string_view text);
// The same, but lines stay lines.
std::string printable_lines(std::string_view text);

// At most `width` characters, "..." marking a cut; 0: no limit. The text is one line.
std::string fit(std::string_view text, size_t width);
// With spaces up to `width` characters.
std::string pad(std::string_view text, size_t width);

// "1 check", "2 checks"
std::string counted(int64_t count, std::string_view what);

// Every line behind `margin`.
std::string indent_lines(std::string_view text, std::string_view margin);

enum class Color { kNone, kRed, kGreen, kYellow, kBold };
std::string colored(std::string_view text, Color color);

}  // namespace holmes
