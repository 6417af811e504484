#include "holmes/checks/check_runner.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/strings.h"
#include "holmes/checks/compaction.h"
#include "holmes/checks/failure.h"
#include "holmes/checks/model_calls.h"
#include "holmes/checks/prompts.h"
#include "holmes/checks/quoted_counts.h"
#include "holmes/checks/text_calls.h"
#include "holmes/checks/tool_calls.h"
#include "holmes/checks/trouble.h"
#include "holmes/checks/verdict.h"

namespace holmes {
namespace {

// Of an answer's beginning, as the verdict is told it; the findings have what matters.
constexpr size_t kMaxAnswerLength = 400;
constexpr size_t kMaxAnswerLengthWithoutFindings = 2000;
// Steps in a row of which no call reached a tool: former answers, refused calls, mistakes.
constexpr int kMaxIdleSteps = 3;
constexpr std::string_view kLastStepNote =
    "\n[no more tool calls are possible: write your findings now, as plain sentences]";
constexpr std::string_view kRepeatsSentence =
    "the model went on with calls that are mistaken or were answered before, without a verdict";

// The message that goes back to the model. Arguments that are no JSON object were answered with an
// error; some servers refuse to read them again.
Message echo(const ModelReply& reply) {
  Message message{Role::kAssistant, reply.content, reply.tool_calls, "", reply.opaque};
  for (ToolCall& call : message.tool_calls) {
    if (!parse_json_object(call.arguments)) call.arguments = "{}";
  }
  return message;
}

std::string namespace_of(std::string_view name) {
  const size_t slash = name.find('/');
  return slash == std::string_view::npos ? "" : std::string(name.substr(0, slash));
}

ToolContext context_of(const CheckQuestion& question) {
  ToolContext context;
  std::string ns = namespace_of(question.name);
  if (!ns.empty()) context.ns = std::move(ns);
  return context;
}

// One run, from the question to the verdict.
class Run {
 public:
  Run(const Loop& loop, ModelCalls& model, ToolCalls& tools, const SharedList<ToolSpec>& specs,
      const CheckRunnerOptions& options, const CheckQuestion& question, int64_t context_tokens_max,
      Stop stop)
      : loop_(loop),
        model_(model),
        tools_(tools),
        specs_(specs),
        options_(options),
        question_(question),
        context_tokens_max_(context_tokens_max),
        stop_(std::move(stop)) {
    model_.on_call = [this] { tell_progress(); };
  }

  Task<Answer<VerdictText>> judge() {
    const Answer<std::string> findings = co_await investigate();
    if (!findings) co_return std::unexpected(findings.error());
    if (!tools_.has_evidence()) {
      co_return no_verdict(
          ErrorReason::kNoEvidence,
          "the model answered without evidence, as no tool call of it was answered", *findings);
    }
    Answer<VerdictText> verdict = co_await classify(*findings);
    if (!verdict || verdict->verdict != Verdict::kUnknown) co_return verdict;
    if (steps_used_up_) {
      co_return no_verdict(ErrorReason::kBudgetExceeded, steps_sentence(), verdict->rationale);
    }
    co_return no_verdict(ErrorReason::kDataMissing, "the question could not be answered",
                         verdict->rationale);
  }

 private:
  // Ends with the model's findings. On the last step the tools are withheld, so that it must say
  // what it has found; that is when the steps are used up, or it does nothing but make mistakes. A
  // model that has answers and yet writes no findings gives its verdict on the answers alone.
  Task<Answer<std::string>> investigate() {
    ModelRequest request;
    request.output_tokens_max = options_.output_tokens_max;
    request.tools = specs_;
    request.messages.push_back({Role::kSystem, std::string(investigation_prompt()), {}, "", {}});
    const std::vector<std::string> first_calls = co_await tools_.proposals(question_.query, stop_);
    request.messages.push_back(
        {Role::kUser,
         investigation_question(question_.query, namespace_of(question_.name), first_calls,
                                loop_.wall_now()),
         {},
         "",
         {}});
    int idle_steps = 0;
    for (size_t step = 1;; ++step) {
      steps_used_up_ = model_.left() <= kVerdictCalls + 1;
      request.may_call_tools = !steps_used_up_ && idle_steps < kMaxIdleSteps;
      if (!request.may_call_tools && request.messages.back().role == Role::kTool) {
        request.messages.change().back().content += kLastStepNote;
      }
      make_room(request);
      Answer<ModelReply> reply = co_await model_.ask(request);
      if (!reply && model_.too_long() && compact(request, estimate_tokens(request) / 2)) {
        reply = co_await model_.ask(request);
      }
      if (!reply) co_return std::unexpected(reply.error());
      take_written_calls(*reply, step);
      if (reply->tool_calls.empty()) co_return reply->content;
      if (!request.may_call_tools) {
        // What was answered decides, without findings.
        if (tools_.has_evidence()) co_return std::string();
        co_return none(ErrorReason::kBudgetExceeded,
                       steps_used_up_ ? steps_sentence() : std::string(kRepeatsSentence));
      }

      const int64_t answered = tools_.count();
      request.messages.push_back(echo(*reply));
      std::vector<std::string> texts = co_await tools_.run(reply->tool_calls, stop_);
      idle_steps = tools_.count() > answered ? 0 : idle_steps + 1;
      tell_progress();
      // It has nothing left to ask: what was answered decides, without findings.
      if (tools_.only_repeated() && tools_.has_evidence()) co_return std::string();
      if (!tools_.exceeded().empty()) {
        co_return none(ErrorReason::kBudgetExceeded, tools_.exceeded());
      }
      for (size_t i = 0; i < texts.size(); ++i) {
        request.messages.push_back(
            {Role::kTool, std::move(texts[i]), {}, reply->tool_calls[i].id, {}});
      }
    }
  }

  // More than is needed at a time: each change costs what the provider has cached.
  void make_room(ModelRequest& request) const {
    const int64_t tokens = context_tokens_max_;
    if (estimate_tokens(request) > tokens) compact(request, tokens / 4 * 3);
  }

  void take_written_calls(ModelReply& reply, size_t step) const {
    if (!reply.tool_calls.empty()) return;
    TextCalls written = read_text_calls(reply.content, specs_, step);
    if (written.calls.empty()) return;
    reply.content = std::move(written.before);
    reply.tool_calls = std::move(written.calls);
    reply.opaque = nullptr;  // it has the calls as text
  }

  Task<Answer<VerdictText>> classify(std::string findings) {
    const std::vector<std::string> lines =
        tools_.beginnings(findings.empty() ? kMaxAnswerLengthWithoutFindings : kMaxAnswerLength);
    ModelRequest request;
    request.output_tokens_max = options_.output_tokens_max;
    request.schema = verdict_schema();
    request.messages.push_back({Role::kSystem, std::string(verdict_prompt()), {}, "", {}});
    request.messages.push_back(
        {Role::kUser, verdict_question(question_.query, lines, findings), {}, "", {}});
    std::optional<VerdictText> doubted;
    for (bool again = false;; again = true) {
      const Answer<ModelReply> reply = co_await model_.ask(request);
      if (!reply) co_return std::unexpected(reply.error());
      Answer<VerdictText> verdict = read_verdict(*reply, findings);
      if (doubted && verdict && verdict->verdict == Verdict::kUnknown) co_return *doubted;
      if (again) co_return verdict;
      if (!verdict) {
        request.messages.push_back({Role::kAssistant, reply->content, {}, "", reply->opaque});
        request.messages.push_back({Role::kUser, verdict_repair(verdict.error().why), {}, "", {}});
      } else if (const auto sign = sign_of_trouble(question_.query, tools_.answers());
                 sign && verdict->verdict == Verdict::kPass) {
        // Asked anew, on the answers alone: findings and a first verdict are said again by who
        // reads them.
        doubted = std::move(*verdict);
        request.messages.change().back().content =
            verdict_question(question_.query, tools_.beginnings(kMaxAnswerLengthWithoutFindings),
                             "") +
            verdict_doubt(*sign);
      } else {
        co_return verdict;
      }
    }
  }

  // The verdict, if it can be read and quotes no count that nobody answered.
  [[nodiscard]] Answer<VerdictText> read_verdict(const ModelReply& reply,
                                                 const std::string& findings) const {
    Result<VerdictText> verdict = parse_verdict(reply.content);
    if (!verdict) {
      return none(ErrorReason::kUnparsable,
                  fmt::format("the model's verdict cannot be read: {}", verdict.error().message),
                  findings);
    }
    if (verdict->verdict == Verdict::kUnknown) return std::move(*verdict);
    const auto count = unsupported_count(verdict->rationale, tools_.answers());
    if (!count) return std::move(*verdict);
    return none(
        ErrorReason::kNoEvidence,
        fmt::format("the rationale quotes '{}', which stands in no answer of a tool", *count),
        std::move(verdict->rationale));
  }

  void tell_progress() const {
    if (question_.on_progress) question_.on_progress({model_.begun(), tools_.count()});
  }

  // Without a verdict, a denied or broken system is the better explanation than `otherwise`.
  [[nodiscard]] std::unexpected<Failure> no_verdict(ErrorReason otherwise, std::string why,
                                                    std::string rationale) const {
    if (!tools_.denied().empty()) {
      return none(ErrorReason::kPermissionDenied,
                  "not allowed to read what the check needs: " + tools_.denied(),
                  std::move(rationale));
    }
    if (!tools_.failed().empty()) {
      return none(ErrorReason::kToolFailed,
                  "what the check needs cannot be read: " + tools_.failed(), std::move(rationale));
    }
    if (!rationale.empty()) why += ": " + rationale;
    return none(otherwise, std::move(why), std::move(rationale));
  }

  [[nodiscard]] std::string steps_sentence() const {
    return fmt::format("the check used up its {} model calls without a verdict",
                       options_.budget.model_calls_max);
  }

  const Loop& loop_;
  ModelCalls& model_;
  ToolCalls& tools_;
  const SharedList<ToolSpec>& specs_;
  const CheckRunnerOptions& options_;
  const CheckQuestion& question_;
  const int64_t context_tokens_max_;
  Stop stop_;
  bool steps_used_up_ = false;
};

std::string presentable(std::string_view text, size_t length) {
  return limit_length(redact(to_valid_utf8(trim(text))), length);
}

CheckResponse to_response(const Answer<VerdictText>& verdict) {
  CheckResponse response;
  if (verdict) {
    const bool pass = verdict->verdict == Verdict::kPass;
    response.status = pass ? CheckStatus::kPass : CheckStatus::kFail;
    response.rationale = presentable(verdict->rationale, kMaxRationaleLength);
    response.message = fmt::format("Check {}. {}", pass ? "passed" : "failed", response.rationale);
  } else {
    const Failure& failure = verdict.error();
    response.status = CheckStatus::kError;
    response.reason = failure.reason;
    response.rationale = presentable(failure.rationale, kMaxRationaleLength);
    response.error = presentable(failure.why, kMaxErrorLength);
    response.message = "Check errored: " + response.error;
  }
  response.message = limit_length(response.message, kMaxMessageLength);
  return response;
}

// One JSON object that tells what was asked, looked at, answered and spent.
std::string audit_record(const CheckQuestion& question, const CheckResponse& response,
                         int64_t tool_bytes) {
  json::object record{
      {"check", question.name},
      {"model", response.model_used},
      {"prompts", sha256_hex(fmt::format("{}{}", investigation_prompt(), verdict_prompt()))},
      {"query", sha256_hex(question.query)},
      {"status", to_string(response.status)},
      {"duration", response.duration_seconds},
      {"usage", to_json(response.usage)},
      {"toolBytes", tool_bytes}};
  if (response.reason) record["reason"] = to_string(*response.reason);
  json::array& calls = record["toolCalls"].emplace_array();
  for (const Evidence& call : response.evidence) {
    calls.push_back(
        json::object{{"tool", call.tool}, {"arguments", call.arguments}, {"bytes", call.bytes}});
  }
  return to_text(record);
}

}  // namespace

CheckRunner::CheckRunner(Loop& loop, const ModelTable& models, const ToolTable& tools,
                         MetricsRegistry& metrics, Logger log, CheckRunnerOptions options)
    : loop_(loop),
      models_(models),
      tools_(tools),
      tool_calls_total_(metrics.counter("holmes_tool_calls_total",
                                        "Tool calls of models; bad_arguments are their mistakes.",
                                        {"tool", "outcome"})),
      log_(std::move(log)),
      options_(std::move(options)),
      day_(loop, options_.daily_micro_usd_max) {
  HOLMES_ASSERT(options_.budget.model_calls_max >= kModelCallsMin);
  for (const auto& tool : tools_.all()) {
    const ToolInfo& info = tool->info();
    tool_specs_.push_back({info.name, info.description, info.parameters});
  }
}

Status CheckRunner::room_for(const CheckRequest& request) const {
  const Result<Model*> model = models_.find(request.model);
  if (!model) return {};  // run() says so
  return (*model)->room_for(namespace_of(request.name),
                            std::min(request.timeout, options_.budget.time_max));
}

Task<CheckResponse> CheckRunner::run(CheckQuestion question, Stop stop) {
  const MonoTime started = loop_.mono_now();
  const Logger log = log_.with({{"check", question.name}});
  const Result<Model*> model = models_.find(question.model);
  CheckResponse response;
  std::optional<Recording> recording;
  int64_t tool_bytes = 0;
  if (model) {
    const CheckBudget& budget = options_.budget;
    const StopSource limited(stop, loop_, started + budget.time_max);
    ToolCalls tools(loop_, tools_, tool_calls_total_, log, context_of(question), budget);
    ModelCalls calls(**model, budget, day_, limited.stop());
    calls.caller = {namespace_of(question.name), started};
    if (options_.on_recording) {
      recording.emplace();
      recording->name = question.name;
      recording->query = question.query;
      recording->started = loop_.wall_now();
      recording->tools = tool_specs_;
      calls.recording = tools.recording = &*recording;
    }
    const int64_t own_context = (*model)->context_tokens_max();
    Run run(loop_, calls, tools, tool_specs_, options_, question,
            own_context > 0 ? own_context : options_.context_tokens_max, limited.stop());
    Answer<VerdictText> verdict = co_await run.judge();
    if (!verdict && verdict.error().reason == ErrorReason::kTimeout && !stop.requested()) {
      verdict = none(ErrorReason::kBudgetExceeded,
                     fmt::format("the check took {} seconds, the limit of every check is {}",
                                 budget.time_max.count(), budget.time_max.count()));
    }
    response = to_response(verdict);
    response.model_used = calls.answered_by();
    response.usage = calls.usage();
    response.usage.tool_calls = tools.count();
    response.evidence = tools.evidence();
    tool_bytes = tools.bytes();
  } else {
    response = to_response(none(ErrorReason::kModelUnavailable, model.error().message));
    response.model_used = question.model;
  }
  // Milliseconds are what people read.
  const auto took = std::chrono::round<std::chrono::milliseconds>(loop_.mono_now() - started);
  response.duration_seconds = std::chrono::duration<double>(took).count();
  log.info("audit", {{"record", audit_record(question, response, tool_bytes)}});
  if (recording) {
    recording->model = response.model_used;
    recording->response = response;
    options_.on_recording(*recording);
  }
  co_return response;
}

}  // namespace holmes
