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
#include <utility>

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
  // The API server does not know the kind (any more); goes on asking.
  [[nodiscard]] bool missing_type() const { return core_.missing_type(); }

  // The cached object, or null. As new as the last own write noted by note_write(key, object).
  [[nodiscard]] Snapshot get(const ObjectKey& key) const { return cast(core_.get(key)); }
  [[nodiscard]] size_t size() const { return core_.size(); }
  // In no order; `visit` must not change the cache.
  void for_each(const std::function<void(const Snapshot&)>& visit) const {
    core_.for_each([&visit](const ErasedObject& object) { visit(cast(object)); });
  }

  // Called after the cache changed: before is null when the object is new, now is null when it is
  // gone. An object that was deleted and made again under its name (another UID) is told as two
  // calls, whether the watch or a later list revealed it. Also called for noted writes. Must not
  // wait. Register before run().
  void on_change(std::function<void(const Snapshot& before, const Snapshot& now)> listener) {
    core_.on_change(
        [listener = std::move(listener)](const ErasedObject& before, const ErasedObject& now) {
          listener(cast(before), cast(now));
        });
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

  // The object as of the last own write or newer; null: no such object. Mostly the cached one at
  // once; else waits up to kMaxStaleWait for the watch and then asks the API server, whose answer
  // counts even when its version is older (a restored etcd). Fails like Transport::send.
  Task<Result<Snapshot>> get_fresh(ObjectKey key, Stop stop) {
    HOLMES_CO_TRY(ErasedObject object, co_await core_.get_fresh(std::move(key), std::move(stop)));
    co_return cast(object);
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
