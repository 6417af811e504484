#include "kube/core/watch_event.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxQuotedBytes = 120;

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

constexpr std::array<std::pair<std::string_view, WatchEventType>, 5> kTypes{{
    {"ADDED", WatchEventType::kAdded},
    {"MODIFIED", WatchEventType::kModified},
    {"DELETED", WatchEventType::kDeleted},
    {"BOOKMARK", WatchEventType::kBookmark},
    {"ERROR", WatchEventType::kError},
}};

std::unexpected<Error> broken(std::string_view line, std::string_view why) {
  const std::string part = to_valid_utf8(line.substr(0, kMaxQuotedBytes));
  return fail(ErrorCode::kProtocol,
              fmt::format("watch event is unreadable: {}: '{}'", why, cut(part, kMaxQuotedBytes)));
}

WatchEventType type_of(std::string_view text) {
  for (const auto& [name, value] : kTypes) {
    if (name == text) return value;
  }
  return WatchEventType::kUnknown;
}

Result<WatchEvent> parse_event(std::string_view line) {
  Result<json::object> root = parse_json_object(line, kApiReading);
  if (!root) return broken(line, root.error().message);
  const std::optional<std::string_view> type = json_string(*root, {"type"});
  if (!type) return broken(line, "type must be a string");
  json::value* object = root->if_contains("object");
  if (object == nullptr || !object->is_object()) return broken(line, "object must be an object");

  // Made with the object: to assign it would copy it out of the document's memory.
  WatchEvent event{
      .type = type_of(*type), .object = std::move(object->get_object()), .resource_version = {}};
  event.resource_version = json_string_or(event.object, {"metadata", "resourceVersion"});
  event.ends_initial_events =
      event.type == WatchEventType::kBookmark &&
      json_string(event.object, {"metadata", "annotations", kInitialEventsEnd}) == "true";
  return event;
}

}  // namespace

std::string_view to_string(WatchEventType type) {
  for (const auto& [name, value] : kTypes) {
    if (value == type) return name;
  }
  return "UNKNOWN";
}

void WatchDecoder::feed(std::string_view bytes) {
  if (begin_ > 0) {  // what is left is part of one line when the caller took all events
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<WatchEvent>> WatchDecoder::next(const IsKnown& is_known) {
  while (true) {
    const size_t end = buffer_.find('\n', scanned_);
    const size_t line_end = end == std::string::npos ? buffer_.size() : end;
    if (line_end - begin_ > kMaxWatchEventBytes) {
      scanned_ = begin_;  // stays failed
      return fail(ErrorCode::kTooLarge,
                  fmt::format("watch event is larger than {} bytes", kMaxWatchEventBytes));
    }
    scanned_ = line_end;
    if (end == std::string::npos) return std::nullopt;
    const std::string_view line = trim(std::string_view(buffer_).substr(begin_, end - begin_));
    begin_ = scanned_ = end + 1;
    if (line.empty()) continue;
    if (is_known) {
      if (auto known = glance(line, is_known)) return known;
    }
    HOLMES_TRY(WatchEvent event, parse_event(line));
    return event;
  }
}

std::optional<WatchEvent> WatchDecoder::glance(std::string_view line, const IsKnown& is_known) {
  const std::optional<ObjectGlance::Seen> seen = glance_.of_event(line);
  if (!seen) return std::nullopt;
  const WatchEventType type = type_of(seen->event_type);
  const bool may_be_known = type == WatchEventType::kAdded || type == WatchEventType::kModified;
  if (!may_be_known || !is_known(*seen)) return std::nullopt;
  return WatchEvent{.type = type,
                    .object = {},
                    .known = true,
                    .resource_version = std::string(seen->resource_version)};
}

Result<DecodedList> decode_list(std::string_view body) {
  Result<json::object> root = parse_json_object(body, kApiReading);
  if (!root) return fail(ErrorCode::kProtocol, "list is unreadable: " + root.error().message);
  DecodedList list;
  list.resource_version = json_string_or(*root, {"metadata", "resourceVersion"});
  list.continue_token = json_string_or(*root, {"metadata", "continue"});
  list.remaining_items = json_int(*root, {"metadata", "remainingItemCount"});
  json::value* items = root->if_contains("items");
  if (items != nullptr && items->is_null()) return list;  // how Go writes an empty list
  if (items == nullptr || !items->is_array()) {
    return fail(ErrorCode::kProtocol, fmt::format("list is unreadable: items must be an array; "
                                                  "kind is '{}'",
                                                  cut(json_string_or(*root, {"kind"}), 100)));
  }
  list.items.reserve(items->get_array().size());
  for (json::value& item : items->get_array()) {
    if (!item.is_object()) {
      return fail(ErrorCode::kProtocol, fmt::format("list is unreadable: items[{}] must be an "
                                                    "object, is {}",
                                                    list.items.size(), json_kind(item)));
    }
    list.items.push_back(std::move(item.get_object()));
  }
  return list;
}

}  // namespace holmes::kube
