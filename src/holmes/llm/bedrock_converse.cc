#include "holmes/llm/bedrock_converse.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "holmes/llm/anthropic_messages.h"
#include "net/url.h"

namespace holmes {
namespace {

constexpr std::string_view kFormat = "bedrock";
constexpr auto kRefusals = std::to_array<RefusalWord>({
    {"doesn't support tool use", &Capabilities::tools},
    {"toolchoice", &Capabilities::forced_tool},
    {"tool_choice", &Capabilities::forced_tool},
    {"temperature", &Capabilities::temperature},
    {"cachepoint", &Capabilities::cache_hints},
    {"prompt caching", &Capabilities::cache_hints},
    {"thinking", &Capabilities::reasoning_effort},
    {"effort", &Capabilities::reasoning_effort},
    {"outputconfig", &Capabilities::schema},
    {"structured output", &Capabilities::schema},
    {"output_config", &Capabilities::schema},
});

bool is_anthropic(std::string_view id) {
  return id.contains("anthropic.");
}

json::object cache_point() {
  return {{"cachePoint", {{"type", "default"}}}};
}

json::object text_block(std::string_view text) {
  return {{"text", text}};
}

json::object call_block(const ToolCall& call, const json::value& /*sent*/) {
  return {{"toolUse",
           {{"toolUseId", call.id},
            {"name", safe_tool_name(call.name)},
            {"input", arguments_of(call)}}}};
}

bool is_call(const json::value& block) {
  return json_object(block, {"toolUse"}) != nullptr;
}

constexpr PartFormat kBlocks{kFormat, text_block, is_call, call_block};

// There is no way to forbid calls but to offer no tool, and then calls and results are refused in
// the conversation: they are told in words.
void add_words(const std::vector<Message>& messages, const Message& message, json::array& blocks) {
  std::string text = message.content;
  if (message.role == Role::kTool) {
    text = fmt::format("[answer of {}]\n{}", answered_name(messages, message), message.content);
  }
  for (const ToolCall& call : message.tool_calls) {
    text +=
        fmt::format("\n[calls {} with {}]", safe_tool_name(call.name), to_text(arguments_of(call)));
  }
  text = trim(text);
  if (!text.empty()) blocks.push_back(text_block(text));
}

json::object encode_side(const ModelRequest& request, const Side& side) {
  json::array blocks;
  for (const Message* message : side.messages) {
    if (!request.may_call_tools || request.tools.empty()) {
      add_words(request.messages, *message, blocks);
    } else if (side.model) {
      add_model_parts(*message, kBlocks, blocks);
    } else if (message->role == Role::kTool) {
      blocks.push_back({{"toolResult",
                         {{"toolUseId", message->tool_call_id},
                          {"content", json::array{json::object{{"text", message->content}}}}}}});
    } else {
      blocks.push_back(text_block(message->content));
    }
  }
  return {{"role", side.model ? "assistant" : "user"}, {"content", std::move(blocks)}};
}

json::object encode_tools(const ModelRequest& request) {
  json::array encoded;
  for (const ToolSpec& tool : request.tools) {
    encoded.push_back({{"toolSpec",
                        {{"name", tool.name},
                         {"description", tool.description},
                         {"inputSchema", {{"json", tool.parameters}}}}}});
  }
  json::object config{{"tools", std::move(encoded)}};
  if (!request.forced_tool.empty()) {
    config["toolChoice"] = {{"tool", {{"name", request.forced_tool}}}};
  }
  return config;
}

// The schema goes out as a text.
json::object encode_schema(const ResponseSchema& schema) {
  return {{"textFormat",
           {{"type", "json_schema"},
            {"structure",
             {{"jsonSchema", {{"name", schema.name}, {"schema", to_text(schema.schema)}}}}}}}};
}

FinishReason decode_finish(std::string_view reason) {
  if (reason == "end_turn" || reason == "stop_sequence") return FinishReason::kStop;
  if (reason == "tool_use") return FinishReason::kToolCalls;
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") {
    return FinishReason::kLength;
  }
  if (reason == "guardrail_intervened" || reason == "content_filtered" || reason == "refusal") {
    return FinishReason::kContentFilter;
  }
  return FinishReason::kOther;
}

// What a cache was asked for is counted apart from the input.
ModelUsage decode_usage(const json::object& root) {
  ModelUsage usage;
  usage.model_calls = 1;
  usage.cached_input_tokens = token_count(root, {"usage", "cacheReadInputTokens"});
  usage.cache_write_tokens = token_count(root, {"usage", "cacheWriteInputTokens"});
  usage.input_tokens = token_count(root, {"usage", "inputTokens"}) + usage.cached_input_tokens +
                       usage.cache_write_tokens;
  usage.output_tokens = token_count(root, {"usage", "outputTokens"});
  return usage;
}

class Bedrock final : public Wire {
 public:
  explicit Bedrock(BedrockOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const std::string& base_url() const override { return options_.base_url; }
  [[nodiscard]] const std::string& model_id() const override { return options_.id; }
  [[nodiscard]] std::string_view key_name() const override {
    return options_.bearer_token.empty() ? "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                                         : "AWS_BEARER_TOKEN_BEDROCK";
  }
  [[nodiscard]] Capabilities capabilities() const override {
    return bedrock_capabilities(options_.id);
  }
  [[nodiscard]] std::span<const RefusalWord> refusal_words() const override { return kRefusals; }

  [[nodiscard]] HttpRequest encode(const ModelRequest& request, const Capabilities& can,
                                   WallTime now) const override {
    HttpRequest http = json_post(
        fmt::format("{}/model/{}/converse", options_.base_url, percent_encode(options_.id)),
        encode_bedrock(options_.id, request, can));
    if (!options_.bearer_token.empty()) {
      http.headers.add("Authorization", "Bearer " + options_.bearer_token);
      return http;
    }
    const Status is_signed =
        sign_aws(http, options_.credentials, {options_.region, "bedrock"}, now);
    HOLMES_ASSERT(is_signed.has_value());  // the base URL was read before
    return http;
  }
  [[nodiscard]] ModelResult decode(std::string_view body, size_t turn) const override {
    return decode_bedrock(body, turn);
  }

 private:
  BedrockOptions options_;
};

}  // namespace

Capabilities bedrock_capabilities(std::string_view id) {
  Capabilities can;
  can.json_mode = false;  // Converse has none
  can.cache_hints = is_anthropic(id);
  can.reasoning_effort = is_anthropic(id) || id.contains("openai.");
  return can;
}

json::object encode_bedrock(std::string_view id, const ModelRequest& request,
                            const Capabilities& can) {
  json::object body;
  json::array messages;
  for (const Side& side : take_turns(request.messages)) {
    messages.push_back(encode_side(request, side));
  }
  if (can.cache_hints && !messages.empty()) {
    messages.back().as_object()["content"].as_array().push_back(cache_point());
  }
  body["messages"] = std::move(messages);
  if (const std::string system = system_text(request.messages); !system.empty()) {
    json::array blocks{json::object{{"text", system}}};
    if (can.cache_hints) blocks.push_back(cache_point());
    body["system"] = std::move(blocks);
  }
  if (!request.tools.empty() && request.may_call_tools) {
    body["toolConfig"] = encode_tools(request);
  }
  json::object inference;
  const auto thinking = is_anthropic(id) ? request.thinking : std::nullopt;
  if (request.output_tokens_max > 0) {
    inference["maxTokens"] = with_thinking(request.output_tokens_max, thinking);
  }
  if (request.temperature) inference["temperature"] = *request.temperature;
  if (!inference.empty()) body["inferenceConfig"] = std::move(inference);
  if (request.schema) body["outputConfig"] = encode_schema(*request.schema);
  json::object fields;
  if (!request.reasoning_effort.empty()) {
    fields = {{"reasoning_effort", request.reasoning_effort}};
    if (is_anthropic(id)) {
      fields = {{"thinking", {{"type", "adaptive"}}},
                {"output_config", {{"effort", request.reasoning_effort}}}};
    }
  }
  if (thinking) fields["thinking"] = encode_thinking(*thinking);
  if (!fields.empty()) body["additionalModelRequestFields"] = std::move(fields);
  return body;
}

ModelResult decode_bedrock(std::string_view body, size_t turn) {
  HOLMES_TRY(const json::object root, parse_reply(body));
  const json::array* blocks = json_array(root, {"output", "message", "content"});
  if (blocks == nullptr) return fail(ModelErrorKind::kUnreadable, "the answer has no content");
  ModelReply reply;
  bool keep = false;
  for (const json::value& block : *blocks) {
    if (const auto text = json_string(block, {"text"})) {
      reply.content += *text;
    } else if (const json::object* call = json_object(block, {"toolUse"})) {
      add_call(reply, turn, json_string_or(*call, {"toolUseId"}), json_string_or(*call, {"name"}),
               json_find(*call, {"input"}));
    } else {
      keep = true;
    }
  }
  const std::string reason = json_string_or(root, {"stopReason"});
  reply.finish = finish_with(decode_finish(reason), !reply.tool_calls.empty());
  if (reply.finish == FinishReason::kContentFilter) {
    reply.refusal = fmt::format("the provider's filter stopped it ({})", reason);
  }
  reply.usage = decode_usage(root);
  if (keep) reply.opaque = make_opaque(kFormat, *blocks);
  return checked(std::move(reply));
}

std::unique_ptr<Wire> make_bedrock(BedrockOptions options) {
  return std::make_unique<Bedrock>(std::move(options));
}

std::string bedrock_base_url(std::string_view region) {
  return fmt::format("https://bedrock-runtime.{}.amazonaws.com", region);
}

}  // namespace holmes
