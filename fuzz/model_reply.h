// What holds of every answer of a model provider, whatever its bytes are.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "fuzz/input.h"
#include "holmes/llm/provider_error.h"
#include "holmes/llm/wire.h"

namespace holmes::fuzz {

// A reply can be answered and sent back; anything else is an error that people can read.
inline void check_reply(const Wire& wire, std::string_view body) {
  const ModelResult reply = wire.decode(body, 1);
  if (!reply) {
    HOLMES_ASSERT(!reply.error().message.empty() && reply.error().message.size() < 2'000);
    HOLMES_ASSERT(to_valid_utf8(reply.error().message) == reply.error().message);
    return;
  }
  std::set<std::string_view> ids;
  for (const ToolCall& call : reply->tool_calls) {
    HOLMES_ASSERT(!call.id.empty() && ids.insert(call.id).second);
    HOLMES_ASSERT(call.arguments.size() <= kMaxArgumentsBytes);
  }
  HOLMES_ASSERT(reply->tool_calls.size() <= kMaxToolCalls);
  HOLMES_ASSERT(reply->finish != FinishReason::kToolCalls || !reply->tool_calls.empty());
  HOLMES_ASSERT(reply->usage.input_tokens >= 0 && reply->usage.output_tokens >= 0);

  ModelRequest next;
  next.messages.push_back({Role::kUser, "question", {}, "", {}});
  next.messages.push_back({Role::kAssistant, reply->content, reply->tool_calls, "", reply->opaque});
  for (const ToolCall& call : reply->tool_calls) {
    next.messages.push_back({Role::kTool, "answer", {}, call.id, {}});
  }
  for (const bool may_call : {true, false}) {
    next.may_call_tools = may_call;
    const HttpRequest request = wire.encode(next, wire.capabilities(), {});
    HOLMES_ASSERT(parse_json(request.body, {.max_depth = 2 * kMaxJsonDepth}).has_value());
  }
}

inline void check_error(std::string_view body) {
  for (const int status : {400, 429, 500}) {
    const ModelError error = provider_error({status, {}, std::string(body)}, "KEY", {});
    HOLMES_ASSERT(!error.message.empty() && error.message.size() < 2'000);
    HOLMES_ASSERT(to_valid_utf8(error.message) == error.message);
    HOLMES_ASSERT(error.retry_after.value_or(std::chrono::milliseconds(0)).count() >= 0);
  }
}

}  // namespace holmes::fuzz
