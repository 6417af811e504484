#include "holmes/llm/ollama_chat.h"

#include <array>
#include <utility>

namespace holmes {
namespace {

constexpr std::string_view kFormat = "ollama";
constexpr std::string_view kThinking = "thinking";
constexpr auto kRefusals = std::to_array<RefusalWord>({
    {"does not support tools", &Capabilities::tools},
    {"thinking", &Capabilities::reasoning_effort},
    {"think value", &Capabilities::reasoning_effort},
    {"format", &Capabilities::schema},
    {"format", &Capabilities::json_mode},
    {"grammar", &Capabilities::schema},
    {"grammar", &Capabilities::json_mode},
});

json::array encode_calls(const std::vector<ToolCall>& calls) {
  json::array encoded;
  for (const ToolCall& call : calls) {
    json::object one{
        {"function", {{"name", safe_tool_name(call.name)}, {"arguments", arguments_of(call)}}}};
    if (!is_made_up(call.id)) one["id"] = call.id;
    encoded.push_back(std::move(one));
  }
  return encoded;
}

json::object encode_message(const std::vector<Message>& messages, const Message& message) {
  json::object encoded{{"role", to_string(message.role)}};
  if (!message.content.empty() || message.tool_calls.empty()) encoded["content"] = message.content;
  if (message.role == Role::kTool) {
    encoded["tool_name"] = answered_name(messages, message);
    if (!is_made_up(message.tool_call_id)) encoded["tool_call_id"] = message.tool_call_id;
  }
  if (const json::value* thinking = find_opaque(message, kFormat)) encoded[kThinking] = *thinking;
  if (!message.tool_calls.empty()) encoded["tool_calls"] = encode_calls(message.tool_calls);
  return encoded;
}

json::object encode_tool(const ToolSpec& tool) {
  return {
      {"type", "function"},
      {"function",
       {{"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}}}};
}

json::object encode_limits(const OllamaOptions& options, const ModelRequest& request) {
  json::object limits;
  if (options.context_tokens > 0) limits["num_ctx"] = options.context_tokens;
  if (request.output_tokens_max > 0) limits["num_predict"] = request.output_tokens_max;
  if (request.temperature) limits["temperature"] = *request.temperature;
  return limits;
}

class Ollama final : public Wire {
 public:
  explicit Ollama(OllamaOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const std::string& base_url() const override { return options_.base_url; }
  [[nodiscard]] const std::string& model_id() const override { return options_.id; }
  [[nodiscard]] std::string_view key_name() const override { return "OLLAMA_API_KEY"; }
  [[nodiscard]] Capabilities capabilities() const override { return {.forced_tool = false}; }
  [[nodiscard]] std::span<const RefusalWord> refusal_words() const override { return kRefusals; }

  [[nodiscard]] HttpRequest encode(const ModelRequest& request, const Capabilities& /*can*/,
                                   WallTime /*now*/) const override {
    HttpRequest http = json_post(options_.base_url + "/api/chat", encode_ollama(options_, request));
    if (!options_.api_key.empty()) {
      http.headers.add("Authorization", "Bearer " + options_.api_key);
    }
    return http;
  }
  [[nodiscard]] ModelResult decode(std::string_view body, size_t turn) const override {
    return decode_ollama(body, turn);
  }

 private:
  OllamaOptions options_;
};

}  // namespace

json::object encode_ollama(const OllamaOptions& options, const ModelRequest& request) {
  json::object body{{"model", options.id}, {"stream", false}};
  json::array messages;
  for (const Message& message : request.messages) {
    messages.push_back(encode_message(request.messages, message));
  }
  body["messages"] = std::move(messages);
  if (!request.tools.empty() && request.may_call_tools) {
    json::array tools;
    for (const ToolSpec& tool : request.tools) tools.push_back(encode_tool(tool));
    body["tools"] = std::move(tools);
  }
  if (request.schema) body["format"] = request.schema->schema;
  if (request.json_object) body["format"] = "json";
  if (json::object limits = encode_limits(options, request); !limits.empty()) {
    body["options"] = std::move(limits);
  }
  if (request.thinking) body["think"] = request.thinking->kind != Thinking::Kind::kOff;
  if (!request.reasoning_effort.empty()) body["think"] = request.reasoning_effort;
  return body;
}

ModelResult decode_ollama(std::string_view body, size_t turn) {
  HOLMES_TRY(const json::object root, parse_reply(body));
  const json::object* message = json_object(root, {"message"});
  if (message == nullptr) return fail(ModelErrorKind::kUnreadable, "the answer has no message");
  if (json_bool(root, {"done"}) == false) {
    return fail(ModelErrorKind::kUnreadable, "the answer is the beginning of a stream");
  }
  ModelReply reply;
  reply.content = json_string_or(*message, {"content"});
  if (const json::array* calls = json_array(*message, {"tool_calls"})) {
    for (const json::value& call : *calls) {
      add_call(reply, turn, json_string_or(call, {"id"}),
               json_string_or(call, {"function", "name"}),
               json_find(call, {"function", "arguments"}));
    }
  }
  const std::string reason = json_string_or(root, {"done_reason"});
  FinishReason finish = FinishReason::kOther;
  if (reason == "stop") finish = FinishReason::kStop;
  if (reason == "length") finish = FinishReason::kLength;
  reply.finish = finish_with(finish, !reply.tool_calls.empty());
  reply.usage.model_calls = 1;
  reply.usage.input_tokens = token_count(root, {"prompt_eval_count"});
  reply.usage.output_tokens = token_count(root, {"eval_count"});
  if (const auto thinking = json_string(*message, {kThinking}); thinking && !thinking->empty()) {
    reply.opaque = make_opaque(kFormat, json::value(*thinking));
  }
  return checked(std::move(reply));
}

std::unique_ptr<Wire> make_ollama(OllamaOptions options) {
  return std::make_unique<Ollama>(std::move(options));
}

}  // namespace holmes
