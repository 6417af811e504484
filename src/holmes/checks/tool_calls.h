// The tool calls of one check: runs them, limits and remembers their answers, keeps the evidence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/check.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "holmes/checks/budget.h"
#include "holmes/checks/recording.h"
#include "holmes/llm/model.h"
#include "holmes/tools/tool.h"
#include "metrics/registry.h"

namespace holmes {

// Calls of one step beyond this are told to come again.
inline constexpr size_t kMaxCallsPerStep = 16;
// How often the same call may come again: with the former answer, and where a broken system was the
// reason, with another try. Then it is refused.
inline constexpr int kMaxRepeats = 2;

// Lives for one run, on the loop's thread; outlives its calls.
class ToolCalls {
 public:
  // `total` is holmes_tool_calls_total{tool,outcome}; every call gets the context. The budget
  // outlives this.
  ToolCalls(Loop& loop, const ToolTable& tools, CounterFamily& total, Logger log,
            ToolContext context, const CheckBudget& budget);

  Recording* recording = nullptr;  // is told of each answer

  // Runs the calls of one step in parallel. The texts are what the model is to read, one per call,
  // in the order of the calls. The model's own mistakes (unknown tool, arguments that are no JSON
  // object) are texts too. The same call again gets the former answer with a note, unless a broken
  // system was the reason; then it is tried again. After kMaxRepeats it is refused.
  Task<std::vector<std::string>> run(std::vector<ToolCall> calls, Stop stop);

  // What the tools propose for a question, in words: 'kubernetes_list {"kind":"Pod"}'. Makes no
  // call.
  Task<std::vector<std::string>> proposals(std::string question, Stop stop);

  // Whether the last step asked for nothing but what had been answered before.
  [[nodiscard]] bool only_repeated() const { return only_repeated_; }
  // How many calls reached a tool.
  [[nodiscard]] int64_t count() const { return count_; }
  // Whether at least one answer counts as evidence.
  [[nodiscard]] bool has_evidence() const { return has_evidence_; }
  // What the calls used up of the budget, as a sentence; empty: nothing. A call beyond the limit
  // was not made.
  [[nodiscard]] const std::string& exceeded() const { return exceeded_; }
  // Bytes of all answers, before they were cut.
  [[nodiscard]] int64_t bytes() const { return bytes_; }
  // The first answer of a denied or failed call, with the tool's name; empty: there was none.
  [[nodiscard]] const std::string& denied() const { return denied_; }
  [[nodiscard]] const std::string& failed() const { return failed_; }
  // The last kMaxEvidence calls that reached a tool, redacted and limited.
  [[nodiscard]] const std::vector<Evidence>& evidence() const { return evidence_; }
  // Of each of them the call and how its answer begins, in one text; redacted.
  [[nodiscard]] std::vector<std::string> beginnings(size_t answer_length_max) const;
  // What the tools answered, as the model read it; an error is none.
  [[nodiscard]] const std::vector<std::string>& answers() const { return answers_; }

 private:
  // One call of a step: its text is known at once, or comes from running_[run].
  struct Planned {
    std::string text{};
    size_t run = 0;
    bool runs = false;
    bool repeats_answer = false;
  };
  struct Running {
    std::string tool;
    std::string arguments;
  };
  struct Former {
    std::string text;
    bool answered = false;
    bool failed = false;  // the system was broken: worth another try
    int repeats = 0;
  };
  struct Step;

  Planned plan(const ToolCall& call, Step& step, const Stop& stop);
  std::string record(const Running& call, const ToolResult& result);
  std::optional<Planned> repeated(const std::string& tool, const std::string& key);
  Planned mistake(const std::string& tool, std::string text);

  Loop& loop_;
  const ToolTable& tools_;
  CounterFamily& total_;
  Logger log_;
  ToolContext context_;
  const CheckBudget& budget_;
  std::map<std::string, Former> former_;  // by tool and arguments
  std::vector<std::string> answers_;
  std::vector<Evidence> evidence_;
  std::vector<std::string> beginnings_;  // of the answers of evidence_
  std::string exceeded_;
  std::string denied_;
  std::string failed_;
  int64_t count_ = 0;
  int64_t bytes_ = 0;
  bool has_evidence_ = false;
  bool only_repeated_ = false;
};

}  // namespace holmes
