// The objects of all kinds, their versions and their history: what etcd is for the API server.
//
// One resource version counts all changes. Objects are kept as encoded bytes, with the few fields
// parsed that lists, watches and garbage collection ask for. The last changes are kept as well:
// watches and lists of an older version are answered from them, until compaction. A change is seen
// by nobody before it is durable (journal.h), so nothing that was read is ever lost.
// One loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"
#include "kube/core/object.h"
#include "kube/store/journal.h"
#include "kube/store/stored_object.h"

namespace holmes::kube {

// Changes that are kept for watches and old lists, and the bytes of states that only they keep.
// Older ones are compacted away as soon as they are durable.
inline constexpr size_t kMaxHistoryChanges = 10'000;
inline constexpr size_t kMaxHistoryBytes = size_t{16} << 20U;
// Changes that go to the journal at once. While these are written, those who waited for the ones
// before put more: the disk and the loop work at the same time.
inline constexpr size_t kMaxGroupEntries = 512;
// Changes that a feed hands out at once.
inline constexpr size_t kMaxFeedBatch = 256;

struct StoreLimits {
  size_t history_changes = kMaxHistoryChanges;
  size_t history_bytes = kMaxHistoryBytes;
};

// What happened at one version: made (no before), changed, or deleted (no after; `before` is then
// the last state with the version of the deletion).
struct StoredChange {
  int64_t version = 0;
  Stored before;
  Stored after;
};

class ObjectStore;

// Follows the changes of one resource, or of all. It costs nothing while there are none. Goes
// before its store, and after next() returned.
class StoreFeed {
 public:
  ~StoreFeed();
  StoreFeed(const StoreFeed&) = delete;
  StoreFeed& operator=(const StoreFeed&) = delete;

  // The changes since the last call, in order, durable ones only: at least one and at most
  // kMaxFeedBatch; empty when `stop` came. Fails with kGone when compaction overtook the reader,
  // and with kUnavailable when the journal failed and all that was durable is handed out.
  Task<Result<std::vector<StoredChange>>> next(Stop stop);
  // All changes up to this version were handed out. Without a call of next() it grows with those of
  // other resources.
  [[nodiscard]] int64_t version() const;

 private:
  friend class ObjectStore;
  struct Impl;
  explicit StoreFeed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class ObjectStore {
 public:
  // The journal outlives the store.
  ObjectStore(Loop& loop, Journal& journal, StoreLimits limits = {});
  // All feeds are gone, nobody waits, and nothing is on its way to the journal: see close().
  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  // What stood in the journal, and the last version that it saw; before anything else.
  void load(std::vector<Stored> objects, int64_t version);
  // Waits until everything that was put is durable, or the journal failed. Nothing is put later.
  Task<> close();

  // The newest version, which may not be durable yet.
  [[nodiscard]] int64_t version() const;
  // Lists and watches of an older version than this are gone.
  [[nodiscard]] int64_t compacted() const;

  // nullptr when there is none.
  [[nodiscard]] Stored find(const std::string& resource, const ObjectKey& key) const;
  // In the order of keys (namespace, name), beginning after `after`, of one namespace or all ("").
  // Visits until told false; the visitor does not change the store. `at`: the state as it was at
  // that version; kGone when compacted. A version of the future is the newest.
  Status visit(const std::string& resource, const std::string& ns,
               const std::optional<ObjectKey>& after, std::optional<int64_t> at,
               const std::function<bool(const Stored&)>& visitor) const;
  // Of which there are objects, or were.
  [[nodiscard]] std::vector<ResourceName> resources() const;
  [[nodiscard]] size_t count(const std::string& resource) const;
  // Whose owner references name this UID, of all resources; the oldest change first.
  [[nodiscard]] std::vector<Stored> owned_by(const std::string& uid) const;
  // In the order of resources and names.
  [[nodiscard]] std::vector<Stored> in_namespace(const std::string& ns) const;

  // `encode` gets the version that the object will have, and returns it whole.
  using Encode = std::function<StoredObject(int64_t version)>;
  // Makes or replaces what is at the encoded object's key. The caller has looked at what is there
  // now, in the same turn of the loop, and waits for durable() before it puts more: this is what
  // bounds the changes on their way to the journal. After a failure of the journal (health()) it
  // puts nothing more.
  Stored put(const Encode& encode);
  // `encode` gives the last state, which watches show, with the version of the deletion. The object
  // is there.
  Stored remove(const Encode& encode);

  // Until everything up to `version` is durable. Every answer waits for what it rests on. Fails
  // with kUnavailable when the journal failed: for good, nothing is written any more. A stop ends
  // the wait, not the writing.
  Task<Status> durable(int64_t version, Stop stop);
  // The failure that durable() would tell.
  [[nodiscard]] Status health() const;

  // Follows durable changes after `version`, of one resource or of all (""). Fails with kGone when
  // they are compacted.
  Result<std::unique_ptr<StoreFeed>> follow(const std::string& resource, int64_t version);
  // Drops the history up to a version, by hand (tests) beside the limits above; what is not durable
  // yet stays.
  void compact(int64_t version);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holmes::kube
