#include "holmes/checks/recording.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace holmes {
namespace {

constexpr int64_t kVersion = 1;

constexpr std::array kRoles{Role::kSystem, Role::kUser, Role::kAssistant, Role::kTool};
constexpr std::array kFinishes{FinishReason::kStop, FinishReason::kToolCalls, FinishReason::kLength,
                               FinishReason::kContentFilter, FinishReason::kOther};
constexpr std::array kOutcomes{ToolOutcome::kAnswered, ToolOutcome::kDenied, ToolOutcome::kFailed,
                               ToolOutcome::kTimeout, ToolOutcome::kBadArguments};
constexpr std::array kErrorKinds{
    ModelErrorKind::kAuthentication, ModelErrorKind::kForbidden,    ModelErrorKind::kQuotaExhausted,
    ModelErrorKind::kRateLimited,    ModelErrorKind::kOverloaded,   ModelErrorKind::kContextTooLong,
    ModelErrorKind::kInvalidRequest, ModelErrorKind::kUnknownModel, ModelErrorKind::kContentRefused,
    ModelErrorKind::kServerError,    ModelErrorKind::kNoConnection, ModelErrorKind::kTimeout,
    ModelErrorKind::kCancelled,      ModelErrorKind::kUnreadable};

// The value of this name; the last of the list when there is none.
template <class T, size_t N>
T by_name(const std::array<T, N>& values, std::string_view name) {
  const auto found = std::ranges::find_if(values, [&](T v) { return to_string(v) == name; });
  return found == values.end() ? values.back() : *found;
}

std::vector<ToolCall> redacted(std::vector<ToolCall> calls) {
  for (ToolCall& call : calls) call.arguments = redact(call.arguments);
  return calls;
}

json::array to_json(const std::vector<ToolCall>& calls) {
  json::array list;
  for (const ToolCall& call : calls) {
    list.push_back(
        json::object{{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  }
  return list;
}

json::object to_json(const Message& message) {
  json::object object{{"role", to_string(message.role)}, {"content", message.content}};
  if (!message.tool_calls.empty()) object["toolCalls"] = to_json(message.tool_calls);
  if (!message.tool_call_id.empty()) object["toolCallId"] = message.tool_call_id;
  return object;
}

json::object to_json(const ModelResult& reply) {
  if (!reply) {
    return {{"error", to_string(reply.error().kind)}, {"message", reply.error().message}};
  }
  const ModelUsage& usage = reply->usage;
  return {{"content", reply->content},
          {"toolCalls", to_json(reply->tool_calls)},
          {"finish", to_string(reply->finish)},
          {"refusal", reply->refusal},
          {"usage",
           {{"modelCalls", usage.model_calls},
            {"inputTokens", usage.input_tokens},
            {"cachedInputTokens", usage.cached_input_tokens},
            {"cacheWriteTokens", usage.cache_write_tokens},
            {"outputTokens", usage.output_tokens},
            {"reasoningTokens", usage.reasoning_tokens}}}};
}

std::vector<ToolCall> parse_calls(const json::value& parent) {
  std::vector<ToolCall> calls;
  if (const json::array* list = json_array(parent, {"toolCalls"})) {
    for (const json::value& call : *list) {
      calls.push_back({json_string_or(call, {"id"}), json_string_or(call, {"name"}),
                       json_string_or(call, {"arguments"})});
    }
  }
  return calls;
}

ModelResult parse_reply(const json::value& value) {
  if (const auto error = json_string(value, {"error"})) {
    return fail(by_name(kErrorKinds, *error), json_string_or(value, {"message"}));
  }
  const auto count = [&](std::string_view name) {
    return json_int(value, {"usage", name}).value_or(0);
  };
  ModelReply reply;
  reply.content = json_string_or(value, {"content"});
  reply.tool_calls = parse_calls(value);
  reply.finish = by_name(kFinishes, json_string_or(value, {"finish"}));
  reply.refusal = json_string_or(value, {"refusal"});
  reply.usage = {count("modelCalls"),       count("inputTokens"),  count("cachedInputTokens"),
                 count("cacheWriteTokens"), count("outputTokens"), count("reasoningTokens")};
  return reply;
}

Recording::ModelTurn parse_turn(const json::value& value) {
  Recording::ModelTurn turn;
  if (const json::array* list = json_array(value, {"messages"})) {
    for (const json::value& message : *list) {
      turn.messages.push_back({by_name(kRoles, json_string_or(message, {"role"})),
                               json_string_or(message, {"content"}),
                               parse_calls(message),
                               json_string_or(message, {"toolCallId"}),
                               {}});
    }
  }
  if (const json::value* reply = json_find(value, {"reply"})) turn.reply = parse_reply(*reply);
  return turn;
}

// The items of a list, each read by `parse`; none when it is missing.
template <class T, class F>
std::vector<T> parse_list(const json::object& root, std::string_view name, F parse) {
  std::vector<T> items;
  if (const json::array* list = json_array(root, {name})) {
    for (const json::value& item : *list) items.push_back(parse(item));
  }
  return items;
}

}  // namespace

void Recording::add(const ModelRequest& request, const ModelResult& reply) {
  const std::vector<Message>& messages = request.messages;
  const bool goes_on = !messages.empty() && messages.front().content == system_;
  if (!goes_on) told_ = 0;
  if (told_ > 0 && told_ == messages.size()) --told_;  // asked anew, in other words
  if (!messages.empty()) system_ = messages.front().content;
  ModelTurn turn;
  for (size_t i = told_; i < messages.size(); ++i) {
    const Message& message = messages[i];
    turn.messages.push_back({message.role,
                             redact(message.content),
                             redacted(message.tool_calls),
                             message.tool_call_id,
                             {}});
  }
  told_ = messages.size();
  turn.reply = reply;
  if (reply) {
    turn.reply->content = redact(reply->content);
    turn.reply->refusal = redact(reply->refusal);
    turn.reply->tool_calls = redacted(reply->tool_calls);
    turn.reply->opaque = nullptr;
  } else {
    turn.reply.error().message = redact(reply.error().message);
  }
  turns.push_back(std::move(turn));
}

void Recording::add(std::string_view tool, std::string_view arguments, const ToolResult& result) {
  calls.push_back({std::string(tool), redact(arguments), {result.outcome, redact(result.text)}});
}

json::object to_json(const Recording& recording) {
  json::object root{{"version", kVersion},
                    {"check", recording.name},
                    {"query", redact(recording.query)},
                    {"model", recording.model},
                    {"started", format_rfc3339(recording.started)}};
  json::array& tools = root["tools"].emplace_array();
  for (const ToolSpec& tool : recording.tools) {
    tools.push_back(json::object{
        {"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}});
  }
  json::array& turns = root["turns"].emplace_array();
  for (const Recording::ModelTurn& turn : recording.turns) {
    json::array messages;
    for (const Message& message : turn.messages) messages.push_back(to_json(message));
    turns.push_back(
        json::object{{"messages", std::move(messages)}, {"reply", to_json(turn.reply)}});
  }
  json::array& calls = root["toolCalls"].emplace_array();
  for (const Recording::Call& call : recording.calls) {
    calls.push_back(json::object{{"tool", call.tool},
                                 {"arguments", call.arguments},
                                 {"outcome", to_string(call.result.outcome)},
                                 {"text", call.result.text}});
  }
  root["response"] = to_json(recording.response);
  return root;
}

Result<Recording> parse_recording(std::string_view text) {
  HOLMES_TRY(const json::object root, parse_json_object(text));
  if (json_int(root, {"version"}) != kVersion) {
    return fail(ErrorCode::kInvalid, fmt::format("'version' must be {}", kVersion));
  }
  const auto query = json_string(root, {"query"});
  const json::object* response = json_object(root, {"response"});
  if (!query || response == nullptr) {
    return fail(ErrorCode::kInvalid, "'query' or 'response' is missing: this is no recording");
  }
  Recording recording;
  recording.name = json_string_or(root, {"check"});
  recording.query = *query;
  recording.model = json_string_or(root, {"model"});
  HOLMES_TRY(recording.started, parse_rfc3339(json_string_or(root, {"started"})));
  recording.tools = parse_list<ToolSpec>(root, "tools", [](const json::value& tool) {
    const json::object* parameters = json_object(tool, {"parameters"});
    return ToolSpec{json_string_or(tool, {"name"}), json_string_or(tool, {"description"}),
                    parameters == nullptr ? json::object() : *parameters};
  });
  recording.turns = parse_list<Recording::ModelTurn>(root, "turns", parse_turn);
  recording.calls = parse_list<Recording::Call>(root, "toolCalls", [](const json::value& call) {
    return Recording::Call{
        json_string_or(call, {"tool"}),
        json_string_or(call, {"arguments"}),
        {by_name(kOutcomes, json_string_or(call, {"outcome"})), json_string_or(call, {"text"})}};
  });
  HOLMES_TRY(recording.response, parse_check_response(*response));
  return recording;
}

}  // namespace holmes
