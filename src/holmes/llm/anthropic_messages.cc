#include "holmes/llm/anthropic_messages.h"

#include <array>
#include <utility>

namespace holmes {
namespace {

constexpr std::string_view kFormat = "anthropic";
constexpr std::string_view kVersion = "2026-10-21";
constexpr std::string_view kVersionWithTemperature = "2023-06-01";  // the last one that takes any
constexpr auto kRefusals = std::to_array<RefusalWord>({
    {"does not support tool", &Capabilities::tools},
    {"tool_choice", &Capabilities::forced_tool},  // also when it is refused beside thinking
    {"temperature", &Capabilities::temperature},
    {"thinking", &Capabilities::reasoning_effort},
    {"effort", &Capabilities::reasoning_effort},
    {"cache_control", &Capabilities::cache_hints},
    {"output_config", &Capabilities::schema},
    {"output format", &Capabilities::schema},
});

json::object cache_mark() {
  return {{"type", "ephemeral"}};
}

json::object text_block(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

json::object call_block(const ToolCall& call, const json::value& /*sent*/) {
  return {{"type", "tool_use"},
          {"id", call.id},
          {"name", safe_tool_name(call.name)},
          {"input", arguments_of(call)}};
}

bool is_call(const json::value& block) {
  return json_string(block, {"type"}) == "tool_use";
}

constexpr PartFormat kBlocks{kFormat, text_block, is_call, call_block};

json::object encode_side(const Side& side) {
  json::array blocks;
  for (const Message* message : side.messages) {
    if (side.model) {
      add_model_parts(*message, kBlocks, blocks);
    } else if (message->role == Role::kTool) {
      blocks.push_back({{"type", "tool_result"},
                        {"tool_use_id", message->tool_call_id},
                        {"content", message->content}});
    } else {
      blocks.push_back(text_block(message->content));
    }
  }
  return {{"role", side.model ? "assistant" : "user"}, {"content", std::move(blocks)}};
}

// The next request begins with all of this one.
void mark_last_block(json::array& messages) {
  if (messages.empty()) return;
  json::array& blocks = messages.back().as_object()["content"].as_array();
  json::object* last = blocks.empty() ? nullptr : blocks.back().if_object();
  if (last != nullptr) (*last)["cache_control"] = cache_mark();
}

json::array encode_tools(const SharedList<ToolSpec>& tools) {
  json::array encoded;
  for (const ToolSpec& tool : tools) {
    encoded.push_back({{"name", tool.name},
                       {"description", tool.description},
                       {"input_schema", tool.parameters}});
  }
  return encoded;
}

FinishReason decode_finish(std::string_view reason) {
  if (reason == "end_turn" || reason == "stop_sequence") return FinishReason::kStop;
  if (reason == "tool_use") return FinishReason::kToolCalls;
  if (reason == "refusal") return FinishReason::kContentFilter;
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") {
    return FinishReason::kLength;
  }
  return FinishReason::kOther;
}

// Anthropic counts what a cache was asked for apart from the input.
ModelUsage decode_usage(const json::object& root) {
  ModelUsage usage;
  usage.model_calls = 1;
  usage.cached_input_tokens = token_count(root, {"usage", "cache_read_input_tokens"});
  usage.cache_write_tokens = token_count(root, {"usage", "cache_creation_input_tokens"});
  usage.input_tokens = token_count(root, {"usage", "input_tokens"}) + usage.cached_input_tokens +
                       usage.cache_write_tokens;
  usage.output_tokens = token_count(root, {"usage", "output_tokens"});
  usage.reasoning_tokens = token_count(root, {"usage", "output_tokens_details", "thinking_tokens"});
  return usage;
}

class Anthropic final : public Wire {
 public:
  explicit Anthropic(AnthropicOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const std::string& base_url() const override { return options_.base_url; }
  [[nodiscard]] const std::string& model_id() const override { return options_.id; }
  [[nodiscard]] std::string_view key_name() const override { return "ANTHROPIC_API_KEY"; }
  [[nodiscard]] Capabilities capabilities() const override { return {.json_mode = false}; }
  [[nodiscard]] std::span<const RefusalWord> refusal_words() const override { return kRefusals; }

  [[nodiscard]] HttpRequest encode(const ModelRequest& request, const Capabilities& can,
                                   WallTime /*now*/) const override {
    HttpRequest http =
        json_post(options_.base_url + "/v1/messages", encode_anthropic(options_.id, request, can));
    http.headers.add("anthropic-version",
                     std::string(request.temperature ? kVersionWithTemperature : kVersion));
    if (!options_.api_key.empty()) http.headers.add("x-api-key", options_.api_key);
    return http;
  }
  [[nodiscard]] ModelResult decode(std::string_view body, size_t turn) const override {
    return decode_anthropic(body, turn);
  }

 private:
  AnthropicOptions options_;
};

}  // namespace

json::object encode_thinking(const Thinking& thinking) {
  switch (thinking.kind) {
    case Thinking::Kind::kOff:
      return {{"type", "disabled"}};
    case Thinking::Kind::kAdaptive:
      return {{"type", "adaptive"}};
    case Thinking::Kind::kBudget:
      break;
  }
  return {{"type", "enabled"}, {"budget_tokens", thinking.budget_tokens}};
}

int64_t with_thinking(int64_t output_tokens_max, const std::optional<Thinking>& thinking) {
  if (!thinking || thinking->kind != Thinking::Kind::kBudget) return output_tokens_max;
  return output_tokens_max + thinking->budget_tokens;
}

json::object encode_anthropic(std::string_view id, const ModelRequest& request,
                              const Capabilities& can) {
  const int64_t output_tokens_max =
      request.output_tokens_max > 0 ? request.output_tokens_max : kDefaultOutputTokensMax;
  json::object body{{"model", id},
                    {"max_tokens", with_thinking(output_tokens_max, request.thinking)}};
  if (const std::string system = system_text(request.messages); !system.empty()) {
    json::object block = text_block(system);
    if (can.cache_hints) block["cache_control"] = cache_mark();
    body["system"] = json::array{std::move(block)};
  }
  json::array messages;
  for (const Side& side : take_turns(request.messages)) messages.push_back(encode_side(side));
  if (can.cache_hints) mark_last_block(messages);
  body["messages"] = std::move(messages);
  // Conversations with calls are refused without the tools.
  if (!request.tools.empty()) {
    body["tools"] = encode_tools(request.tools);
    if (!request.may_call_tools) body["tool_choice"] = {{"type", "none"}};
    if (!request.forced_tool.empty()) {
      body["tool_choice"] = {{"type", "tool"}, {"name", request.forced_tool}};
    }
  }
  if (request.temperature) body["temperature"] = *request.temperature;
  json::object output;
  if (request.schema) {
    output["format"] = {{"type", "json_schema"}, {"schema", request.schema->schema}};
  }
  if (!request.reasoning_effort.empty()) {
    body["thinking"] = {{"type", "adaptive"}};
    output["effort"] = request.reasoning_effort;
  }
  if (request.thinking) body["thinking"] = encode_thinking(*request.thinking);
  if (!output.empty()) body["output_config"] = std::move(output);
  return body;
}

ModelResult decode_anthropic(std::string_view body, size_t turn) {
  HOLMES_TRY(const json::object root, parse_reply(body));
  const json::array* blocks = json_array(root, {"content"});
  if (blocks == nullptr) return fail(ModelErrorKind::kUnreadable, "the answer has no content");
  ModelReply reply;
  bool keep = false;
  for (const json::value& block : *blocks) {
    const std::string type = json_string_or(block, {"type"});
    if (type == "text") {
      reply.content += json_string_or(block, {"text"});
    } else if (type == "tool_use") {
      add_call(reply, turn, json_string_or(block, {"id"}), json_string_or(block, {"name"}),
               json_find(block, {"input"}));
    } else {
      keep = true;
    }
  }
  const std::string reason = json_string_or(root, {"stop_reason"});
  reply.finish = finish_with(decode_finish(reason), !reply.tool_calls.empty());
  if (reason == "refusal") {
    reply.refusal = reply.content.empty() ? "the provider's filter stopped it" : reply.content;
  }
  reply.usage = decode_usage(root);
  if (keep) reply.opaque = make_opaque(kFormat, *blocks);
  return checked(std::move(reply));
}

std::unique_ptr<Wire> make_anthropic(AnthropicOptions options) {
  return std::make_unique<Anthropic>(std::move(options));
}

}  // namespace holmes
