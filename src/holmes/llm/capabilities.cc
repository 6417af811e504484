#include "holmes/llm/capabilities.h"

#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {

Capabilities used_by(const ModelRequest& request, const Capabilities& can) {
  Capabilities used = can;
  used.tools = can.tools && !request.tools.empty() && request.may_call_tools;
  used.temperature = can.temperature && request.temperature.has_value();
  used.reasoning_effort = can.reasoning_effort && !request.reasoning_effort.empty();
  used.schema = can.schema && request.schema.has_value();
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
  if (!can.reasoning_effort) request.reasoning_effort.clear();
  if (!can.schema && request.schema && !request.messages.empty()) {
    request.messages.back().content +=
        fmt::format("\n\nAnswer with nothing but one JSON object of this JSON Schema:\n{}",
                    to_text(request.schema->schema));
    request.schema.reset();
  }
  return request;
}

}  // namespace holmes
