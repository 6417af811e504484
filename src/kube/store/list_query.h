// Which objects a list or a watch asks for, and of which version. Pure.
// Rules: Kubernetes API concepts, "Resource versions", "Retrieving large results sets in chunks",
// "Streaming lists".
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "kube/store/api_request.h"
#include "kube/store/kind.h"
#include "kube/store/object_store.h"
#include "kube/store/refusal.h"
#include "kube/store/selector.h"

namespace holmes::kube {

inline constexpr std::chrono::minutes kWatchTimeoutDefault{30};

class Selection {
 public:
  Selection() = default;  // everything
  // 400 for what cannot be parsed, and for fields that this kind does not select by.
  static Answer<Selection> parse(const Kind& kind, const ApiRequest& request);
  [[nodiscard]] bool matches(const Kind& kind, const StoredObject& object) const;
  [[nodiscard]] bool everything() const { return labels_.everything() && fields_.everything(); }

 private:
  LabelSelector labels_;
  FieldSelector fields_;
};

// Where the next page begins, and of which version.
struct ContinueToken {
  int64_t version = 0;
  ObjectKey after;
  [[nodiscard]] std::string encode() const;
  // Fails in the API server's words.
  static std::expected<ContinueToken, std::string> decode(std::string_view text);
};

// resourceVersion, or 0. Fails with 500, which is what the API server answers.
Answer<int64_t> read_version(const ApiRequest& request);

struct ListQuery {
  Selection selection;
  int64_t limit = 0;                    // 0: none
  std::optional<ContinueToken> from{};  // a further page
  std::optional<int64_t> exact{};       // this very version
  std::optional<int64_t> not_older{};   // at least this one
};
Answer<ListQuery> read_list_query(const Kind& kind, const ApiRequest& request);

struct WatchQuery {
  Selection selection;
  std::optional<int64_t> after{};  // changes after this version; nullopt: first what there is now
  bool marks_initial_end = false;  // the bookmark that ends the initial events
  bool bookmarks = false;
  std::chrono::seconds timeout = kWatchTimeoutDefault;
};
Answer<WatchQuery> read_watch_query(const Kind& kind, const ApiRequest& request);

}  // namespace holmes::kube
