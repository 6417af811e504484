// What list and watch answers hold: events of a watch stream and pages of a list. Pure.
// Rules: Kubernetes API concepts, "Efficient detection of changes" (watch, bookmarks, 410).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "kube/core/object_glance.h"

namespace holmes::kube {

// One event; a larger one ends the stream. The API server's own limit of an object is 1.5 MiB in
// etcd, 3 MiB in a request.
inline constexpr size_t kMaxWatchEventBytes = size_t{8} << 20U;

// What the API server itself accepts in an object. Lists and events are read up to this depth, so
// that one hostile object does not make the others unreadable; whoever reads an object refuses it
// alone (json_depth_within).
inline constexpr size_t kMaxApiJsonDepth = 10'000;
// Nobody here reads metadata.managedFields, which are often the greater part of an object.
inline constexpr JsonReading kApiReading{
    .max_depth = kMaxApiJsonDepth, .drop_in = "metadata", .drop = "managedFields"};

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
std::string_view to_string(WatchEventType type);  // as on the wire

struct WatchEvent {
  WatchEventType type = WatchEventType::kUnknown;
  // The object after the change; before it for kDeleted. Of a kBookmark only the version counts; a
  // kError holds a metav1.Status (see status_error). Empty when it is `known`.
  json::object object;
  bool known = false;            // a kAdded or kModified that brings nothing new
  std::string resource_version;  // metadata.resourceVersion, unread; "" when there is none
  // A kBookmark behind the objects with which a watch began (KEP-3157).
  bool ends_initial_events = false;
};

// Cuts a stream of bytes into events. One pass: the work is linear in the bytes, however they are
// split.
//   decoder.feed(bytes);
//   while (true) { auto event = decoder.next(); ... }   // until nullopt: feed more
class WatchDecoder {
 public:
  void feed(std::string_view bytes);

  // Whether this object, added or modified, is known in this very version: it is not read then.
  using IsKnown = std::function<bool(const ObjectGlance::Seen&)>;

  // The next complete event, or nullopt when more bytes are needed. Fails with kProtocol for a line
  // that is no event (part of it is quoted; the lines behind it can still be read), and with
  // kTooLarge for one over the limit, after which the stream is lost: every further call fails so.
  Result<std::optional<WatchEvent>> next(const IsKnown& is_known = {});

  // Bytes of an event whose end has not come yet: not 0 when a stream broke off inside one.
  [[nodiscard]] size_t pending_bytes() const { return buffer_.size() - begin_; }

 private:
  std::optional<WatchEvent> glance(std::string_view line, const IsKnown& is_known);

  ObjectGlance glance_;
  std::string buffer_;
  size_t begin_ = 0;    // of the first line not handed out yet
  size_t scanned_ = 0;  // no line break between begin_ and here
};

// One page of a list.
struct DecodedList {
  std::vector<json::object> items;
  std::string resource_version;
  std::string continue_token;  // "" on the last page
  std::optional<int64_t> remaining_items;
};

// Fails with kProtocol when the body is not a list of objects.
Result<DecodedList> decode_list(std::string_view body);

}  // namespace holmes::kube
