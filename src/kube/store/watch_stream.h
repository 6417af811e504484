// A watch: what there is, when asked, and then every change, as lines of JSON. Private to the
// store's API. Rules: Kubernetes API concepts, "Efficient detection of changes", "Streaming lists".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "kube/store/api_request.h"
#include "kube/store/list_query.h"
#include "kube/store/object_store.h"
#include "kube/store/object_writer.h"
#include "kube/store/representation.h"

namespace holmes::kube {

// A watcher that asked for bookmarks gets one this often, and one so long before the end.
inline constexpr std::chrono::seconds kBookmarkInterval{60};
inline constexpr std::chrono::seconds kLastBookmark{2};

// Ends when its time is up. A version that is gone is told by an ERROR event, as the API server
// does; then it ends.
class WatchStream final : public HttpBody {
 public:
  // Takes what there is now; the changes after that follow. Goes before the store.
  static std::unique_ptr<WatchStream> open(Loop& loop, ObjectStore& store, ObjectTarget target,
                                           WatchQuery query, Representation as);

  Task<Result<std::optional<std::string>>> next(Stop stop) override;

 private:
  WatchStream(Loop& loop, ObjectTarget target, WatchQuery query, Representation as);

  void begin(ObjectStore& store);
  std::string initial_events();
  void add_change(const StoredChange& change, std::string& text);
  void add_event(std::string_view type, const std::string& object, std::string& text);
  void add_error(const Refusal& refusal, std::string& text) const;
  std::string bookmark(bool ends_initial) const;
  [[nodiscard]] MonoTime next_bookmark(MonoTime now) const;
  [[nodiscard]] bool watches(const StoredObject& object) const;

  Loop& loop_;
  const ObjectTarget target_;
  const WatchQuery query_;
  const Representation as_;
  const MonoTime ends_;
  MonoTime next_bookmark_;
  std::vector<Stored> initial_;
  int64_t initial_version_ = 0;
  std::optional<Refusal> refusal_;
  std::unique_ptr<StoreFeed> feed_;
  bool began_ = false;
  bool columns_sent_ = false;
};

}  // namespace holmes::kube
