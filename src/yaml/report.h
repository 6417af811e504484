// What is wrong with a YAML file that people write, where, and what would be right. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace holmes {

inline constexpr size_t kMaxProblems = 200;  // told of one file

// Of a file's text, both from 1; columns count bytes.
struct Position {
  int line = 1;
  int column = 1;

  auto operator<=>(const Position&) const = default;
};

// kError: it cannot be used; a manifest would be refused by the API server or the operator.
// kWarning: it does something else than it seems to. kNote: it was not looked at.
enum class Severity { kError, kWarning, kNote };
std::string_view to_string(Severity severity);  // "error", ...

struct Problem {
  Severity severity = Severity::kError;
  Position at;
  std::string path;  // "spec.schedule"; "" when it is about the whole object or file
  std::string message;

  bool operator==(const Problem&) const = default;
};

// "error: spec.timeout: must be ..." behind "<file>:<line>:<column>: ".
std::string to_text(const Problem& problem, std::string_view file);
// {file, line, column, path, severity, message}
json::object to_json(const Problem& problem, std::string_view file);

// 'text', short and readable, for messages.
std::string quoted(std::string_view text);

// Collects problems; those beyond kMaxProblems become one, as grave as the gravest of them.
class Report {
 public:
  void error(Position at, std::string path, std::string message);
  void warning(Position at, std::string path, std::string message);
  void note(Position at, std::string path, std::string message);

  // In the order of the text.
  [[nodiscard]] std::vector<Problem> take();

 private:
  void add(Problem problem);

  std::vector<Problem> problems_;
  std::optional<Problem> more_;
};

}  // namespace holmes
