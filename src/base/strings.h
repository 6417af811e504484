// Text helpers that everybody may need. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holmes {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Whether `is_one` holds for a character. Does not stop at the first, so that an `is_one` without
// branches (| instead of ||) is asked of many characters at once.
template <class IsOne>
bool has_any(std::string_view text, IsOne is_one) {
  bool found = false;
  for (const char c : text) found |= is_one(c);
  return found;
}

// At most `bytes_max` bytes, cut at a UTF-8 character boundary; "..." marks the cut (within the
// limit, when it leaves room for it).
std::string cut(std::string_view text, size_t bytes_max);

// Number of Unicode code points; an invalid byte counts as one.
size_t code_point_count(std::string_view text);

// Every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace holmes
