#include "holmes/checks/json_text.h"

#include <cstddef>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kFence = "```";

}  // namespace

std::string_view without_fence(std::string_view text) {
  text = trim(text);
  if (!text.starts_with(kFence) || !text.ends_with(kFence)) return text;
  const size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return text;
  text.remove_prefix(line_end + 1);
  if (text.ends_with(kFence)) text.remove_suffix(kFence.size());
  return trim(text);
}

std::string_view first_object(std::string_view text) {
  const size_t begin = text.find('{');
  if (begin == std::string_view::npos) return {};
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return text.substr(begin, i - begin + 1);
    }
  }
  return {};
}

}  // namespace holmes
