#include "holmes/llm/openai_chat.h"

#include <array>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kFormat = "openai";
// What servers with thinking models want back while the tools are still at work: most of them, vLLM
// since 0.11, OpenRouter.
constexpr auto kReasoning =
    std::to_array<std::string_view>({"reasoning_content", "reasoning", "reasoning_details"});
constexpr auto kRefusals = std::to_array<RefusalWord>({
    {"does not support tools", &Capabilities::tools},
    {"does not support function calling", &Capabilities::tools},
    {"tool use is not supported", &Capabilities::tools},
    {"max_completion_tokens", &Capabilities::max_completion_tokens},
    {"temperature", &Capabilities::temperature},
    {"reasoning_effort", &Capabilities::reasoning_effort},
    {"reasoning effort", &Capabilities::reasoning_effort},
    {"parallel_tool_calls", &Capabilities::parallel_calls},
    {"tool_choice", &Capabilities::forced_tool},
    {"tool choice", &Capabilities::forced_tool},
    {"response_format", &Capabilities::schema},
    {"response_format", &Capabilities::json_mode},
    {"json_schema", &Capabilities::schema},
    {"structured output", &Capabilities::schema},
    {"guided", &Capabilities::schema},
    {"grammar", &Capabilities::schema},
    {"grammar", &Capabilities::json_mode},
    {"json_object", &Capabilities::json_mode},
    {"json mode", &Capabilities::json_mode},
    {"handle the requested parameters", &Capabilities::schema},
    {"handle the requested parameters", &Capabilities::forced_tool},
    {"handle the requested parameters", &Capabilities::json_mode},
    {"strict", &Capabilities::strict_tools},
});

json::array encode_tool_calls(const std::vector<ToolCall>& calls) {
  json::array encoded;
  for (const ToolCall& call : calls) {
    encoded.push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", safe_tool_name(call.name)}, {"arguments", call.arguments}}}});
  }
  return encoded;
}

json::object encode_message(const Message& message) {
  json::object encoded{{"role", to_string(message.role)}};
  if (message.role == Role::kTool) encoded["tool_call_id"] = message.tool_call_id;
  if (message.tool_calls.empty()) {
    encoded["content"] = message.content;
    return encoded;
  }
  encoded["content"] = message.content.empty() ? json::value() : json::value(message.content);
  if (const json::value* opaque = find_opaque(message, kFormat)) {
    for (const std::string_view member : kReasoning) {
      if (const json::value* reasoning = json_find(*opaque, {member})) {
        encoded[member] = *reasoning;
      }
    }
  }
  encoded["tool_calls"] = encode_tool_calls(message.tool_calls);
  return encoded;
}

json::object encode_tool(const ToolSpec& tool, bool strict) {
  json::object function{
      {"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}};
  if (strict) function["strict"] = true;
  return {{"type", "function"}, {"function", std::move(function)}};
}

bool has_arguments(const ToolSpec& tool) {
  const json::object* properties = json_object(tool.parameters, {"properties"});
  return properties != nullptr && !properties->empty();
}

json::object encode_schema(const ResponseSchema& schema) {
  return {{"type", "json_schema"},
          {"json_schema", {{"name", schema.name}, {"strict", true}, {"schema", schema.schema}}}};
}

// A string, or the joined texts of an array of parts.
std::string decode_content(const json::object& message) {
  if (const auto text = json_string(message, {"content"})) return std::string(*text);
  std::string joined;
  if (const json::array* parts = json_array(message, {"content"})) {
    for (const json::value& part : *parts) joined += json_string_or(part, {"text"});
  }
  return joined;
}

std::string decode_arguments(const json::value& call) {
  const json::value* arguments = json_find(call, {"function", "arguments"});
  if (arguments == nullptr || arguments->is_null()) return "{}";
  if (!arguments->is_string()) return to_text(*arguments);
  const std::string_view text = arguments->get_string();
  return trim(text).empty() ? "{}" : std::string(text);
}

std::vector<ToolCall> decode_tool_calls(const json::object& message, size_t turn) {
  std::vector<ToolCall> calls;
  const json::array* list = json_array(message, {"tool_calls"});
  if (list == nullptr) return calls;
  for (const json::value& call : *list) {
    std::string id = json_string_or(call, {"id"});
    if (id.empty()) id = made_up_id(turn, calls.size());
    calls.push_back(
        {std::move(id), json_string_or(call, {"function", "name"}), decode_arguments(call)});
  }
  return calls;
}

FinishReason decode_finish(const json::object& choice, bool has_calls) {
  const std::string reason = json_string_or(choice, {"finish_reason"});
  if (reason == "length") return FinishReason::kLength;
  if (reason == "content_filter") return FinishReason::kContentFilter;
  // Some compatible servers say "stop" with calls, or nothing. A text is finished only when the
  // server says so: an unfinished one must not become a verdict.
  const bool calls_end =
      reason.empty() || reason == "tool_calls" || reason == "function_call" || reason == "stop";
  if (has_calls && calls_end) return FinishReason::kToolCalls;
  return !has_calls && reason == "stop" ? FinishReason::kStop : FinishReason::kOther;
}

ModelUsage decode_usage(const json::object& root) {
  ModelUsage usage;
  usage.model_calls = 1;
  usage.input_tokens = token_count(root, {"usage", "prompt_tokens"});
  usage.cached_input_tokens =
      token_count(root, {"usage", "prompt_tokens_details", "cached_tokens"});
  usage.cache_write_tokens =
      token_count(root, {"usage", "prompt_tokens_details", "cache_write_tokens"});
  usage.output_tokens = token_count(root, {"usage", "completion_tokens"});
  usage.reasoning_tokens =
      token_count(root, {"usage", "completion_tokens_details", "reasoning_tokens"});
  return usage;
}

json::value decode_opaque(const json::object& message) {
  json::object kept;
  for (const std::string_view member : kReasoning) {
    const json::value* reasoning = json_find(message, {member});
    if (reasoning != nullptr && !reasoning->is_null()) kept[member] = *reasoning;
  }
  return kept.empty() ? json::value() : make_opaque(kFormat, std::move(kept));
}

class OpenAiChat final : public Wire {
 public:
  explicit OpenAiChat(OpenAiChatOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const std::string& base_url() const override { return options_.base_url; }
  [[nodiscard]] const std::string& model_id() const override { return options_.id; }
  [[nodiscard]] std::string_view key_name() const override { return options_.key_name; }
  [[nodiscard]] Capabilities capabilities() const override { return {}; }
  [[nodiscard]] std::span<const RefusalWord> refusal_words() const override { return kRefusals; }

  [[nodiscard]] HttpRequest encode(const ModelRequest& request, const Capabilities& can,
                                   WallTime /*now*/) const override {
    HttpRequest http =
        json_post(options_.base_url + options_.path, encode_openai_chat(options_, request, can));
    const auto& [header, value] = options_.key_header;
    if (!header.empty()) http.headers.add(header, value);
    return http;
  }
  [[nodiscard]] ModelResult decode(std::string_view body, size_t turn) const override {
    return decode_openai_chat(body, turn);
  }

 private:
  OpenAiChatOptions options_;
};

}  // namespace

json::object encode_openai_chat(const OpenAiChatOptions& options, const ModelRequest& request,
                                const Capabilities& can) {
  json::object body{{"model", options.id}};
  json::array messages;
  for (const Message& message : request.messages) messages.push_back(encode_message(message));
  body["messages"] = std::move(messages);
  // Not every server understands a tool_choice of "none".
  if (!request.tools.empty() && request.may_call_tools) {
    json::array tools;
    for (const ToolSpec& tool : request.tools) {
      const bool strict = can.strict_tools && (!options.compatible || has_arguments(tool));
      tools.push_back(encode_tool(tool, strict));
    }
    body["tools"] = std::move(tools);
    if (!request.forced_tool.empty()) {
      body["tool_choice"] = {{"type", "function"}, {"function", {{"name", request.forced_tool}}}};
    } else if (options.compatible && can.parallel_calls) {
      body["parallel_tool_calls"] = true;
    }
  }
  if (request.schema) body["response_format"] = encode_schema(*request.schema);
  if (request.json_object) body["response_format"] = {{"type", "json_object"}};
  if (request.output_tokens_max > 0) {
    body[can.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] =
        request.output_tokens_max;
  }
  if (request.temperature) body["temperature"] = *request.temperature;
  if (!request.reasoning_effort.empty()) body["reasoning_effort"] = request.reasoning_effort;
  for (const auto& member : options.extra) body[member.key()] = member.value();
  return body;
}

ModelResult decode_openai_chat(std::string_view body, size_t turn) {
  HOLMES_TRY(const json::object root, parse_reply(body));
  const json::array* choices = json_array(root, {"choices"});
  if (choices == nullptr || choices->empty() || !choices->front().is_object()) {
    return fail(ModelErrorKind::kUnreadable, "the answer has no choices");
  }
  const json::object& choice = choices->front().get_object();
  const json::object* message = json_object(choice, {"message"});
  if (message == nullptr) return fail(ModelErrorKind::kUnreadable, "the answer has no message");

  ModelReply reply;
  reply.content = decode_content(*message);
  reply.tool_calls = decode_tool_calls(*message, turn);
  reply.finish = decode_finish(choice, !reply.tool_calls.empty());
  reply.refusal = json_string_or(*message, {"refusal"});
  reply.usage = decode_usage(root);
  reply.opaque = decode_opaque(*message);
  return checked(std::move(reply));
}

std::unique_ptr<Wire> make_openai_chat(OpenAiChatOptions options) {
  return std::make_unique<OpenAiChat>(std::move(options));
}

}  // namespace holmes
