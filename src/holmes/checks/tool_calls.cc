#include "holmes/checks/tool_calls.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "async/task_scope.h"
#include "base/json.h"
#include "base/strings.h"

namespace holmes {
namespace {

// A model can invent any name; as a label it would make a series of its own.
constexpr std::string_view kUnknownTool = "_unknown";
constexpr size_t kMaxQuotedBytes = 200;
constexpr size_t kMaxBeginning = 2000;  // of an answer
constexpr std::string_view kFormerNote =
    "\n[note: this call was made before; this is its former answer]";

bool is_failure(ToolOutcome outcome) {
  return outcome == ToolOutcome::kFailed || outcome == ToolOutcome::kTimeout;
}

std::string limited(const std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  return cut(text, bytes_max) +
         fmt::format("\n[cut: {} of {} bytes are shown; ask for less]", bytes_max, text.size());
}

std::string key_of(const std::string& tool, const std::string& arguments) {
  return tool + ' ' + arguments;
}

}  // namespace

struct ToolCalls::Step {
  std::vector<Running> calls;
  std::vector<Task<ToolResult>> tasks;
  std::map<std::string, size_t> started;  // index into calls by key
};

ToolCalls::ToolCalls(Loop& loop, const ToolTable& tools, CounterFamily& total, Logger log,
                     ToolContext context, const CheckBudget& budget)
    : loop_(loop),
      tools_(tools),
      total_(total),
      log_(std::move(log)),
      context_(std::move(context)),
      budget_(budget) {}

Task<std::vector<std::string>> ToolCalls::run(std::vector<ToolCall> calls, Stop stop) {
  Step step;
  std::vector<Planned> planned;
  for (const ToolCall& call : calls) planned.push_back(plan(call, step, stop));
  only_repeated_ = std::ranges::all_of(planned, &Planned::repeats_answer);

  const std::vector<ToolResult> results = co_await when_all(loop_, std::move(step.tasks));
  std::vector<std::string> answers;
  for (size_t i = 0; i < results.size(); ++i) answers.push_back(record(step.calls[i], results[i]));

  std::vector<std::string> texts;
  for (Planned& call : planned) {
    texts.push_back(call.runs ? answers[call.run] : std::move(call.text));
  }
  co_return texts;
}

Task<std::vector<std::string>> ToolCalls::proposals(std::string question, Stop stop) {
  std::vector<std::string> texts;
  if (tools_.first_look() == nullptr) co_return texts;
  const auto calls =
      co_await tools_.first_look()->calls(std::move(question), context_, std::move(stop));
  for (const FirstLook::Call& call : calls)
    texts.push_back(key_of(call.tool, to_text(call.arguments)));
  co_return texts;
}

std::vector<std::string> ToolCalls::beginnings(size_t answer_length_max) const {
  std::vector<std::string> texts;
  for (size_t i = 0; i < evidence_.size(); ++i) {
    texts.push_back(fmt::format("{} {} -> {}", evidence_[i].tool, evidence_[i].arguments,
                                limit_length(beginnings_[i], answer_length_max)));
  }
  return texts;
}

ToolCalls::Planned ToolCalls::plan(const ToolCall& call, Step& step, const Stop& stop) {
  Tool* tool = tools_.find(call.name);
  if (tool == nullptr) {
    return mistake(std::string(kUnknownTool),
                   fmt::format("error: there is no tool '{}'",
                               cut(redact(to_valid_utf8(call.name)), kMaxQuotedBytes)));
  }
  Result<json::object> arguments = parse_json_object(call.arguments);
  if (!arguments) {
    return mistake(call.name, fmt::format("error: the arguments must be a JSON object: {}",
                                          arguments.error().message));
  }
  std::string text = to_text(*arguments);
  const std::string key = key_of(call.name, text);
  if (const auto same = step.started.find(key); same != step.started.end()) {
    return {.run = same->second, .runs = true};
  }
  if (auto answer = repeated(call.name, key)) return std::move(*answer);
  if (step.calls.size() >= kMaxCallsPerStep) {
    return mistake(call.name, fmt::format("error: more than {} calls at once; call again for this",
                                          kMaxCallsPerStep));
  }
  if (count_ + static_cast<int64_t>(step.calls.size()) >= budget_.tool_calls_max) {
    exceeded_ = fmt::format("the check made {} tool calls and wanted more, its limit is {}",
                            budget_.tool_calls_max, budget_.tool_calls_max);
    return mistake(call.name, "error: " + exceeded_);
  }
  const size_t run = step.calls.size();
  step.started.emplace(key, run);
  step.calls.push_back({call.name, std::move(text)});
  step.tasks.push_back(tool->run(std::move(*arguments), context_, stop));
  return {.run = run, .runs = true};
}

// nullopt: the call is new, or worth another try.
std::optional<ToolCalls::Planned> ToolCalls::repeated(const std::string& tool,
                                                      const std::string& key) {
  const auto found = former_.find(key);
  if (found == former_.end()) return std::nullopt;
  Former& former = found->second;
  if (++former.repeats > kMaxRepeats) {
    Planned refused =
        mistake(tool, fmt::format("error: refused: this call was made {} times and is not made "
                                  "again; call something else, or answer with what you know",
                                  former.repeats));
    refused.repeats_answer = former.answered;
    return refused;
  }
  if (former.failed) return std::nullopt;
  return Planned{.text = former.text + std::string(kFormerNote), .repeats_answer = former.answered};
}

ToolCalls::Planned ToolCalls::mistake(const std::string& tool, std::string text) {
  total_.add({tool, std::string(to_string(ToolOutcome::kBadArguments))});
  log_.debug("the model made a tool call that cannot be", {{"tool", tool}, {"answer", text}});
  return {.text = std::move(text)};
}

std::string ToolCalls::record(const Running& call, const ToolResult& result) {
  total_.add({call.tool, std::string(to_string(result.outcome))});
  log_.debug("tool called", {{"tool", call.tool},
                             {"arguments", redact(call.arguments)},
                             {"outcome", to_string(result.outcome)},
                             {"bytes", result.text.size()}});
  if (recording != nullptr) recording->add(call.tool, call.arguments, result);
  ++count_;
  if (result.outcome == ToolOutcome::kAnswered) has_evidence_ = true;
  const auto note = [&](std::string& first) {
    if (first.empty()) first = fmt::format("{}: {}", call.tool, result.text);
  };
  if (result.outcome == ToolOutcome::kDenied) note(denied_);
  if (is_failure(result.outcome)) note(failed_);

  if (evidence_.size() == kMaxEvidence) {
    evidence_.erase(evidence_.begin());
    beginnings_.erase(beginnings_.begin());
  }
  beginnings_.push_back(limit_length(redact(result.text), kMaxBeginning));
  evidence_.push_back({call.tool, limit_length(redact(call.arguments), kMaxEvidenceSummaryLength),
                       limit_length(redact(result.text), kMaxEvidenceSummaryLength),
                       static_cast<int64_t>(result.text.size())});

  std::string text = limited(result.text, budget_.tool_bytes_max);
  bytes_ += static_cast<int64_t>(result.text.size());
  if (bytes_ > static_cast<int64_t>(budget_.tool_bytes_total_max)) {
    exceeded_ = fmt::format("the tools answered with {} bytes, the limit of a check is {}", bytes_,
                            budget_.tool_bytes_total_max);
  }
  if (result.outcome == ToolOutcome::kAnswered) answers_.push_back(text);
  Former& former = former_[key_of(call.tool, call.arguments)];
  former.text = text;
  former.answered = result.outcome == ToolOutcome::kAnswered;
  former.failed = is_failure(result.outcome);
  return text;
}

}  // namespace holmes
