#include "holmes/llm/scripted_demo.h"

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "async/wait.h"
#include "base/strings.h"
#include "holmes/llm/demo_question.h"
#include "holmes/llm/demo_reading.h"

namespace holmes {
namespace {

constexpr int64_t kLogLines = 20;
constexpr std::string_view kFindings = "\nFindings:\n";

struct Judgement {
  std::string_view finding;  // how the findings begin
  std::string_view verdict;
};
constexpr Judgement kPass{"No problem found. ", "pass"};
constexpr Judgement kFail{"Problem found. ", "fail"};
constexpr Judgement kUnknown{"Could not be judged. ", "unknown"};

ModelReply text_reply(std::string text) {
  ModelReply reply;
  reply.content = std::move(text);
  reply.usage.model_calls = 1;
  return reply;
}

ModelReply refusal() {
  ModelReply reply = text_reply("");
  reply.refusal = fmt::format(
      "{} is a demo model that only knows {}; for any other question configure a real model: set "
      "MODEL together with OPENAI_API_KEY or OPENAI_API_BASE",
      kScriptedDemo, demo_questions());
  return reply;
}

std::string text_of(const ModelRequest& request, Role role) {
  for (const Message& message : request.messages) {
    if (message.role == role) return message.content;
  }
  return "";
}

// The answers so far: of each step, in the order of its calls.
std::vector<std::vector<std::string>> steps_of(const ModelRequest& request) {
  std::map<std::string, std::string> answers;
  for (const Message& message : request.messages) {
    if (message.role == Role::kTool) answers[message.tool_call_id] = message.content;
  }
  std::vector<std::vector<std::string>> steps;
  for (const Message& message : request.messages) {
    if (message.role != Role::kAssistant || message.tool_calls.empty()) continue;
    std::vector<std::string>& step = steps.emplace_back();
    for (const ToolCall& call : message.tool_calls) step.push_back(answers[call.id]);
  }
  return steps;
}

// A tool's arguments: every property of its schema, null where there is nothing to say.
class Calls {
 public:
  Calls(const ModelRequest& request, size_t step) : request_(request), step_(step) {}

  void add(std::string_view tool, json::object arguments) {
    for (const ToolSpec& spec : request_.tools) {
      const json::object* properties = json_object(spec.parameters, {"properties"});
      if (spec.name != tool || properties == nullptr) continue;
      for (const auto& [name, schema] : *properties) {
        if (!arguments.contains(name)) arguments[name] = nullptr;
      }
    }
    calls_.push_back(
        {fmt::format("demo_{}_{}", step_, calls_.size()), std::string(tool), to_text(arguments)});
  }

  [[nodiscard]] ModelReply reply() {
    ModelReply reply = text_reply("");
    reply.tool_calls = std::move(calls_);
    reply.finish = FinishReason::kToolCalls;
    return reply;
  }

 private:
  const ModelRequest& request_;
  size_t step_;
  std::vector<ToolCall> calls_;
};

void set_namespace(json::object& arguments, const std::string& ns) {
  if (!ns.empty()) arguments["namespace"] = ns;
}

// The look at the question's objects, then at most two steps to the reason of the first problem.
class Investigation {
 public:
  Investigation(const ModelRequest& request, DemoQuestion question)
      : request_(request), question_(std::move(question)), steps_(steps_of(request)) {}

  ModelReply next() {
    if (steps_.empty()) return look();
    const DemoReading reading = question_.names.empty() ? read_table(question_, steps_[0].front())
                                                        : read_objects(question_, steps_[0]);
    if (!reading.unreadable.empty()) {
      return text_reply(fmt::format("{}{}.", kUnknown.finding, reading.unreadable));
    }
    const std::string seen = sentence(fmt::format("{}", fmt::join(reading.seen, "; ")));
    if (!reading.fails) return text_reply(fmt::format("{}{}", kPass.finding, seen));
    finding_ = fmt::format("{}{}", kFail.finding, seen);
    if (reading.problems.empty()) return text_reply(finding_);
    return explain(reading.problems.front());
  }

 private:
  ModelReply look() {
    Calls calls(request_, 0);
    for (const std::string& name : question_.names) {
      json::object arguments{{"kind", question_.kind}, {"name", name}};
      set_namespace(arguments, question_.ns);
      calls.add("kubernetes_get", std::move(arguments));
    }
    if (question_.names.empty()) {
      json::object arguments{{"kind", question_.kind}};
      set_namespace(arguments, question_.ns);
      if (question_.all_namespaces) arguments["namespace"] = "*";
      if (question_.kind == "Event") arguments["field_selector"] = "type=Warning";
      calls.add("kubernetes_list", std::move(arguments));
    }
    return calls.reply();
  }

  ModelReply explain(DemoProblem problem) {
    if (problem.ns.empty()) problem.ns = question_.ns;
    if (question_.kind == "Pod") return explain_pod(problem, 1);
    static constexpr auto kWorkloads = std::to_array<std::string_view>(
        {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"});
    if (std::ranges::find(kWorkloads, question_.kind) == kWorkloads.end()) {
      return text_reply(finding_);
    }
    if (steps_.size() == 1) {
      json::object arguments{{"kind", question_.kind}, {"name", problem.name}};
      set_namespace(arguments, problem.ns);
      Calls calls(request_, 1);
      calls.add("kubernetes_describe", std::move(arguments));
      return calls.reply();
    }
    std::optional<DemoProblem> pod = unready_pod(steps_[1].front());
    if (!pod) return text_reply(finding_);
    pod->ns = problem.ns;
    pod_ = fmt::format(" Pod '{}' is {}.", pod->name, pod->state);
    return explain_pod(*pod, 2);
  }

  // The pod's events and log; `step` is where they are asked for.
  ModelReply explain_pod(const DemoProblem& pod, size_t step) {
    if (steps_.size() == step) {
      Calls calls(request_, step);
      json::object object{{"kind", "Pod"}, {"name", pod.name}};
      set_namespace(object, pod.ns);
      calls.add("kubernetes_describe", std::move(object));
      if (!pod.state.starts_with("Pending")) {  // then it has no log yet
        json::object log{{"pod", pod.name}, {"tail_lines", kLogLines}};
        set_namespace(log, pod.ns);
        calls.add("kubernetes_logs", std::move(log));
      }
      return calls.reply();
    }
    const std::vector<std::string>& answers = steps_[step];
    std::string why = pod_;
    const std::string warning = last_warning(answers.front());
    if (!warning.empty())
      why += fmt::format(" The last warning about '{}' is \"{}\".", pod.name, warning);
    const std::string line = answers.size() > 1 ? last_log_line(answers[1]) : "";
    if (!line.empty()) why += fmt::format(" The last line of its log is \"{}\".", line);
    return text_reply(finding_ + why);
  }

  static std::string sentence(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
      text[0] = static_cast<char>(text[0] - 'a' + 'A');
    }
    return text + ".";
  }

  const ModelRequest& request_;
  const DemoQuestion question_;
  const std::vector<std::vector<std::string>> steps_;
  std::string finding_;
  std::string pod_;  // the sentence about it
};

// Reads its own findings back, which stand last in the classification's question.
ModelReply verdict(const std::string& asked) {
  const size_t at = asked.rfind(kFindings);
  std::string_view findings =
      trim(at == std::string::npos ? std::string_view()
                                   : std::string_view(asked).substr(at + kFindings.size()));
  for (const Judgement& judgement : {kPass, kFail, kUnknown}) {
    if (!findings.starts_with(judgement.finding)) continue;
    findings.remove_prefix(judgement.finding.size());
    return text_reply(
        to_text(json::object{{"rationale", findings}, {"verdict", judgement.verdict}}));
  }
  return text_reply(to_text(json::object{{"rationale", "There are no findings of this model."},
                                         {"verdict", kUnknown.verdict}}));
}

// The question without the lines that the server adds below it.
std::string_view question_of(std::string_view asked) {
  for (const std::string_view added : {"\n\nnamespace: ", "\n\ntime: "}) {
    const size_t at = asked.rfind(added);
    if (at != std::string_view::npos) return asked.substr(0, at);
  }
  return asked;
}

}  // namespace

ModelReply scripted_demo_reply(const ModelRequest& request) {
  const std::string asked = text_of(request, Role::kUser);
  if (request.schema) return verdict(asked);
  std::optional<DemoQuestion> question = read_demo_question(question_of(asked));
  if (!question) return refusal();
  return Investigation(request, *std::move(question)).next();
}

ScriptedDemo::ScriptedDemo(Loop& loop, ScriptedDemoOptions options)
    : loop_(loop), options_(options) {}

Task<ModelResult> ScriptedDemo::complete(ModelRequest request, Stop stop) {
  if (stop.requested()) co_return fail(stop.error("asking scripted/demo"));
  if (options_.delay.count() > 0) HOLMES_CO_CHECK(co_await sleep_for(loop_, options_.delay, stop));
  co_return scripted_demo_reply(request);
}

}  // namespace holmes
