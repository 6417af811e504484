// A language model as Holmes sees it: messages in, one reply out. Adapters (one file per wire
// format) translate; nothing above them knows a provider.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/check.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/json.h"
#include "base/result.h"

namespace holmes {

enum class Role { kSystem, kUser, kAssistant, kTool };

// What the model wants to have called. The arguments are its own words: text that ought to be a
// JSON object.
struct ToolCall {
  std::string id;  // unique within a conversation; adapters make one up where a provider gives none
  std::string name;
  std::string arguments;

  bool operator==(const ToolCall&) const = default;
};

struct Message {
  Role role = Role::kUser;
  std::string content;
  std::vector<ToolCall> tool_calls;  // kAssistant only; each needs its kTool message next
  std::string tool_call_id;          // kTool only
  json::value opaque;                // ModelReply::opaque of this kAssistant message

  bool operator==(const Message&) const = default;
};

struct ToolSpec {
  std::string name;
  std::string description;
  json::object parameters;  // JSON Schema in the strict subset (see ToolInfo)
};

// The reply's text must be JSON of this schema (strict subset).
struct ResponseSchema {
  std::string name;
  json::object schema;
};

struct ModelRequest {
  std::vector<Message> messages;
  std::vector<ToolSpec> tools;           // empty: the model may only answer with text
  std::optional<ResponseSchema> schema;  // not together with tools: some models then never call one
  int64_t output_tokens_max = 0;         // 0: the provider's default
  std::optional<double> temperature;  // absent: the provider's default; many models refuse others
};

// Why the model stopped writing. Anything but kStop and kToolCalls leaves an unfinished text.
enum class FinishReason { kStop, kToolCalls, kLength, kContentFilter, kOther };
std::string_view to_string(FinishReason reason);  // "stop", "tool calls", ...

struct ModelReply {
  std::string content;
  std::vector<ToolCall> tool_calls;
  FinishReason finish = FinishReason::kStop;
  std::string refusal;  // not empty: the model declined to answer
  // model_calls counts the requests it took; tokens are 0 where not told; input includes cached.
  Usage usage;
  // What the provider wants back with this message in the same conversation (signatures of
  // reasoning, ...), to be copied into Message::opaque. Only the adapter that made it reads it.
  json::value opaque;
};

// Several completions may be under way at once. Runs on the loop's thread; outlives its calls.
class Model {
 public:
  virtual ~Model() = default;
  // The name as configured; in results as model_used.
  [[nodiscard]] virtual const std::string& name() const = 0;
  // Fails with kUnauthenticated (the key), kForbidden (no right or no quota), kNotFound (no such
  // model), kInvalid (the request was not understood), kTooLarge (more than the model can read),
  // kRefused (overloaded or no connection: nothing was used), kUnavailable (5xx, broken
  // connection), kProtocol (the reply cannot be read), kTimeout and kCancelled (by the stop).
  virtual Task<Result<ModelReply>> complete(ModelRequest request, Stop stop) = 0;
};

}  // namespace holmes
