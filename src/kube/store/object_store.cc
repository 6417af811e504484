#include "kube/store/object_store.h"

#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "async/task_scope.h"
#include "async/wait.h"
#include "base/assert.h"
#include "kube/store/history.h"
#include "kube/store/store_feed.h"

namespace holmes::kube {
namespace {

// Where the states of one object stand, one after the other: the key stays.
struct Place {
  mutable Stored stored;
};
struct ByKey {
  using is_transparent = void;
  static const ObjectKey& key(const Place& place) { return place.stored->key; }
  static const ObjectKey& key(const ObjectKey& k) { return k; }
  bool operator()(const auto& a, const auto& b) const { return key(a) < key(b); }
};
using Objects = std::set<Place, ByKey>;

struct Table {
  Table(Loop& loop, ResourceName n) : name(std::move(n)), trail(loop) {}
  ResourceName name;
  Objects objects{};
  Trail trail;
};

// Everything of a namespace stands behind its objects' least key, the one with an empty name.
ObjectKey first_key(const std::string& ns, const std::optional<ObjectKey>& after) {
  const ObjectKey first{ns, ""};
  return after && *after > first ? *after : first;
}

}  // namespace

struct ObjectStore::Impl {
  Impl(Loop& l, Journal& j, StoreLimits limits)
      : loop(l), journal(j), history(l, limits), durable_waiters(l), scope(l) {}

  Table& table(const ResourceName& resource) {
    const auto found = tables.find(resource.text());
    if (found != tables.end()) return found->second;
    return tables.try_emplace(resource.text(), loop, resource).first->second;
  }
  [[nodiscard]] const Table* find_table(const std::string& resource) const {
    const auto found = tables.find(resource);
    return found == tables.end() ? nullptr : &found->second;
  }

  Stored write(const Encode& encode, bool removed);
  void index_owners(const Stored& stored) {
    for (const std::string& uid : stored->owner_uids)
      owned.try_emplace({uid, stored->version}, stored);
  }
  void forget_owners(const Stored& stored) {
    for (const std::string& uid : stored->owner_uids) owned.erase({uid, stored->version});
  }
  std::vector<JournalEntry> next_group();
  Task<> commit();

  Loop& loop;
  Journal& journal;
  History history;
  std::map<std::string, Table> tables;
  // By owner and version of the object, whose own text the keys point into.
  std::map<std::pair<std::string_view, int64_t>, Stored> owned;
  std::vector<JournalEntry> pending;
  bool committing = false;
  WaitList durable_waiters;
  TaskScope scope;
};

Stored ObjectStore::Impl::write(const Encode& encode, bool removed) {
  const int64_t version = history.version() + 1;
  StoredObject object = encode(version);
  HOLMES_ASSERT(history.version() + 1 == version && object.version == version);
  HOLMES_ASSERT(!object.resource.text().empty() && !object.key.name.empty());
  Table& home = table(object.resource);
  object.resource = home.name;
  object.bytes.shrink_to_fit();
  const Stored after = std::make_shared<const StoredObject>(std::move(object));

  Stored before;
  const auto place = home.objects.find(after->key);
  if (place != home.objects.end()) before = place->stored;
  if (removed) {
    HOLMES_ASSERT(before != nullptr);
    home.objects.erase(place);
  } else {
    if (before) {
      place->stored = after;
    } else {
      home.objects.insert({after});
    }
    index_owners(after);
  }
  if (before) forget_owners(before);
  history.add(home.trail, std::move(before), after, removed);

  if (history.failure()) return after;
  pending.push_back({version, after, removed});
  if (!std::exchange(committing, true)) scope.spawn(commit());
  return after;
}

std::vector<JournalEntry> ObjectStore::Impl::next_group() {
  if (pending.size() <= kMaxGroupEntries) return std::exchange(pending, {});
  const auto end = pending.begin() + kMaxGroupEntries;
  std::vector<JournalEntry> entries(std::move_iterator(pending.begin()), std::move_iterator(end));
  pending.erase(pending.begin(), end);
  return entries;
}

Task<> ObjectStore::Impl::commit() {
  while (!pending.empty()) {
    std::vector<JournalEntry> entries = next_group();
    const int64_t last = entries.back().version;
    const Status appended = co_await journal.append(std::move(entries));
    if (appended) {
      history.make_durable(last);
    } else {
      history.stop({ErrorCode::kUnavailable, appended.error().within("write objects").message});
      pending.clear();
    }
    durable_waiters.release_all();
  }
  committing = false;
}

ObjectStore::ObjectStore(Loop& loop, Journal& journal, StoreLimits limits)
    : impl_(std::make_unique<Impl>(loop, journal, limits)) {}

ObjectStore::~ObjectStore() {
  HOLMES_ASSERT(impl_->history.all().feeds == 0);
  for (const auto& [name, table] : impl_->tables) HOLMES_ASSERT(table.trail.feeds == 0);
}

void ObjectStore::load(std::vector<Stored> objects, int64_t version) {
  impl_->history.start(version);
  for (Stored& stored : objects) {
    HOLMES_ASSERT(stored->version <= version);
    Table& table = impl_->table(stored->resource);
    impl_->index_owners(stored);
    const bool added = table.objects.insert({std::move(stored)}).second;
    HOLMES_ASSERT(added);
  }
}

Task<> ObjectStore::close() {
  return impl_->scope.close();
}

int64_t ObjectStore::version() const {
  return impl_->history.version();
}

int64_t ObjectStore::compacted() const {
  return impl_->history.compacted();
}

Stored ObjectStore::find(const std::string& resource, const ObjectKey& key) const {
  const Table* table = impl_->find_table(resource);
  if (table == nullptr) return nullptr;
  const auto found = table->objects.find(key);
  return found == table->objects.end() ? nullptr : found->stored;
}

Status ObjectStore::visit(const std::string& resource, const std::string& ns,
                          const std::optional<ObjectKey>& after, std::optional<int64_t> at,
                          const std::function<bool(const Stored&)>& visitor) const {
  if (at && *at < compacted()) {
    return fail(ErrorCode::kGone, fmt::format("the state of version {} is compacted", *at));
  }
  const Table* table = impl_->find_table(resource);
  if (table == nullptr) return {};
  std::map<ObjectKey, Stored> undone;
  if (at) undone = impl_->history.undo(table->trail, *at);

  // Both in the order of keys; what is undone hides what stands there now.
  const ObjectKey first = first_key(ns, after);
  auto now = table->objects.upper_bound(first);
  auto then = undone.upper_bound(first);
  while (now != table->objects.end() || then != undone.end()) {
    const bool undo =
        then != undone.end() && (now == table->objects.end() || then->first <= now->stored->key);
    if (undo && now != table->objects.end() && now->stored->key == then->first) ++now;
    const Stored stored = undo ? (then++)->second : (now++)->stored;
    if (stored == nullptr) continue;
    if (!ns.empty() && stored->key.ns != ns) break;
    if (!visitor(stored)) break;
  }
  return {};
}

std::vector<ResourceName> ObjectStore::resources() const {
  std::vector<ResourceName> names;
  for (const auto& [name, table] : impl_->tables) names.push_back(table.name);
  return names;
}

size_t ObjectStore::count(const std::string& resource) const {
  const Table* table = impl_->find_table(resource);
  return table == nullptr ? 0 : table->objects.size();
}

std::vector<Stored> ObjectStore::owned_by(const std::string& uid) const {
  std::vector<Stored> dependents;
  for (auto next = impl_->owned.lower_bound({uid, 0});
       next != impl_->owned.end() && next->first.first == uid; ++next) {
    dependents.push_back(next->second);
  }
  return dependents;
}

std::vector<Stored> ObjectStore::in_namespace(const std::string& ns) const {
  std::vector<Stored> objects;
  for (const auto& [name, table] : impl_->tables) {
    for (auto next = table.objects.upper_bound(ObjectKey{ns, ""});
         next != table.objects.end() && next->stored->key.ns == ns; ++next) {
      objects.push_back(next->stored);
    }
  }
  return objects;
}

Stored ObjectStore::put(const Encode& encode) {
  return impl_->write(encode, false);
}

Stored ObjectStore::remove(const Encode& encode) {
  return impl_->write(encode, true);
}

Task<Status> ObjectStore::durable(int64_t version, Stop stop) {
  while (true) {
    HOLMES_CO_CHECK(health());
    if (version <= impl_->history.durable()) co_return Status();
    if (!co_await impl_->durable_waiters.park(stop)) {
      co_return fail(stop.error(fmt::format("wait until version {} is durable", version)));
    }
  }
}

Status ObjectStore::health() const {
  if (impl_->history.failure()) return fail(*impl_->history.failure());
  return {};
}

Result<std::unique_ptr<StoreFeed>> ObjectStore::follow(const std::string& resource,
                                                       int64_t version) {
  if (version < compacted()) {
    return fail(ErrorCode::kGone,
                fmt::format("the changes after version {} are compacted", version));
  }
  Trail& trail = resource.empty() ? impl_->history.all() : impl_->table(resource).trail;
  return std::unique_ptr<StoreFeed>(
      new StoreFeed(std::make_unique<StoreFeed::Impl>(impl_->history, trail, version)));
}

void ObjectStore::compact(int64_t version) {
  impl_->history.compact(version);
}

}  // namespace holmes::kube
