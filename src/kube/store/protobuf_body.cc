#include "kube/store/protobuf_body.h"

#include <bit>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/strings.h"
#include "base/time.h"
#include "kube/store/protobuf_messages.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kMediaType = "application/vnd.kubernetes.protobuf";
constexpr std::string_view kMagic("k8s\0", 4);

struct Message;

struct Field {
  std::string_view name;
  bool list = false;
  bool map = false;
  bool joined = false;  // its fields are the outer message's
  bool drop_zero = false;
  char scalar = 0;  // or
  const Message* message = nullptr;
};

struct Message {
  std::map<uint64_t, Field> fields;
};

struct Tables {
  std::map<std::string_view, Message> messages;
  std::map<std::string, const Message*, std::less<>> kinds;  // "apps/v1 Deployment"

  Tables() {
    for (const std::string_view line : split(kProtobufMessages, '\n')) {
      const auto words = split(line, ' ');
      for (size_t i = 1; i < words.size(); ++i) add_field(messages[words[0]], words[i]);
      if (words.size() == 1 && !words[0].empty()) messages[words[0]];
    }
    for (const std::string_view line : split(kProtobufKinds, '\n')) {
      const auto words = split(line, ' ');
      if (words.size() == 3) kinds[fmt::format("{} {}", words[0], words[1])] = &messages[words[2]];
    }
  }

 private:
  void add_field(Message& message, std::string_view word) {
    const auto parts = split(word, ':');
    Field field{.name = parts[0]};
    uint64_t number = 0;
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), number);
    std::string_view type = parts[2];
    const auto take = [&type](char mark) {
      if (!type.starts_with(mark)) return false;
      type.remove_prefix(1);
      return true;
    };
    field.joined = take('~');
    field.drop_zero = take('?');
    field.list = take('*');
    field.map = take('%');
    if (type.size() == 1) {
      field.scalar = type[0];
    } else {
      field.message = &messages[type];
    }
    message.fields.emplace(number, field);
  }
};

const Tables& tables() {
  static const Tables made;
  return made;
}

Error broken() {
  return {ErrorCode::kInvalid, "the body is not protobuf as Kubernetes has it"};
}

// One field as it stands on the wire.
struct Wire {
  uint64_t number = 0;
  uint64_t integer = 0;      // of a varint or of fixed size
  std::string_view bytes{};  // of what has a length
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool at_end() const { return left_.empty(); }
  // nullopt when it is broken.
  std::optional<Wire> next() {
    const auto key = varint();
    if (!key) return std::nullopt;
    Wire wire{.number = *key >> 3U};
    switch (*key & 7U) {
      case 0: {
        const auto number = varint();
        if (!number) return std::nullopt;
        wire.integer = *number;
        return wire;
      }
      case 1:
        return fixed(wire, 8);
      case 2: {
        const auto length = varint();
        if (!length || *length > left_.size()) return std::nullopt;
        wire.bytes = left_.substr(0, *length);
        left_.remove_prefix(*length);
        return wire;
      }
      case 5:
        return fixed(wire, 4);
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<uint64_t> varint() {
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) return std::nullopt;
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return number;
    }
    return std::nullopt;
  }
  std::optional<Wire> fixed(Wire wire, size_t size) {
    if (left_.size() < size) return std::nullopt;
    for (size_t i = 0; i < size; ++i) {
      wire.integer |= static_cast<uint64_t>(static_cast<unsigned char>(left_[i])) << (8 * i);
    }
    left_.remove_prefix(size);
    return wire;
  }

  std::string_view left_;
};

// Fields 1, 2 and 3 of the small messages that JSON writes as one value.
struct SmallMessage {
  Wire fields[4];
  size_t seen = 0;

  static std::optional<SmallMessage> read(std::string_view bytes) {
    SmallMessage message;
    for (WireReader reader(bytes); !reader.at_end();) {
      const auto wire = reader.next();
      if (!wire) return std::nullopt;
      if (wire->number < 4) message.fields[wire->number] = *wire;
      ++message.seen;
    }
    return message;
  }
};

json::value time_value(const SmallMessage& message, bool micros) {
  constexpr int64_t kMaxSeconds = 253'402'300'799;  // of the year 9999
  const auto seconds = static_cast<int64_t>(message.fields[1].integer);
  if (message.seen == 0 || seconds < 0 || seconds > kMaxSeconds) return nullptr;
  const WallTime time = WallTime() + std::chrono::seconds(seconds) +
                        std::chrono::microseconds(
                            static_cast<int64_t>(message.fields[2].integer % 1'000'000'000) / 1000);
  return json::value(micros ? format_rfc3339_micros(time) : format_rfc3339(time));
}

json::value text(std::string_view bytes) {
  return json::value(json::string(bytes));
}

Status read_message(const Message& message, std::string_view bytes, json::object& out,
                    size_t depth);

// Of what a message may be in one value; null: nothing.
Result<json::value> read_small(char type, std::string_view bytes) {
  if (type == 'L') {
    json::array list;
    for (WireReader reader(bytes); !reader.at_end();) {
      const auto wire = reader.next();
      if (!wire) return fail(broken());
      list.push_back(text(wire->bytes));
    }
    return json::value(std::move(list));
  }
  const auto message = SmallMessage::read(bytes);
  if (!message) return fail(broken());
  if (type == 'T' || type == 'U') return time_value(*message, type == 'U');
  if (type == 'Q') return text(message->fields[1].bytes);
  if (type == 'I') {
    if (message->fields[1].integer != 0) return text(message->fields[3].bytes);
    return json::value(static_cast<int64_t>(message->fields[2].integer));
  }
  // F and R: JSON inside.
  if (message->fields[1].bytes.empty()) return json::value(nullptr);
  return parse_json(message->fields[1].bytes);
}

Result<json::value> read_value(const Field& field, const Wire& wire, size_t depth) {
  if (field.message != nullptr) {
    json::object object;
    HOLMES_CHECK(read_message(*field.message, wire.bytes, object, depth + 1));
    return json::value(std::move(object));
  }
  switch (field.scalar) {
    case 's':
      return text(wire.bytes);
    case 'y':
      return text(base64_encode(wire.bytes));
    case 'i':
      return json::value(static_cast<int64_t>(wire.integer));
    case 'b':
      return json::value(wire.integer != 0);
    case 'd':
      return json::value(std::bit_cast<double>(wire.integer));
    default:
      return read_small(field.scalar, wire.bytes);
  }
}

bool is_zero(const json::value& value) {
  if (value.is_string()) return value.get_string().empty();
  if (value.is_bool()) return !value.get_bool();
  return value.is_null() || (value.is_int64() && value.get_int64() == 0) ||
         (value.is_double() && value.get_double() == 0);
}

// An entry of a map is a message of key and value.
Status read_entry(const Field& field, const Wire& wire, json::object& map, size_t depth) {
  std::string key;
  json::value value = field.scalar == 's' ? json::value("") : json::value(nullptr);
  for (WireReader reader(wire.bytes); !reader.at_end();) {
    const auto part = reader.next();
    if (!part) return fail(broken());
    if (part->number == 1) key = std::string(part->bytes);
    if (part->number != 2) continue;
    HOLMES_TRY(value, read_value(field, *part, depth));
  }
  map[key] = std::move(value);
  return {};
}

Status read_field(const Field& field, const Wire& wire, json::object& out, size_t depth) {
  if (field.joined) return read_message(*field.message, wire.bytes, out, depth + 1);
  if (field.map) {
    json::value& map = out[field.name];
    return read_entry(field, wire, map.is_object() ? map.get_object() : map.emplace_object(),
                      depth);
  }
  HOLMES_TRY(json::value value, read_value(field, wire, depth));
  if (field.list) {
    json::value& list = out[field.name];
    (list.is_array() ? list.get_array() : list.emplace_array()).push_back(std::move(value));
    return {};
  }
  const bool dropped = value.is_null() || (field.drop_zero && is_zero(value));
  if (!dropped) out[field.name] = std::move(value);
  return {};
}

Status read_message(const Message& message, std::string_view bytes, json::object& out,
                    size_t depth) {
  if (depth > kMaxProtobufDepth) return fail(broken());
  for (WireReader reader(bytes); !reader.at_end();) {
    const auto wire = reader.next();
    if (!wire) return fail(broken());
    const auto field = message.fields.find(wire->number);
    if (field == message.fields.end()) continue;
    HOLMES_CHECK(read_field(field->second, *wire, out, depth));
  }
  return {};
}

}  // namespace

bool is_protobuf(std::string_view content_type) {
  return equals_ignoring_case(trim(content_type.substr(0, content_type.find(';'))), kMediaType);
}

Result<json::object> read_protobuf(std::string_view body) {
  if (!body.starts_with(kMagic)) return fail(broken());
  const auto unknown = SmallMessage::read(body.substr(kMagic.size()));
  if (!unknown) return fail(broken());
  const auto type = SmallMessage::read(unknown->fields[1].bytes);
  if (!type) return fail(broken());
  const std::string_view api_version = type->fields[1].bytes;
  const std::string_view kind = type->fields[2].bytes;
  auto found = tables().kinds.find(fmt::format("{} {}", api_version, kind));
  if (found == tables().kinds.end()) found = tables().kinds.find(fmt::format("* {}", kind));
  if (found == tables().kinds.end()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no protobuf encoding of {} {} here", api_version, kind));
  }
  json::object object{{"apiVersion", text(api_version)}, {"kind", text(kind)}};
  HOLMES_CHECK(read_message(*found->second, unknown->fields[2].bytes, object, 0));
  return object;
}

}  // namespace holmes::kube
