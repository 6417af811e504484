#include "holmes/llm/gemini.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "net/url.h"

namespace holmes {
namespace {

constexpr std::string_view kFormat = "gemini";
constexpr auto kRefusals = std::to_array<RefusalWord>({
    {"function calling is not enabled", &Capabilities::tools},
    {"temperature", &Capabilities::temperature},
    {"thinking", &Capabilities::reasoning_effort},
    {"responsejsonschema", &Capabilities::schema},
    {"response_json_schema", &Capabilities::schema},
    {"json mode is not", &Capabilities::schema},
    {"json mode is not", &Capabilities::json_mode},
    {"responsemimetype", &Capabilities::schema},
    {"responsemimetype", &Capabilities::json_mode},
    {"response_mime_type", &Capabilities::schema},
    {"response_mime_type", &Capabilities::json_mode},
    {"response mime type", &Capabilities::schema},
    {"response mime type", &Capabilities::json_mode},
    {"mimetype parameter", &Capabilities::schema},
    {"mimetype parameter", &Capabilities::json_mode},
    {"functioncallingconfig", &Capabilities::forced_tool},
    {"function_calling_config", &Capabilities::forced_tool},
    {"function calling config", &Capabilities::forced_tool},
    {"function calling mode", &Capabilities::forced_tool},
    {"forced function calling", &Capabilities::forced_tool},
    {"allowed_function_names", &Capabilities::forced_tool},
});
// Why a filter stopped the model, or would not let it begin.
constexpr auto kFiltered = std::to_array<std::string_view>(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"});

json::object function_call(const ToolCall& call) {
  json::object function{{"name", safe_tool_name(call.name)}, {"args", arguments_of(call)}};
  if (!is_made_up(call.id)) function["id"] = call.id;
  return function;
}

json::object text_part(std::string_view text) {
  return {{"text", text}};
}

// A signature stays on its part.
json::object call_part(const ToolCall& call, const json::value& sent) {
  json::object part = sent.is_object() ? sent.get_object() : json::object();
  part["functionCall"] = function_call(call);
  return part;
}

bool is_call(const json::value& part) {
  return json_object(part, {"functionCall"}) != nullptr;
}

constexpr PartFormat kParts{kFormat, text_part, is_call, call_part};

json::object function_response(const std::vector<Message>& messages, const Message& message) {
  json::object function{{"name", answered_name(messages, message)},
                        {"response", {{"output", message.content}}}};
  if (!is_made_up(message.tool_call_id)) function["id"] = message.tool_call_id;
  return {{"functionResponse", std::move(function)}};
}

json::object encode_side(const std::vector<Message>& messages, const Side& side) {
  json::array parts;
  for (const Message* message : side.messages) {
    if (side.model) {
      add_model_parts(*message, kParts, parts);
    } else if (message->role == Role::kTool) {
      parts.push_back(function_response(messages, *message));
    } else {
      parts.push_back(text_part(message->content));
    }
  }
  return {{"role", side.model ? "model" : "user"}, {"parts", std::move(parts)}};
}

// A function without arguments has no schema: an empty object is refused.
json::object encode_tool(const ToolSpec& tool) {
  json::object encoded{{"name", tool.name}, {"description", tool.description}};
  const json::object* properties = json_object(tool.parameters, {"properties"});
  if (properties != nullptr && !properties->empty()) {
    encoded["parametersJsonSchema"] = tool.parameters;
  }
  return encoded;
}

// 0 is none, -1 as much as the model likes.
int64_t thinking_budget(const Thinking& thinking) {
  if (thinking.kind == Thinking::Kind::kOff) return 0;
  return thinking.kind == Thinking::Kind::kBudget ? thinking.budget_tokens : -1;
}

json::object encode_generation(const ModelRequest& request) {
  json::object config;
  if (request.output_tokens_max > 0) config["maxOutputTokens"] = request.output_tokens_max;
  if (request.temperature) config["temperature"] = *request.temperature;
  if (request.schema) {
    config["responseMimeType"] = "application/json";
    config["responseJsonSchema"] = request.schema->schema;
  }
  if (request.json_object) config["responseMimeType"] = "application/json";
  if (request.thinking) {  // not together with a level
    config["thinkingConfig"] = {{"thinkingBudget", thinking_budget(*request.thinking)}};
  } else if (!request.reasoning_effort.empty()) {
    config["thinkingConfig"] = {{"thinkingLevel", request.reasoning_effort}};
  }
  return config;
}

bool is_filtered(std::string_view reason) {
  for (const std::string_view known : kFiltered) {
    if (reason == known) return true;
  }
  return false;
}

FinishReason decode_finish(std::string_view reason) {
  if (reason == "STOP") return FinishReason::kStop;
  if (reason == "FUNCTION_CALL") return FinishReason::kToolCalls;  // of gateways, not of Google
  if (reason == "MAX_TOKENS") return FinishReason::kLength;
  return is_filtered(reason) ? FinishReason::kContentFilter : FinishReason::kOther;
}

ModelUsage decode_usage(const json::object& root) {
  ModelUsage usage;
  usage.model_calls = 1;
  usage.input_tokens = token_count(root, {"usageMetadata", "promptTokenCount"}) +
                       token_count(root, {"usageMetadata", "toolUsePromptTokenCount"});
  usage.cached_input_tokens = token_count(root, {"usageMetadata", "cachedContentTokenCount"});
  usage.reasoning_tokens = token_count(root, {"usageMetadata", "thoughtsTokenCount"});
  usage.output_tokens =
      token_count(root, {"usageMetadata", "candidatesTokenCount"}) + usage.reasoning_tokens;
  return usage;
}

// Returns whether something in it must go back verbatim.
bool read_part(const json::value& part, size_t turn, ModelReply& reply) {
  if (const json::object* call = json_object(part, {"functionCall"})) {
    add_call(reply, turn, json_string_or(*call, {"id"}), json_string_or(*call, {"name"}),
             json_find(*call, {"args"}));
    return json_find(part, {"thoughtSignature"}) != nullptr;
  }
  const bool thought = json_bool(part, {"thought"}).value_or(false);
  const auto text = json_string(part, {"text"});
  if (text && !thought) reply.content += *text;
  return thought || !text || json_find(part, {"thoughtSignature"}) != nullptr;
}

class Gemini final : public Wire {
 public:
  explicit Gemini(GeminiOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const std::string& base_url() const override { return options_.base_url; }
  [[nodiscard]] const std::string& model_id() const override { return options_.id; }
  [[nodiscard]] std::string_view key_name() const override { return options_.key_name; }
  [[nodiscard]] Capabilities capabilities() const override { return {}; }
  [[nodiscard]] std::span<const RefusalWord> refusal_words() const override { return kRefusals; }

  [[nodiscard]] HttpRequest encode(const ModelRequest& request, const Capabilities& /*can*/,
                                   WallTime /*now*/) const override {
    HttpRequest http = json_post(fmt::format("{}{}{}:generateContent", options_.base_url,
                                             options_.models_path, percent_encode(options_.id)),
                                 encode_gemini(request));
    if (!options_.bearer_token.empty()) {
      http.headers.add("Authorization", "Bearer " + options_.bearer_token);
    } else if (!options_.api_key.empty()) {
      http.headers.add("x-goog-api-key", options_.api_key);
    }
    return http;
  }
  [[nodiscard]] ModelResult decode(std::string_view body, size_t turn) const override {
    return decode_gemini(body, turn);
  }

 private:
  GeminiOptions options_;
};

}  // namespace

json::object encode_gemini(const ModelRequest& request) {
  json::object body;
  json::array contents;
  for (const Side& side : take_turns(request.messages)) {
    contents.push_back(encode_side(request.messages, side));
  }
  body["contents"] = std::move(contents);
  if (const std::string system = system_text(request.messages); !system.empty()) {
    body["systemInstruction"] = {{"parts", json::array{text_part(system)}}};
  }
  if (!request.tools.empty()) {
    json::array functions;
    for (const ToolSpec& tool : request.tools) functions.push_back(encode_tool(tool));
    body["tools"] = json::array{json::object{{"functionDeclarations", std::move(functions)}}};
    if (!request.may_call_tools) {
      body["toolConfig"] = {{"functionCallingConfig", {{"mode", "NONE"}}}};
    }
    if (!request.forced_tool.empty()) {
      body["toolConfig"] = {
          {"functionCallingConfig",
           {{"mode", "ANY"}, {"allowedFunctionNames", json::array{request.forced_tool}}}}};
    }
  }
  if (json::object config = encode_generation(request); !config.empty()) {
    body["generationConfig"] = std::move(config);
  }
  return body;
}

ModelResult decode_gemini(std::string_view body, size_t turn) {
  HOLMES_TRY(const json::object root, parse_reply(body));
  ModelReply reply;
  reply.usage = decode_usage(root);
  const json::array* candidates = json_array(root, {"candidates"});
  if (candidates == nullptr || candidates->empty()) {
    const auto blocked = json_string(root, {"promptFeedback", "blockReason"});
    if (!blocked) return fail(ModelErrorKind::kUnreadable, "the answer has no candidates");
    reply.finish = FinishReason::kContentFilter;
    reply.refusal = fmt::format("the provider's filter refused the question ({})", *blocked);
    return reply;
  }
  const json::value& candidate = candidates->front();
  const json::array* parts = json_array(candidate, {"content", "parts"});
  const std::string reason = json_string_or(candidate, {"finishReason"});
  if (parts == nullptr && reason.empty()) {
    return fail(ModelErrorKind::kUnreadable, "the answer has no content");
  }
  bool keep = false;
  if (parts != nullptr) {
    for (const json::value& part : *parts) keep |= read_part(part, turn, reply);
  }
  reply.finish = finish_with(decode_finish(reason), !reply.tool_calls.empty());
  if (is_filtered(reason)) {
    reply.refusal = fmt::format("the provider's filter stopped it ({})", reason);
  }
  if (keep) reply.opaque = make_opaque(kFormat, *parts);
  return checked(std::move(reply));
}

std::unique_ptr<Wire> make_gemini(GeminiOptions options) {
  return std::make_unique<Gemini>(std::move(options));
}

std::string vertex_base_url(std::string_view location) {
  return location == "global" ? "https://aiplatform.googleapis.com"
                              : fmt::format("https://{}-aiplatform.googleapis.com", location);
}

std::string vertex_models_path(std::string_view project, std::string_view location) {
  return fmt::format("/v1/projects/{}/locations/{}/publishers/google/models/",
                     percent_encode(project), percent_encode(location));
}

}  // namespace holmes
