// The part of Informer<T> that does not depend on T. Use informer.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "async/task_scope.h"
#include "async/wait.h"
#include "kube/runtime/informer_index.h"
#include "kube/runtime/list_watch.h"

namespace holmes::kube {

// How long get_fresh() waits for the watch before it reads live.
inline constexpr std::chrono::seconds kMaxStaleWait{5};
inline constexpr std::chrono::seconds kLiveReadTimeout{10};
// Own writes remembered, each for its object, that the watch has not shown yet. Beyond it the
// newest of them counts for every object: reads wait until the watch has passed it.
inline constexpr size_t kMaxNotedWrites = 10'000;

struct InformerOptions {
  std::vector<std::string> namespaces{};  // empty: all; else one list-watch each
  std::string label_selector{};
  std::string field_selector{};
  // For tests: how often the cache is compared with the API server (Informer::differences). What
  // is found is logged as an error. 0: never.
  std::chrono::seconds verify_interval{0};
};

class InformerCore {
 public:
  using Decode = std::function<Result<ErasedObject>(const json::object&)>;
  using Listener =
      std::function<void(const ErasedObject& before, const ErasedObject& now, bool missed)>;

  InformerCore(Loop& loop, Random& random, Transport& transport, Logger logger,
               RuntimeMetrics& metrics, ResourceType type, Decode decode, InformerOptions options);
  ~InformerCore();
  InformerCore(const InformerCore&) = delete;
  InformerCore& operator=(const InformerCore&) = delete;

  Task<> run(Stop stop);
  [[nodiscard]] bool synced() const;
  [[nodiscard]] bool missing_type() const;
  Task<Status> wait_synced(Stop stop);
  Task<Status> refresh(Stop stop);
  [[nodiscard]] ErasedObject get(const ObjectKey& key) const;
  [[nodiscard]] size_t size() const { return objects_.size(); }
  void for_each(const std::function<void(const ErasedObject&)>& visit) const;
  void on_change(Listener listener) { listeners_.push_back(std::move(listener)); }
  InformerIndex& add_index(InformerIndex::KeyOf key_of);
  void on_went_back(const std::function<void()>& callback);
  void note_write(ErasedObject written);
  void note_version(const ObjectKey& key, const std::string& version);
  void doubt(const ObjectKey& key);
  std::string version_for(const ObjectKey& key);
  void list_if_missed(const ObjectMeta& live, const std::string& passed);
  Task<Result<ErasedObject>> get_fresh(ObjectKey key, Stop stop);
  Task<Result<ErasedObject>> read_live(ObjectKey key, Stop stop);
  Task<Result<std::vector<std::string>>> differences(Stop stop);

 private:
  class Scope;
  struct Entry {
    ErasedObject object;
    // No part of the key, so that they may change in place.
    mutable uint64_t listed_in = 0;  // the last round of its scope's lists that had it
    uint64_t written_in = 0;         // the round in which it came from a write or a live read
  };
  // The keys are those in the objects: a copy would cost a tenth of a small object.
  struct ByKey {
    using is_transparent = void;
    using Seen = ObjectGlance::Seen;
    static size_t hash(std::string_view ns, std::string_view name) {
      return std::hash<std::string_view>()(ns) * 31 + std::hash<std::string_view>()(name);
    }
    size_t operator()(const Seen& seen) const { return hash(seen.ns, seen.name); }
    size_t operator()(const ObjectKey& key) const { return hash(key.ns, key.name); }
    size_t operator()(const Entry& entry) const {
      return hash(entry.object.meta->ns, entry.object.meta->name);
    }
    bool operator()(const Entry& a, const Entry& b) const {
      return a.object.meta->name == b.object.meta->name && a.object.meta->ns == b.object.meta->ns;
    }
    bool operator()(const ObjectKey& a, const Entry& b) const {
      return a.name == b.object.meta->name && a.ns == b.object.meta->ns;
    }
    bool operator()(const Entry& a, const ObjectKey& b) const { return (*this)(b, a); }
    bool operator()(const Seen& a, const Entry& b) const {
      return a.name == b.object.meta->name && a.ns == b.object.meta->ns;
    }
    bool operator()(const Entry& a, const Seen& b) const { return (*this)(b, a); }
  };

  Scope* scope_of(const ObjectKey& key);
  [[nodiscard]] bool selects_all() const {
    return options_.label_selector.empty() && options_.field_selector.empty();
  }
  [[nodiscard]] bool fresh(const ObjectKey& key);
  [[nodiscard]] bool doubtful(const ObjectKey& key);
  // The entry that is this very object in this very version, or null.
  [[nodiscard]] const Entry* known(const ObjectGlance::Seen& object) const;
  [[nodiscard]] Result<ErasedObject> read(const json::object& object) const;
  void put(Entry entry);
  void erase(const ObjectKey& key, bool missed);
  void refuse(const json::object& object, const Error& why);
  void notify(const ErasedObject& before, const ErasedObject& now, bool missed);
  Task<Result<std::vector<std::string>>> differences_in(const Scope& scope, Stop stop);
  Task<> verify(Stop stop);
  void scope_synced();
  void progressed() { progress_.release_all(); }

  Loop& loop_;
  Transport& transport_;
  Logger logger_;
  RuntimeMetrics& metrics_;
  ResourceType type_;
  std::string resource_;
  Decode decode_;
  InformerOptions options_;
  std::unordered_set<Entry, ByKey, ByKey> objects_;
  std::unordered_map<ObjectKey, std::string> noted_;  // versions the cache may not have reached
  // Versions that an API server's answer spoke against. Bounded by the objects that are cached.
  std::unordered_map<ObjectKey, std::string> doubted_;
  std::vector<std::unique_ptr<InformerIndex>> indexes_;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<Scope>> scopes_;
  Event synced_;
  WaitList progress_;
};

}  // namespace holmes::kube
