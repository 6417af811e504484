#include "config/suggest.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxSuggestions = 3;
constexpr size_t kMaxWordBytes = 100;  // longer words are no slip of the finger

// Damerau-Levenshtein (restricted): insertions, deletions and replacements of one character, and
// swaps of two neighbours.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::vector<std::string> near_names(std::string_view word,
                                    const std::vector<std::string>& candidates) {
  if (word.size() > kMaxWordBytes) return {};
  const std::string lower = to_lower(word);
  const size_t allowed = std::max<size_t>(1, word.size() / 3);
  std::vector<std::pair<size_t, std::string>> found;
  for (const std::string& candidate : candidates) {
    const size_t apart = distance(lower, to_lower(candidate));
    if (apart <= allowed) found.emplace_back(apart, candidate);
  }
  std::ranges::sort(found);
  std::vector<std::string> names;
  for (auto& [apart, name] : found) {
    if (names.size() == kMaxSuggestions) break;
    names.push_back(std::move(name));
  }
  return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         std::string_view prefix) {
  std::vector<std::string> names = near_names(word, candidates);
  if (names.empty()) return "";
  for (std::string& name : names) name.insert(0, prefix);
  return fmt::format(" (did you mean {}?)", fmt::join(names, " or "));
}

}  // namespace holmes
