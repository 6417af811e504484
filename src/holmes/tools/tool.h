// A tool: one read-only question that a model may ask, and its answer.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/stop.h"
#include "async/task.h"
#include "base/json.h"

namespace holmes {

// What an answer is worth as evidence for a verdict (contract, section 2): an answer of the system
// counts, also "not found" or an empty list; being denied, a broken or slow system does not.
enum class ToolOutcome {
  kAnswered,
  kDenied,  // 401, 403, or a read this tool never does (Secrets)
  kFailed,  // 5xx, broken connection
  kTimeout,
  kBadArguments,  // the model's mistake; it is told what would be right
};
std::string_view to_string(ToolOutcome outcome);  // "answered", "bad_arguments", ...

struct ToolResult {
  ToolOutcome outcome = ToolOutcome::kAnswered;
  // What the model reads: limited, redacted, valid UTF-8. Begins with "error: " unless answered; so
  // does "error: not found (404): ...", which is an answer when an object was looked for.
  std::string text;
};

struct ToolInfo {
  std::string name;         // [a-z_]{1,64}
  std::string description;  // for the model
  json::object parameters;  // JSON Schema, strict: every property required (optional ones
                            // nullable), additionalProperties false
};

// What a call should know of the check it is made for.
struct ToolContext {
  std::string ns = "default";  // where names without a namespace are looked up
};

class Tool {
 public:
  virtual ~Tool() = default;
  [[nodiscard]] virtual const ToolInfo& info() const = 0;
  // Never fails as such: errors are results the model sees. Several runs may be under way at once.
  // Ends soon after the stop, with kTimeout.
  virtual Task<ToolResult> run(json::object arguments, ToolContext context, Stop stop) = 0;
};

// Which calls answer a question best, so that a model guesses neither kinds nor names.
class FirstLook {
 public:
  struct Call {
    std::string tool;
    json::object arguments;
    bool operator==(const Call&) const = default;
  };

  virtual ~FirstLook() = default;
  // At most kMaxFirstCalls, the most telling first; none when nothing is known to help, for example
  // because what it needs cannot be read. Ends soon after the stop. Several may be under way at
  // once.
  virtual Task<std::vector<Call>> calls(std::string question, ToolContext context, Stop stop) = 0;
};
inline constexpr size_t kMaxFirstCalls = 4;

struct ToolSet {
  std::vector<std::unique_ptr<Tool>> tools;
  std::unique_ptr<FirstLook> first_look = nullptr;  // none: a model looks on its own
};

// The tools a check may use, sorted by name (a stable order lets providers cache the prompt).
// Asserts that no name occurs twice.
class ToolTable {
 public:
  explicit ToolTable(ToolSet set);
  explicit ToolTable(std::vector<std::unique_ptr<Tool>> tools)
      : ToolTable(ToolSet{std::move(tools)}) {}
  [[nodiscard]] const std::vector<std::unique_ptr<Tool>>& all() const { return tools_; }
  // nullptr when there is no such tool.
  [[nodiscard]] Tool* find(std::string_view name) const;
  // nullptr when there is none.
  [[nodiscard]] FirstLook* first_look() const { return first_look_.get(); }

 private:
  std::vector<std::unique_ptr<Tool>> tools_;
  std::unique_ptr<FirstLook> first_look_;
};

// Values that look like credentials (keys, tokens, passwords, PEM blocks, JWTs, URLs with
// passwords) replaced by "[redacted]". Pure and idempotent. Also used for rationales, logs and
// alerts.
std::string redact(std::string_view text);

}  // namespace holmes
