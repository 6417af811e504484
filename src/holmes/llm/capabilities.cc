#include "holmes/llm/capabilities.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

std::string submission_name(const ResponseSchema& schema) {
  return "submit_" + schema.name;
}

// Replaces the schema by the best that is left.
void step_down(const Capabilities& can, ModelRequest& request) {
  const ResponseSchema schema = *std::exchange(request.schema, std::nullopt);
  std::string way = "Answer";
  if (can.tools && can.forced_tool && request.tools.empty()) {
    request.forced_tool = submission_name(schema);
    request.tools.push_back({request.forced_tool, "Takes the answer.", schema.schema});
    way = fmt::format("Answer by calling {}, or", request.forced_tool);
  } else {
    request.json_object = can.json_mode;
  }
  request.messages.change().back().content +=
      fmt::format("\n\n{} with nothing but one JSON object of this JSON Schema:\n{}", way,
                  to_text(schema.schema));
}

}  // namespace

Capabilities used_by(const ModelRequest& request, const Capabilities& can) {
  Capabilities used = can;
  used.tools = can.tools && !request.tools.empty() && request.may_call_tools;
  used.temperature = can.temperature && request.temperature.has_value();
  used.reasoning_effort =
      can.reasoning_effort && (!request.reasoning_effort.empty() || request.thinking.has_value());
  used.schema = can.schema && request.schema.has_value();
  used.forced_tool = can.forced_tool && !request.forced_tool.empty();
  used.json_mode = can.json_mode && request.json_object;
  used.strict_tools = can.strict_tools && !request.tools.empty();
  used.parallel_calls = can.parallel_calls && !request.tools.empty();
  used.max_completion_tokens = can.max_completion_tokens && request.output_tokens_max > 0;
  return used;
}

bool give_up(std::string_view sentence, std::span<const RefusalWord> words,
             const Capabilities& used, Capabilities& known) {
  const std::string lower = to_lower(sentence);
  for (const RefusalWord& row : words) {
    if (used.*row.capability && lower.contains(row.word)) {
      known.*row.capability = false;
      return true;
    }
  }
  return false;
}

ModelRequest within(const Capabilities& can, ModelRequest request) {
  if (!can.temperature) request.temperature.reset();
  if (!can.reasoning_effort) {
    request.reasoning_effort.clear();
    request.thinking.reset();
  }
  if (!can.schema && request.schema && !request.messages.empty()) step_down(can, request);
  return request;
}

ModelReply as_asked(const ModelRequest& request, ModelReply reply) {
  if (!request.schema || !request.tools.empty()) return reply;
  const auto call =
      std::ranges::find(reply.tool_calls, submission_name(*request.schema), &ToolCall::name);
  if (call == reply.tool_calls.end()) return reply;
  reply.content = std::move(call->arguments);
  reply.tool_calls.clear();
  reply.opaque = nullptr;  // it has the call
  if (reply.finish == FinishReason::kToolCalls) reply.finish = FinishReason::kStop;
  return reply;
}

}  // namespace holmes
