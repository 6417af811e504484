// A language model as Holmes sees it: messages in, one reply out. Adapters (one file per wire
// format) translate; nothing above them knows a provider.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/stop.h"
#include "async/task.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "holmes/llm/model_error.h"
#include "holmes/llm/shared_list.h"

namespace holmes {

enum class Role { kSystem, kUser, kAssistant, kTool };
std::string_view to_string(Role role);  // "system", "user", "assistant", "tool"

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

// How much a model may think before it answers, for formats that say it otherwise than as an
// effort.
struct Thinking {
  enum class Kind { kOff, kAdaptive, kBudget };
  Kind kind = Kind::kAdaptive;
  int64_t budget_tokens = 0;  // kBudget only

  bool operator==(const Thinking&) const = default;
};

// For whom a model is asked: where calls wait for room (model_queue.h), namespaces take turns, and
// within one the check goes first that began first.
struct ModelCaller {
  std::string ns;  // empty: of no namespace, which is one more
  MonoTime began;
};

struct ModelRequest {
  SharedList<Message> messages;
  SharedList<ToolSpec> tools;  // empty: the model may only answer with text
  // False: it must answer with text. The tools still explain the calls that were made before.
  bool may_call_tools = true;
  std::optional<ResponseSchema> schema;  // not together with tools: some models then never call one
  // What is left of a schema where providers know none (capabilities.h): the name of the tool that
  // must be called, or that the text must be some JSON object. Not set by those who ask.
  std::string forced_tool;
  bool json_object = false;
  int64_t output_tokens_max = 0;      // 0: the provider's default
  std::optional<double> temperature;  // absent: the provider's default; many models refuse others
  std::string reasoning_effort;       // "low", "medium", "high", ...; empty: the provider's default
  std::optional<Thinking> thinking{};  // absent: the provider's default; not every format has it
  // The stand-in that answered before in this conversation (ModelReply::stand_in): it goes on.
  std::string stand_in{};
  ModelCaller caller;
};

// Why the model stopped writing. Anything but kStop and kToolCalls leaves an unfinished text.
enum class FinishReason { kStop, kToolCalls, kLength, kContentFilter, kOther };
std::string_view to_string(FinishReason reason);  // "stop", "tool calls", ...

// What a reply cost, as the provider tells it; 0 where it does not. Sums are sums of these.
struct ModelUsage {
  int64_t model_calls = 0;          // requests that it took
  int64_t input_tokens = 0;         // all that the model read
  int64_t cached_input_tokens = 0;  // of these, read from the provider's cache
  int64_t cache_write_tokens = 0;   // of these, written to it
  int64_t output_tokens = 0;        // all that the model wrote
  int64_t reasoning_tokens = 0;     // of these, before its answer

  bool operator==(const ModelUsage&) const = default;
};

// Of a model, in millionths of a US dollar per million tokens (price.h).
struct Price {
  int64_t input = 0;
  int64_t cached_input = 0;  // read from the provider's cache
  int64_t cache_write = 0;
  int64_t output = 0;
};

// A model that answered in place of the one that was asked (fallback_model.h).
struct StandIn {
  std::string name;
  std::optional<Price> price;
};

struct ModelReply {
  std::string content;
  std::vector<ToolCall> tool_calls;
  FinishReason finish = FinishReason::kStop;
  std::string refusal;  // not empty: the model declined to answer
  ModelUsage usage;
  // What the provider wants back verbatim with this message in the same conversation (reasoning
  // and its signatures, ...), to be copied into Message::opaque. Only adapters of the same wire
  // format read it.
  json::value opaque;
  std::optional<StandIn> stand_in{};   // nullopt: the model that was asked answered
  std::chrono::nanoseconds waited{0};  // for room at the model, before it was asked
};
using ModelResult = std::expected<ModelReply, ModelError>;

// Several completions may be under way at once. Runs on the loop's thread; outlives its calls.
class Model {
 public:
  virtual ~Model() = default;
  // The name as configured; in results as model_used.
  [[nodiscard]] virtual const std::string& name() const = 0;
  // nullopt: not known.
  [[nodiscard]] virtual std::optional<Price> price() const { return std::nullopt; }
  // What one request may hold, as its owner says; 0: not said.
  [[nodiscard]] virtual int64_t context_tokens_max() const { return 0; }
  // Whether a check of this namespace that began now would find room within its patience. Fails
  // with kRefused and retry_after; a check that runs is not refused, its calls wait.
  [[nodiscard]] virtual Status room_for(const std::string& /*ns*/,
                                        std::chrono::nanoseconds /*patience*/) const {
    return {};
  }
  // One reply, or the kind of what went wrong (kTimeout and kCancelled by the stop, too).
  virtual Task<ModelResult> complete(ModelRequest request, Stop stop) = 0;
};

}  // namespace holmes
