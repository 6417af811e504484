#include "holmes/llm/token_estimate.h"

#include <cstddef>
#include <vector>

#include "base/json.h"

namespace holmes {
namespace {

size_t bytes_of(const std::vector<ToolCall>& calls) {
  size_t bytes = 0;
  for (const ToolCall& call : calls) bytes += call.name.size() + call.arguments.size();
  return bytes;
}

int64_t to_tokens(size_t bytes) {
  return (static_cast<int64_t>(bytes) + kBytesPerToken - 1) / kBytesPerToken;
}

}  // namespace

int64_t estimate_tokens(const ModelRequest& request) {
  size_t bytes = 0;
  for (const Message& message : request.messages) {
    bytes += message.content.size() + bytes_of(message.tool_calls);
    if (!message.opaque.is_null()) bytes += to_text(message.opaque).size();
  }
  for (const ToolSpec& tool : request.tools) {
    bytes += tool.name.size() + tool.description.size() + to_text(tool.parameters).size();
  }
  if (request.schema) bytes += to_text(request.schema->schema).size();
  return to_tokens(bytes);
}

int64_t estimate_tokens(const ModelReply& reply) {
  return to_tokens(reply.content.size() + bytes_of(reply.tool_calls));
}

}  // namespace holmes
