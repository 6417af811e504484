// A provider's wire format: what HttpModel (http_model.h) needs to know of it. One file each, and
// what they have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "holmes/llm/capabilities.h"
#include "holmes/llm/model.h"
#include "net/http.h"

namespace holmes {

// Pure but for its settings; the time is for signatures.
class Wire {
 public:
  virtual ~Wire() = default;
  // Where it is asked; with the model's id this is what a provider counts limits by.
  [[nodiscard]] virtual const std::string& base_url() const = 0;
  [[nodiscard]] virtual const std::string& model_id() const = 0;
  // For people whose key is not accepted: "ANTHROPIC_API_KEY".
  [[nodiscard]] virtual std::string_view key_name() const = 0;
  [[nodiscard]] virtual Capabilities capabilities() const = 0;
  [[nodiscard]] virtual std::span<const RefusalWord> refusal_words() const = 0;
  // The request as it goes out, within these capabilities.
  [[nodiscard]] virtual HttpRequest encode(const ModelRequest& request, const Capabilities& can,
                                           WallTime now) const = 0;
  // Reads the body of a 200. `turn` must differ from reply to reply of a conversation: calls
  // without an id are named after it.
  [[nodiscard]] virtual ModelResult decode(std::string_view body, size_t turn) const = 0;
};

inline constexpr size_t kMaxToolCalls = 256;                      // of one reply
inline constexpr size_t kMaxArgumentsBytes = size_t{256} * 1024;  // of one call
inline constexpr size_t kMaxRefusalBytes = 500;
// For providers that must be told a limit.
inline constexpr int64_t kDefaultOutputTokensMax = 8192;

// The JSON object of a reply; an error says what came instead (HTML, an event stream, ...). An
// error object in it is that error (provider_error.h).
std::expected<json::object, ModelError> parse_reply(std::string_view body);

// Fails with kUnreadable when the calls cannot be answered: too many, too long, or with one id for
// two of them.
ModelResult checked(ModelReply reply);

// Names that a model invented may hold characters that the provider refuses to read back.
std::string safe_tool_name(std::string_view name);

// Adds a call as the provider sent it: its id may be empty, its arguments are JSON or missing.
void add_call(ModelReply& reply, size_t turn, std::string id, std::string name,
              const json::value* arguments);

// The id of a call to which the provider gave none, and whether an id is such a one.
std::string made_up_id(size_t turn, size_t index);
bool is_made_up(std::string_view id);

// A call's arguments as the object that they ought to be; {} for anything else.
json::object arguments_of(const ToolCall& call);

// The name of the function that this tool message answers; "_" when no call has its id.
std::string answered_name(const std::vector<Message>& messages, const Message& answer);

// Messages in a row of the same side: the model's, or ours (user and tool results). System messages
// are left out. Providers that want the sides to take turns get one entry for each.
struct Side {
  bool model = false;
  std::vector<const Message*> messages;
};
std::vector<Side> take_turns(const std::vector<Message>& messages);

// The texts of all system messages, joined by an empty line.
std::string system_text(const std::vector<Message>& messages);

// How a format that writes messages as lists of parts says texts and calls in them.
struct PartFormat {
  std::string_view name;  // of its opaque content
  json::object (*text)(std::string_view text);
  bool (*is_call)(const json::value& part);
  // `sent` is the part as the model sent it; null when it did not, or in another format.
  json::object (*call)(const ToolCall& call, const json::value& sent);
};
// The model's parts as it sent them, with the calls as they stand in the message; made anew when
// the message has no opaque content of this format. Texts without a word are left out then, for
// providers refuse them.
void add_model_parts(const Message& message, const PartFormat& format, json::array& parts);

// Opaque content of ModelReply and Message: {"<format>": value}.
json::value make_opaque(std::string_view format, json::value value);
const json::value* find_opaque(const Message& message, std::string_view format);

// A count of tokens: 0 where it is missing, negative or no integer.
int64_t token_count(const json::object& root, JsonPath path);

// The reason as it fits the reply: some providers end calls as they end texts, and calls that were
// announced but are not there leave the text unfinished.
FinishReason finish_with(FinishReason finish, bool has_calls);

// A POST of this JSON.
HttpRequest json_post(std::string url, const json::object& body);

}  // namespace holmes
