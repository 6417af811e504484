#include "holmes/checks/quoted_counts.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/json.h"
#include "base/strings.h"

namespace holmes {
namespace {

// Digits that are part of a name, an address, a version or a quantity are no counts.
constexpr const char* kCount =
    R"((?:^|[^\w./:-])((\d{1,9})(?:/| of (?:the )?| out of (?:the )?)(\d{1,9}))(?:\.?$|\.?[^\w./:]))";
constexpr const char* kNumber = R"((?:^|[^\w.-])(\d{1,9})(?:\.?$|\.?[^\w.-]))";

struct Count {
  std::string text;
  int64_t part = 0;
  int64_t whole = 0;
};

// Matches share the character between them, so each begins one before the end of the last.
void for_each_match(std::string_view text, const RE2& pattern,
                    const std::function<void(const re2::StringPiece*)>& use) {
  constexpr int kGroups = 4;
  re2::StringPiece groups[kGroups];
  size_t at = 0;
  while (at <= text.size() &&
         pattern.Match({text.data(), text.size()}, at, text.size(), RE2::UNANCHORED, groups,
                       std::min(kGroups, pattern.NumberOfCapturingGroups() + 1))) {
    use(groups);
    at = static_cast<size_t>(groups[1].data() - text.data()) + groups[1].size();
  }
}

int64_t to_number(re2::StringPiece digits) {
  int64_t number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

std::vector<Count> counts_of(std::string_view text) {
  static const RE2 pattern(kCount);
  std::vector<Count> counts;
  for_each_match(text, pattern, [&](const re2::StringPiece* groups) {
    counts.push_back({std::string(groups[1]), to_number(groups[2]), to_number(groups[3])});
  });
  return counts;
}

std::multiset<int64_t> numbers_of(std::string_view text) {
  static const RE2 pattern(kNumber);
  std::multiset<int64_t> numbers;
  for_each_match(text, pattern,
                 [&](const re2::StringPiece* groups) { numbers.insert(to_number(groups[1])); });
  return numbers;
}

void add_list_sizes(const json::value& value, std::set<int64_t>& sizes) {
  if (value.is_array()) {
    sizes.insert(static_cast<int64_t>(value.get_array().size()));
    for (const json::value& item : value.get_array()) add_list_sizes(item, sizes);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) add_list_sizes(member.value(), sizes);
  }
}

// How many rows there are, and how many have a word in common; of JSON, how many items.
std::set<int64_t> sizes_of(std::string_view text) {
  std::set<int64_t> sizes;
  if (const auto value = parse_json(text)) {
    add_list_sizes(*value, sizes);
    return sizes;
  }
  static const RE2 word(R"((\w+))");
  std::vector<std::string_view> lines = split(trim(text), '\n');
  while (lines.size() > 1 && lines[0].starts_with('[')) lines.erase(lines.begin());  // remarks
  lines.erase(lines.begin());                                                        // the header
  sizes.insert(static_cast<int64_t>(lines.size()));
  std::map<std::string, int64_t> rows;
  for (const std::string_view line : lines) {
    std::set<std::string> words;
    for_each_match(line, word, [&](const re2::StringPiece* groups) { words.emplace(groups[1]); });
    for (const std::string& found : words) ++rows[found];
  }
  for (const auto& [found, count] : rows) sizes.insert(count);
  return sizes;
}

bool supports(const std::string& answer, const Count& count) {
  const std::multiset<int64_t> numbers = numbers_of(answer);
  const size_t times = count.part == count.whole ? 2 : 1;  // each number was told
  if (numbers.count(count.whole) >= times && (count.part == 0 || numbers.contains(count.part))) {
    return true;
  }
  return count.part <= count.whole && sizes_of(answer).contains(count.whole);
}

}  // namespace

std::optional<std::string> unsupported_count(std::string_view rationale,
                                             const std::vector<std::string>& answers) {
  for (const Count& count : counts_of(rationale)) {
    const bool supported = std::ranges::any_of(
        answers, [&](const std::string& answer) { return supports(answer, count); });
    if (!supported) return count.text;
  }
  return std::nullopt;
}

}  // namespace holmes
