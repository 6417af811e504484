#include "holmes/llm/openai_chat.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxToolNameBytes = 64;
constexpr size_t kMaxQuotedBytes = 500;  // of a provider's error sentence
constexpr std::string_view kReasoning = "reasoning_content";

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      break;
  }
  return "tool";
}

// A name that the model invented may hold characters that the provider then refuses to read back.
std::string safe_name(std::string_view name) {
  std::string safe(name.substr(0, kMaxToolNameBytes));
  for (char& c : safe) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!allowed) c = '_';
  }
  return safe.empty() ? "_" : safe;
}

json::array encode_tool_calls(const std::vector<ToolCall>& calls) {
  json::array encoded;
  for (const ToolCall& call : calls) {
    encoded.push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", safe_name(call.name)}, {"arguments", call.arguments}}}});
  }
  return encoded;
}

json::object encode_message(const Message& message) {
  json::object encoded{{"role", role_name(message.role)}};
  if (message.role == Role::kTool) encoded["tool_call_id"] = message.tool_call_id;
  if (message.tool_calls.empty()) {
    encoded["content"] = message.content;
    return encoded;
  }
  encoded["content"] = message.content.empty() ? json::value() : json::value(message.content);
  // Servers with thinking models want their reasoning back while the tools are still at work.
  if (const json::value* reasoning = json_find(message.opaque, {kReasoning})) {
    encoded[kReasoning] = *reasoning;
  }
  encoded["tool_calls"] = encode_tool_calls(message.tool_calls);
  return encoded;
}

json::object encode_tool(const ToolSpec& tool) {
  return {{"type", "function"},
          {"function",
           {{"name", tool.name},
            {"description", tool.description},
            {"parameters", tool.parameters},
            {"strict", true}}}};
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
    if (id.empty()) id = fmt::format("call_{}_{}", turn, calls.size());
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

Usage decode_usage(const json::object& root) {
  const auto count = [&](JsonPath path) {
    return std::max<int64_t>(0, json_int(root, path).value_or(0));
  };
  Usage usage;
  usage.model_calls = 1;
  usage.input_tokens = count({"usage", "prompt_tokens"});
  usage.cached_input_tokens = count({"usage", "prompt_tokens_details", "cached_tokens"});
  usage.output_tokens = count({"usage", "completion_tokens"});
  return usage;
}

// The parts of {"error": {"message", "type", "code"}}, of its older flat form, or of anything else.
struct ProviderError {
  std::string sentence;
  std::string code;
  std::string type;

  [[nodiscard]] bool is(std::string_view name) const { return code == name || type == name; }
  [[nodiscard]] bool is_quota() const {
    return is("insufficient_quota") || is("billing_hard_limit_reached") || is("budget_exceeded");
  }
  [[nodiscard]] bool is_too_long() const {
    return is("context_length_exceeded") || is("exceed_context_size_error") ||
           sentence.contains("maximum context length");
  }
};

ProviderError read_provider_error(std::string_view body) {
  ProviderError error;
  if (const auto root = parse_json_object(body)) {
    const json::object* inner = json_object(*root, {"error"});
    const json::object& source = inner != nullptr ? *inner : *root;
    error.sentence = json_string_or(source, {"message"}, json_string_or(*root, {"error"}));
    error.code = json_string_or(source, {"code"});
    error.type = json_string_or(source, {"type"});
  }
  if (error.sentence.empty()) error.sentence = to_valid_utf8(trim(body));
  error.sentence = cut(error.sentence, kMaxQuotedBytes);
  return error;
}

ErrorCode code_of(int status, const ProviderError& error) {
  switch (status) {
    case 401:
      return ErrorCode::kUnauthenticated;
    case 402:
    case 403:
      return ErrorCode::kForbidden;
    case 404:
      return ErrorCode::kNotFound;
    case 408:
    case 409:
      return ErrorCode::kUnavailable;
    case 413:
      return ErrorCode::kTooLarge;
    case 429:
      return error.is_quota() ? ErrorCode::kForbidden : ErrorCode::kRefused;
    default:
      break;
  }
  if (status >= 500) return ErrorCode::kUnavailable;
  return error.is_too_long() ? ErrorCode::kTooLarge : ErrorCode::kInvalid;
}

// "retry-after-ms" is more exact than "Retry-After" where a provider sends both.
std::optional<std::chrono::milliseconds> wait_asked_for(const HttpHeaders& headers, WallTime now) {
  if (const auto text = headers.find("retry-after-ms")) {
    int64_t milliseconds = 0;
    const auto [end, error] =
        std::from_chars(text->data(), text->data() + text->size(), milliseconds);
    // A fraction may follow; it does not matter.
    if (error == std::errc() && milliseconds >= 0) return std::chrono::milliseconds(milliseconds);
  }
  return retry_after(headers, now);
}

}  // namespace

json::object encode_openai_chat(std::string_view model_id, const ModelRequest& request) {
  json::object body{{"model", model_id}};
  json::array messages;
  for (const Message& message : request.messages) messages.push_back(encode_message(message));
  body["messages"] = std::move(messages);
  if (!request.tools.empty()) {
    json::array tools;
    for (const ToolSpec& tool : request.tools) tools.push_back(encode_tool(tool));
    body["tools"] = std::move(tools);
  }
  if (request.schema) body["response_format"] = encode_schema(*request.schema);
  if (request.output_tokens_max > 0) body["max_completion_tokens"] = request.output_tokens_max;
  if (request.temperature) body["temperature"] = *request.temperature;
  return body;
}

Result<ModelReply> decode_openai_chat(std::string_view body, size_t turn) {
  const auto root = parse_json_object(body);
  if (!root) return fail(ErrorCode::kProtocol, root.error().within("the reply").message);
  if (const json::value* error = json_find(*root, {"error"});
      error != nullptr && !error->is_null()) {
    const auto status = json_int(*root, {"error", "code"}).value_or(500);
    return fail(
        decode_openai_error(status >= 400 && status < 600 ? static_cast<int>(status) : 500, body));
  }
  const json::array* choices = json_array(*root, {"choices"});
  if (choices == nullptr || choices->empty() || !choices->front().is_object()) {
    return fail(ErrorCode::kProtocol, "the reply has no choices");
  }
  const json::object& choice = choices->front().get_object();
  const json::object* message = json_object(choice, {"message"});
  if (message == nullptr) return fail(ErrorCode::kProtocol, "the reply has no message");

  ModelReply reply;
  reply.content = decode_content(*message);
  reply.tool_calls = decode_tool_calls(*message, turn);
  reply.finish = decode_finish(choice, !reply.tool_calls.empty());
  reply.refusal = json_string_or(*message, {"refusal"});
  reply.usage = decode_usage(*root);
  if (const auto reasoning = json_string(*message, {kReasoning})) {
    reply.opaque = json::object{{kReasoning, *reasoning}};
  }
  return reply;
}

Error decode_openai_error(int status, std::string_view body) {
  const ProviderError error = read_provider_error(body);
  const ErrorCode code = code_of(status, error);
  if (code == ErrorCode::kUnauthenticated) {
    return {code, "the endpoint did not accept the API key (HTTP 401); check OPENAI_API_KEY"};
  }
  const std::string_view what = error.is_quota() ? ", the quota is used up" : "";
  return {code, fmt::format("HTTP {}{}: {}", status, what, error.sentence)};
}

OpenAiChat::OpenAiChat(const Clock& clock, HttpClient& http, OpenAiChatOptions options)
    : clock_(clock), http_(http), options_(std::move(options)) {}

Task<Result<ModelReply>> OpenAiChat::complete(ModelRequest request, Stop stop) {
  const std::string what = fmt::format("asking model '{}'", options_.name);
  HttpRequest http;
  http.method = "POST";
  http.target = options_.api_base + "/chat/completions";
  http.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  if (!options_.api_key.empty()) http.headers.add("Authorization", "Bearer " + options_.api_key);
  http.body = to_text(encode_openai_chat(options_.id, request));

  const Result<HttpResponse> response = co_await http_.send(std::move(http), stop);
  if (!response) co_return fail(response.error().within(what));
  if (response->status != 200) {
    Error error = decode_openai_error(response->status, response->body).within(what);
    error.retry_after = wait_asked_for(response->headers, clock_.wall_now());
    co_return fail(std::move(error));
  }
  Result<ModelReply> reply = decode_openai_chat(response->body, request.messages.size());
  if (!reply) co_return fail(reply.error().within(what));
  co_return reply;
}

}  // namespace holmes
