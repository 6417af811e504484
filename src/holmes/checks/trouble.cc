#include "holmes/checks/trouble.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <re2/re2.h>

#include "base/json.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxSignBytes = 400;
constexpr auto kGoodStates =
    std::to_array<std::string_view>({"Running", "Ready", "Active", "Bound", "Available",
                                     "Completed", "Complete", "Succeeded", "Normal", "<none>"});

bool is_good(std::string_view state) {
  return std::ranges::find(kGoodStates, state) != kGoodStates.end();
}

// "3 rows; STATUS: 2 Bound, 1 Pending; not all ready: a 0/1"
bool tells_of_bad_rows(std::string_view line) {
  if (line.contains("; not all ready: ") || line.contains("; conditions: ")) return true;
  static const RE2 state(R"((?:: |, )\d+ ([^,;]+))");
  re2::StringPiece left(line.data(), line.size());
  std::string found;
  while (RE2::FindAndConsume(&left, state, &found)) {
    if (!is_good(trim(found))) return true;
  }
  return false;
}

bool tells_of_bad_health(std::string_view health) {
  static const RE2 bad(
      R"(^(?:not ready|failed|suspended|Pending|Failed|Lost)|Pressure=True|=Unknown|cordoned|)"
      R"(Ready=False|Available=False|Progressing=False|CrashLoopBackOff|not scheduled)");
  if (RE2::PartialMatch({health.data(), health.size()}, bad)) return true;
  static const RE2 count(R"((\d{1,9}) of (\d{1,9}))");
  re2::StringPiece left(health.data(), health.size());
  int64_t part = 0;
  int64_t whole = 0;
  while (RE2::FindAndConsume(&left, count, &part, &whole)) {
    if (part < whole) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> sign_of_trouble(std::string_view question,
                                           const std::vector<std::string>& answers) {
  static const RE2 asks_for_restarts(R"((?i)\brestart)");
  static const RE2 restarts(R"(has restarted \d+ times|[1-9]\d* restarts\b|most restarts: )");
  const bool restarts_count =
      RE2::PartialMatch({question.data(), question.size()}, asks_for_restarts);
  const auto is_bad_sum = [&](const std::string& sum, bool bad) {
    return bad || (restarts_count && RE2::PartialMatch(sum, restarts));
  };
  static const RE2 table(R"((?m)^\[(\d+ rows[^\n]*)\]$)");
  const auto is_absence = [](const std::string& answer) {
    return answer.starts_with("error: not found");
  };
  if (!answers.empty() && std::ranges::all_of(answers, is_absence)) {
    return cut(split(answers[0], '\n')[0], kMaxSignBytes);
  }
  for (const std::string& answer : answers) {
    std::string line;
    if (RE2::PartialMatch(answer, table, &line) && is_bad_sum(line, tells_of_bad_rows(line))) {
      return cut(line, kMaxSignBytes);
    }
    if (answer.starts_with("{\"health\":")) {
      const auto object = parse_json_object(answer);
      const std::string health = object ? json_string_or(*object, {"health"}) : "";
      if (is_bad_sum(health, tells_of_bad_health(health))) return health;
    }
  }
  return std::nullopt;
}

}  // namespace holmes
