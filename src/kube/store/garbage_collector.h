// Deletes what nobody owns any more, and finishes namespaces that are being deleted: the part of
// the controller manager that a store cannot do without.
// Rules: Kubernetes "Garbage Collection", "Owners and Dependents"; the controller's own treatment
// of owners that are absent, in another namespace or of a kind that is not served.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/json.h"
#include "kube/store/object_store.h"

namespace holmes::kube {

// Objects that are looked at before others get their turn.
inline constexpr size_t kMaxCollectorBatch = 100;

enum class Propagation { kBackground, kForeground, kOrphan };

// What the collector does, through the API's rules: finalizers hold, versions count. Every `live`
// is what stands in the store in this turn of the loop; each write is in the store at the return.
class CollectorApi {
 public:
  virtual ~CollectorApi() = default;

  struct OwnerKind {
    std::string resource;  // as in StoredObject
    bool namespaced = true;
  };
  // nullopt when no such kind is served (now).
  [[nodiscard]] virtual std::optional<OwnerKind> find_kind(std::string_view api_version,
                                                           std::string_view kind) const = 0;
  // As a client's DELETE.
  virtual void remove(const Stored& live, Propagation propagation) = 0;
  // Replaces it by `next`, which was made from its bytes: other finalizers or owner references.
  // Takes it out instead when it is being deleted and nothing holds it any more.
  virtual void overwrite(const Stored& live, json::object next) = 0;
};

// One loop's thread.
class GarbageCollector {
 public:
  // Both outlive it; the store is loaded.
  GarbageCollector(Loop& loop, ObjectStore& store, CollectorApi& api)
      : loop_(loop), store_(store), api_(api) {}

  // Looks at all objects, and then at what changes, until stopped or until the journal failed.
  Task<> run(Stop stop);

 private:
  struct Item {
    ResourceName resource;
    ObjectKey key;
    bool operator<(const Item& other) const;
  };
  struct Owners;

  Task<bool> look_at_queue(Stop stop);
  void queue_all();
  void queue(const Stored& stored) { queue_.insert({stored->resource, stored->key}); }
  void queue_waiting(const std::vector<std::string>& owner_uids);
  void queue_namespace(const std::string& ns);
  void note(const StoredChange& change);

  void look_at(const Stored& live);
  void finish_namespace(const Stored& live, const json::object& object);
  void orphan_dependents(const Stored& live, json::object object);
  void wait_for_dependents(const Stored& live, json::object object);
  void look_at_owners(const Stored& live, const json::object& object);
  std::optional<Owners> sort_owners(const Stored& live, const json::object& object);
  void unblock_circle(const Stored& live, const json::object& object);
  [[nodiscard]] std::vector<Stored> dependents(const Stored& owner) const;

  Loop& loop_;
  ObjectStore& store_;
  CollectorApi& api_;
  std::set<Item> queue_;  // of each object one at most
  // By UID: objects that wait until their dependents are gone (foreground).
  std::map<std::string, Item> waiting_;
  // Their owners' kinds are not served (yet).
  std::set<Item> unknown_;
};

}  // namespace holmes::kube
