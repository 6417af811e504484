#include "yaml/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 60;
constexpr size_t kMaxPathBytes = 200;

// A file's own bytes get into these texts; a terminal or a reader of JSON must not stumble.
std::string printable(std::string_view text) {
  std::string clean = to_valid_utf8(text);
  std::ranges::replace_if(clean, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  return clean;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNote:
      return "note";
  }
  return "";
}

std::string to_text(const Problem& problem, std::string_view file) {
  return fmt::format("{}:{}:{}: {}: {}{}{}", file, problem.at.line, problem.at.column,
                     to_string(problem.severity), problem.path, problem.path.empty() ? "" : ": ",
                     problem.message);
}

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", cut(text, kMaxQuotedBytes));
}

json::object to_json(const Problem& problem, std::string_view file) {
  return json::object{{"file", file},
                      {"line", problem.at.line},
                      {"column", problem.at.column},
                      {"path", problem.path},
                      {"severity", to_string(problem.severity)},
                      {"message", problem.message}};
}

void Report::error(Position at, std::string path, std::string message) {
  add({Severity::kError, at, std::move(path), std::move(message)});
}

void Report::warning(Position at, std::string path, std::string message) {
  add({Severity::kWarning, at, std::move(path), std::move(message)});
}

void Report::note(Position at, std::string path, std::string message) {
  add({Severity::kNote, at, std::move(path), std::move(message)});
}

std::vector<Problem> Report::take() {
  if (more_) problems_.push_back(*more_);
  std::ranges::sort(problems_, {}, [](const Problem& problem) {
    return std::tie(problem.at, problem.path, problem.message);
  });
  return std::move(problems_);
}

void Report::add(Problem problem) {
  problem.path = printable(cut(problem.path, kMaxPathBytes));
  problem.message = printable(problem.message);
  if (problems_.size() < kMaxProblems) {
    problems_.push_back(std::move(problem));
    return;
  }
  if (!more_) more_ = Problem{problem.severity, problem.at, "", "and more, from here on"};
  more_->severity = std::min(more_->severity, problem.severity);
}

}  // namespace holmes
