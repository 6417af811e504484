// The last changes of an ObjectStore: what feeds and lists of an older version are answered from.
// Part of object_store.h; nobody else needs it. One loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "async/loop.h"
#include "async/wait.h"
#include "base/result.h"
#include "kube/store/object_store.h"

namespace holmes::kube {

// Which of the changes are of one resource, or of all; and who waits for further ones.
struct Trail {
  explicit Trail(Loop& loop) : waiters(loop) {}
  std::deque<int64_t> versions{};
  int64_t compacted = 0;  // the last version that is not among them any more
  WaitList waiters;
  size_t feeds = 0;
};

class History {
 public:
  History(Loop& loop, StoreLimits limits) : limits_(limits), all_(loop) {}

  // Begins after this version, which is durable.
  void start(int64_t version);

  [[nodiscard]] int64_t version() const { return compacted_ + std::ssize(changes_); }
  [[nodiscard]] int64_t durable() const { return durable_; }
  [[nodiscard]] int64_t compacted() const { return compacted_; }
  // The next version; the trail outlives the history's use of it.
  void add(Trail& trail, Stored before, Stored after, bool removed);

  // Shows everything up to this version, and keeps to the limits.
  void make_durable(int64_t version);
  // Nothing will be durable any more.
  void stop(Error failure);
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  // At most as far as changes are durable.
  void compact(int64_t version);

  [[nodiscard]] Trail& all() { return all_; }
  // The durable changes of a trail after a version, in order, at most kMaxFeedBatch of them.
  [[nodiscard]] std::vector<StoredChange> read(const Trail& trail, int64_t after) const;
  [[nodiscard]] bool has_after(const Trail& trail, int64_t after) const;
  // What stood at the version (nullptr: nothing) where something was changed since. Not compacted.
  [[nodiscard]] std::map<ObjectKey, Stored> undo(const Trail& trail, int64_t version) const;

 private:
  struct Change {
    Trail* trail = nullptr;
    Stored before;
    Stored after;  // when removed: the last state
    bool removed = false;
  };
  [[nodiscard]] const Change& at(int64_t version) const {
    return changes_[static_cast<size_t>(version - compacted_ - 1)];
  }
  static size_t own_bytes(const Change& change);

  StoreLimits limits_;
  std::deque<Change> changes_;  // without gaps, beginning after compacted_
  size_t bytes_ = 0;
  int64_t compacted_ = 0;
  int64_t durable_ = 0;
  std::optional<Error> failure_;
  Trail all_;
};

}  // namespace holmes::kube
