#include "holmes/llm/wire.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/llm/provider_error.h"

namespace holmes {
namespace {

constexpr size_t kMaxToolNameBytes = 64;
constexpr size_t kMaxQuotedBytes = 200;
constexpr std::string_view kMadeUp = "holmes_call_";

// What came instead of a JSON object.
std::string describe(std::string_view body, const Error& error) {
  const std::string_view text = trim(body);
  if (text.empty()) return "the answer is empty";
  const std::string begin = cut(to_valid_utf8(text.substr(0, kMaxQuotedBytes)), kMaxQuotedBytes);
  if (text.starts_with('<')) {
    return fmt::format("the answer is HTML or XML instead of JSON: {}", begin);
  }
  if (text.starts_with("data:") || text.starts_with("event:") || text.starts_with(':')) {
    return "the answer is an event stream, which was not asked for";
  }
  return fmt::format("the answer cannot be read: {}", error.message);
}

}  // namespace

std::expected<json::object, ModelError> parse_reply(std::string_view body) {
  Result<json::object> root = parse_json_object(body);
  if (!root) return fail(ModelErrorKind::kUnreadable, describe(body, root.error()));
  if (std::optional<ModelError> error = error_inside(*root, body)) return fail(*std::move(error));
  return *std::move(root);
}

ModelResult checked(ModelReply reply) {
  if (reply.tool_calls.size() > kMaxToolCalls) {
    return fail(ModelErrorKind::kUnreadable,
                fmt::format("the answer has {} tool calls at once; at most {} are read",
                            reply.tool_calls.size(), kMaxToolCalls));
  }
  std::set<std::string_view> ids;
  for (const ToolCall& call : reply.tool_calls) {
    if (call.arguments.size() > kMaxArgumentsBytes) {
      return fail(ModelErrorKind::kUnreadable,
                  fmt::format("the answer has a tool call with {} bytes of arguments; at most {} "
                              "are read",
                              call.arguments.size(), kMaxArgumentsBytes));
    }
    if (!ids.insert(call.id).second) {
      return fail(ModelErrorKind::kUnreadable,
                  fmt::format("the answer has two tool calls with the id '{}'",
                              cut(to_valid_utf8(call.id), kMaxQuotedBytes)));
    }
  }
  return reply;
}

std::string safe_tool_name(std::string_view name) {
  std::string safe(name.substr(0, kMaxToolNameBytes));
  for (char& c : safe) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!allowed) c = '_';
  }
  return safe.empty() ? "_" : safe;
}

void add_call(ModelReply& reply, size_t turn, std::string id, std::string name,
              const json::value* arguments) {
  if (id.empty()) id = made_up_id(turn, reply.tool_calls.size());
  reply.tool_calls.push_back(
      {std::move(id), std::move(name), arguments == nullptr ? "{}" : to_text(*arguments)});
}

std::string made_up_id(size_t turn, size_t index) {
  return fmt::format("{}{}_{}", kMadeUp, turn, index);
}

bool is_made_up(std::string_view id) {
  return id.starts_with(kMadeUp);
}

json::object arguments_of(const ToolCall& call) {
  return parse_json_object(call.arguments).value_or(json::object());
}

std::string answered_name(const std::vector<Message>& messages, const Message& answer) {
  for (const Message& message : messages) {
    for (const ToolCall& call : message.tool_calls) {
      if (call.id == answer.tool_call_id) return safe_tool_name(call.name);
    }
  }
  return "_";
}

std::vector<Side> take_turns(const std::vector<Message>& messages) {
  std::vector<Side> sides;
  for (const Message& message : messages) {
    if (message.role == Role::kSystem) continue;
    const bool model = message.role == Role::kAssistant;
    if (sides.empty() || sides.back().model != model) sides.push_back({model, {}});
    sides.back().messages.push_back(&message);
  }
  return sides;
}

std::string system_text(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& message : messages) {
    if (message.role != Role::kSystem) continue;
    if (!text.empty()) text += "\n\n";
    text += message.content;
  }
  return text;
}

void add_model_parts(const Message& message, const PartFormat& format, json::array& parts) {
  const json::value* kept = find_opaque(message, format.name);
  size_t calls = 0;
  if (kept != nullptr && kept->is_array()) {
    for (const json::value& part : kept->get_array()) {
      if (!format.is_call(part)) {
        parts.push_back(part);
      } else if (calls < message.tool_calls.size()) {
        parts.push_back(format.call(message.tool_calls[calls++], part));
      }
    }
  } else if (!trim(message.content).empty()) {
    parts.push_back(format.text(message.content));
  }
  for (; calls < message.tool_calls.size(); ++calls) {
    parts.push_back(format.call(message.tool_calls[calls], {}));
  }
}

json::value make_opaque(std::string_view format, json::value value) {
  json::object opaque;
  opaque[format] = std::move(value);
  return opaque;
}

const json::value* find_opaque(const Message& message, std::string_view format) {
  return json_find(message.opaque, {format});
}

int64_t token_count(const json::object& root, JsonPath path) {
  return std::max<int64_t>(0, json_int(root, path).value_or(0));
}

FinishReason finish_with(FinishReason finish, bool has_calls) {
  if (finish == FinishReason::kStop && has_calls) return FinishReason::kToolCalls;
  return finish == FinishReason::kToolCalls && !has_calls ? FinishReason::kOther : finish;
}

HttpRequest json_post(std::string url, const json::object& body) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(url);
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = to_text(body);
  return request;
}

}  // namespace holmes
