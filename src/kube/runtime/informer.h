// Informer<T>: a cache of all objects of one kind, kept by list-watch, as immutable snapshots.
//
// T provides what kube/client/api.h asks: resource(), from_json(), `meta`.
//
// Threads: one loop. One writer: the informer itself. A snapshot stays as it is for as long as
// somebody holds it. The JSON an object came in is not kept.
// An object that T cannot be read from is reported (log line and metric), is not in the cache, and
// does not disturb the others.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/runtime/informer_core.h"

namespace holmes::kube {

template <class T>
class Informer {
 public:
  using Snapshot = std::shared_ptr<const T>;

  // Everything handed in outlives the informer.
  Informer(Loop& loop, Random& random, Transport& transport, Logger logger, RuntimeMetrics& metrics,
           InformerOptions options = {})
      : core_(loop, random, transport, std::move(logger), metrics, T::resource(), &decode,
              std::move(options)) {}

  // Keeps the cache until stopped. Call it once.
  Task<> run(Stop stop) { return core_.run(std::move(stop)); }

  // The first list was complete and its objects were told to the listeners, in all namespaces.
  [[nodiscard]] bool synced() const { return core_.synced(); }
  Task<Status> wait_synced(Stop stop) { return core_.wait_synced(std::move(stop)); }
  // Lists everything again, the most recent version, and returns when the cache is not older than
  // the call: for whoever takes over from another process, whose last writes the watch may not have
  // shown. Fails with the stop's error only. The cache may be read meanwhile.
  Task<Status> refresh(Stop stop) { return core_.refresh(std::move(stop)); }
  // The API server does not know the kind (any more); goes on asking.
  [[nodiscard]] bool missing_type() const { return core_.missing_type(); }

  // The cached object, or null. As new as the last own write noted by note_write(key, object).
  [[nodiscard]] Snapshot get(const ObjectKey& key) const { return cast(core_.get(key)); }
  [[nodiscard]] size_t size() const { return core_.size(); }
  // In no order; `visit` must not change the cache.
  void for_each(const std::function<void(const Snapshot&)>& visit) const {
    core_.for_each([&visit](const ErasedObject& object) { visit(cast(object)); });
  }

  // Called when the API server turned out to be behind what was seen of it, as it was restored from
  // a backup. This cache then lists again; what was decided by it may never have happened. Register
  // before run().
  void on_went_back(std::function<void()> listener) { core_.on_went_back(std::move(listener)); }

  struct Change {
    Snapshot before;  // null: the object is new
    Snapshot now;     // null: it is gone
    // It is gone and nobody saw it go (a later list lacked it, or had another object of its name):
    // `before` may not be its last state. When the watch told of the deletion, it is.
    bool missed = false;
  };
  // Called after the cache changed. An object that was deleted and made again under its name
  // (another UID) is told as two calls, whether the watch or a later list revealed it. Also called
  // for noted writes. Must not wait. Register before run().
  void on_change(std::function<void(const Change& change)> listener) {
    core_.on_change([listener = std::move(listener)](const ErasedObject& before,
                                                     const ErasedObject& now, bool missed) {
      listener({cast(before), cast(now), missed});
    });
  }

  // Finds the cached objects that yield a text, such as their owner's uid or their phase. Listeners
  // see it as new as the cache.
  class Index {
   public:
    explicit Index(const InformerIndex& index) : index_(&index) {}
    [[nodiscard]] std::vector<Snapshot> find(const std::string& key) const {
      std::vector<Snapshot> found;
      for (const ErasedObject& object : index_->find(key)) found.push_back(cast(object));
      return found;
    }

   private:
    const InformerIndex* index_;
  };
  // `key_of` depends on nothing but its object; it returns "" for one that is to be left out.
  // Register before run(). The index lives as long as the informer.
  Index add_index(std::function<std::string(const T&)> key_of) {
    return Index(core_.add_index([key_of = std::move(key_of)](const ErasedObject& object) {
      return key_of(*cast(object));
    }));
  }

  // Read your own writes: tell what a write returned. The object replaces an older cached one at
  // once, and no older event of the watch will overwrite it.
  void note_write(Snapshot written) {
    const ObjectMeta* meta = &written->meta;
    core_.note_write({std::move(written), meta});
  }
  void note_write(T written) { note_write(std::make_shared<const T>(std::move(written))); }
  // The same when only the version is known: get_fresh() then waits for it.
  void note_write(const ObjectKey& key, const std::string& resource_version) {
    core_.note_version(key, resource_version);
  }

  // An answer of the API server speaks against the cached version (a conflict), or may have made a
  // newer one (a write of unknown outcome): get_fresh() then does not believe it.
  void doubt(const ObjectKey& key) { core_.doubt(key); }

  // How far lists and watches of the object's namespace have come; "" before the first list.
  [[nodiscard]] std::string version_for(const ObjectKey& key) { return core_.version_for(key); }
  // Of an object that was read without the cache, when that had come to `passed` before: if it
  // lies before that and is not in the cache, the cache has missed it (a restored etcd that has
  // caught up) and lists again.
  void list_if_missed(const ObjectMeta& live, const std::string& passed) {
    core_.list_if_missed(live, passed);
  }

  // The object as of the last own write or newer; null: no such object. Mostly the cached one at
  // once; else waits up to kMaxStaleWait for the watch and then asks the API server, whose answer
  // counts even when its version is older (a restored etcd). Fails like Transport::send.
  Task<Result<Snapshot>> get_fresh(ObjectKey key, Stop stop) {
    HOLMES_CO_TRY(ErasedObject object, co_await core_.get_fresh(std::move(key), std::move(stop)));
    co_return cast(object);
  }

  // Asks the API server; null: no such object. The cache then knows its answer, and lists again
  // when the answer is older than what it knew (a restored etcd). Fails like Transport::send.
  Task<Result<Snapshot>> read_live(ObjectKey key, Stop stop) {
    HOLMES_CO_TRY(ErasedObject object, co_await core_.read_live(std::move(key), std::move(stop)));
    co_return cast(object);
  }

  // A test's oracle: what the cache and the API server say differently of the very version that the
  // cache has reached, one line for each object; empty when they agree, as they must at any time.
  // Costs a list of everything. Fails like Transport::send; kGone when that version is no longer
  // kept, kUnavailable before the first list.
  Task<Result<std::vector<std::string>>> differences(Stop stop) {
    return core_.differences(std::move(stop));
  }

 private:
  static Result<ErasedObject> decode(const json::object& json) {
    HOLMES_TRY(T value, T::from_json(json));
    auto object = std::make_shared<const T>(std::move(value));
    const ObjectMeta* meta = &object->meta;
    return ErasedObject{std::move(object), meta};
  }
  static Snapshot cast(const ErasedObject& object) {
    return std::static_pointer_cast<const T>(object.object);
  }

  InformerCore core_;
};

}  // namespace holmes::kube
