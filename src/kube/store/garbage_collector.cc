#include "kube/store/garbage_collector.h"

#include <algorithm>
#include <tuple>

#include "async/wait.h"
#include "base/assert.h"
#include "kube/store/kind_table.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kForeground = "foregroundDeletion";
constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kNamespaces = "namespaces";

json::object parsed(const Stored& stored) {
  Result<json::object> object = parse_json_object(stored->bytes);
  HOLMES_ASSERT(object.has_value());  // the API encoded it
  return *std::move(object);
}

bool has_finalizer(const json::object& object, std::string_view name) {
  const json::array* finalizers = json_array(object, {"metadata", "finalizers"});
  return finalizers != nullptr &&
         std::ranges::find(*finalizers, json::value(name)) != finalizers->end();
}

bool waits_for_dependents(const Stored& stored) {
  return stored->deleting && has_finalizer(parsed(stored), kForeground);
}

void erase_if(json::array& array, const auto& unwanted) {
  array.erase(std::remove_if(array.begin(), array.end(), unwanted), array.end());
}

// An empty list is left out.
void remove_finalizer(json::object& object, std::string_view part, std::string_view name) {
  json::object* holder = object.contains(part) ? object[part].if_object() : nullptr;
  json::array* finalizers = nullptr;
  if (holder != nullptr && holder->contains("finalizers")) {
    finalizers = (*holder)["finalizers"].if_array();
  }
  if (finalizers == nullptr) return;
  erase_if(*finalizers, [name](const json::value& one) { return one == json::value(name); });
  if (finalizers->empty()) holder->erase("finalizers");
}

json::array* owner_references(json::object& object) {
  json::object* metadata = object["metadata"].if_object();
  if (metadata == nullptr || !metadata->contains("ownerReferences")) return nullptr;
  return (*metadata)["ownerReferences"].if_array();
}

void remove_owners(json::object& object, const std::set<std::string>& uids) {
  json::array* references = owner_references(object);
  if (references == nullptr) return;
  erase_if(*references, [&uids](const json::value& reference) {
    return uids.contains(json_string_or(reference, {"uid"}));
  });
  if (references->empty()) object["metadata"].get_object().erase("ownerReferences");
}

bool blocks(const Stored& dependent, const std::string& owner_uid) {
  const json::object object = parsed(dependent);
  const json::array* references = json_array(object, {"metadata", "ownerReferences"});
  return references != nullptr && std::ranges::any_of(*references, [&](const json::value& one) {
           return json_string(one, {"uid"}) == owner_uid &&
                  json_bool(one, {"blockOwnerDeletion"}).value_or(false);
         });
}

Propagation wanted_propagation(const json::object& object) {
  if (has_finalizer(object, kOrphan)) return Propagation::kOrphan;
  if (has_finalizer(object, kForeground)) return Propagation::kForeground;
  return Propagation::kBackground;
}

}  // namespace

struct GarbageCollector::Owners {
  bool some_stay = false;
  std::set<std::string> absent;
  std::set<std::string> waiting;  // until this and other dependents are gone
};

bool GarbageCollector::Item::operator<(const Item& other) const {
  return std::tie(resource.text(), key) < std::tie(other.resource.text(), other.key);
}

Task<> GarbageCollector::run(Stop stop) {
  while (!stop.requested() && store_.health()) {
    auto feed = store_.follow("", store_.version());
    HOLMES_ASSERT(feed.has_value());
    queue_all();
    while (co_await look_at_queue(stop)) {
      const auto changes = co_await (*feed)->next(stop);
      if (!changes) break;  // overtaken, or the journal failed
      for (const StoredChange& change : *changes) note(change);
    }
  }
}

// False when there is nothing more to be done.
Task<bool> GarbageCollector::look_at_queue(Stop stop) {
  while (!queue_.empty() && !stop.requested()) {
    for (size_t i = 0; i < kMaxCollectorBatch && !queue_.empty(); ++i) {
      const auto item = queue_.extract(queue_.begin());
      const Stored live = store_.find(item.value().resource, item.value().key);
      if (live != nullptr) look_at(live);
    }
    co_await next_turn(loop_);
    if (!co_await store_.durable(store_.version(), stop)) co_return false;
  }
  co_return !stop.requested();
}

void GarbageCollector::queue_all() {
  for (const ResourceName& resource : store_.resources()) {
    const Status visited =
        store_.visit(resource, "", std::nullopt, std::nullopt, [this](const Stored& stored) {
          if (stored->deleting || !stored->owner_uids.empty()) {
            queue(stored);
          }
          return true;
        });
    HOLMES_ASSERT(visited.has_value());
  }
}

void GarbageCollector::queue_waiting(const std::vector<std::string>& owner_uids) {
  for (const std::string& uid : owner_uids) {
    if (const auto found = waiting_.find(uid); found != waiting_.end())
      queue_.insert(found->second);
  }
}

void GarbageCollector::queue_namespace(const std::string& ns) {
  if (ns.empty()) return;
  const Stored stored = store_.find(std::string(kNamespaces), {"", ns});
  if (stored != nullptr && stored->deleting) queue(stored);
}

void GarbageCollector::note(const StoredChange& change) {
  const auto& [version, before, after] = change;
  const Stored& object = after ? after : before;
  if (before) queue_waiting(before->owner_uids);
  queue_waiting(object->owner_uids);
  if (object->resource == kDefinitions) queue_.merge(unknown_);
  if (after == nullptr) {
    waiting_.erase(object->uid);
    unknown_.erase({object->resource, object->key});
    for (const Stored& dependent : store_.owned_by(object->uid)) queue(dependent);
  } else if (after->deleting || before == nullptr || before->owner_uids != after->owner_uids) {
    if (after->deleting || !after->owner_uids.empty()) queue(after);
  }
  if (before == nullptr || after == nullptr) queue_namespace(object->key.ns);
}

void GarbageCollector::look_at(const Stored& live) {
  const json::object object = parsed(live);
  waiting_.erase(live->uid);
  unknown_.erase({live->resource, live->key});
  if (!live->deleting) {
    if (!live->owner_uids.empty()) look_at_owners(live, object);
  } else if (has_finalizer(object, kOrphan)) {
    orphan_dependents(live, object);
  } else if (has_finalizer(object, kForeground)) {
    wait_for_dependents(live, object);
  } else if (live->resource == kNamespaces) {
    finish_namespace(live, object);
  }
}

// All in it goes, and then the namespace. What something holds comes back to us when it is gone.
void GarbageCollector::finish_namespace(const Stored& live, const json::object& object) {
  size_t removed = 0;
  bool empty = true;
  for (const Stored& stored : store_.in_namespace(live->key.name)) {
    if (!stored->deleting) api_.remove(stored, Propagation::kBackground);
    const Stored now = store_.find(stored->resource, stored->key);
    empty = empty && now == nullptr;
    if (now != stored && ++removed == kMaxCollectorBatch) {
      queue(live);
      return;
    }
  }
  if (!empty) return;
  json::object next = object;
  remove_finalizer(next, "spec", "kubernetes");
  if (next != object) api_.overwrite(live, std::move(next));
}

void GarbageCollector::orphan_dependents(const Stored& live, json::object object) {
  for (const Stored& dependent : dependents(live)) {
    json::object next = parsed(dependent);
    remove_owners(next, {live->uid});
    api_.overwrite(dependent, std::move(next));
  }
  remove_finalizer(object, "metadata", kOrphan);
  api_.overwrite(live, std::move(object));
}

void GarbageCollector::wait_for_dependents(const Stored& live, json::object object) {
  bool blocked = false;
  for (const Stored& dependent : dependents(live)) {
    if (!dependent->deleting) queue(dependent);
    blocked = blocked || blocks(dependent, live->uid);
  }
  if (blocked) {
    waiting_.insert_or_assign(live->uid, Item{live->resource, live->key});
    return;
  }
  remove_finalizer(object, "metadata", kForeground);
  api_.overwrite(live, std::move(object));
}

void GarbageCollector::look_at_owners(const Stored& live, const json::object& object) {
  const std::optional<Owners> owners = sort_owners(live, object);
  if (!owners) return;
  if (owners->some_stay) {
    std::set<std::string> going = owners->absent;
    going.insert(owners->waiting.begin(), owners->waiting.end());
    if (going.empty()) return;
    json::object next = object;
    remove_owners(next, going);
    api_.overwrite(live, std::move(next));
  } else if (!owners->waiting.empty() && !dependents(live).empty()) {
    unblock_circle(live, object);
    const Stored now = store_.find(live->resource, live->key);
    if (now != nullptr) api_.remove(now, Propagation::kForeground);
  } else {
    api_.remove(live, wanted_propagation(object));
  }
}

// nullopt when it is to be left alone: an owner cannot be looked up. Of a kind that is not served,
// it may exist; of a namespaced kind, it cannot own what stands in no namespace.
std::optional<GarbageCollector::Owners> GarbageCollector::sort_owners(const Stored& live,
                                                                      const json::object& object) {
  Owners owners;
  for (const json::value& reference : *json_array(object, {"metadata", "ownerReferences"})) {
    const std::string uid = json_string_or(reference, {"uid"});
    const auto kind = api_.find_kind(json_string_or(reference, {"apiVersion"}),
                                     json_string_or(reference, {"kind"}));
    if (!kind) {
      unknown_.insert({live->resource, live->key});
      return std::nullopt;
    }
    if (kind->namespaced && live->key.ns.empty()) return std::nullopt;
    const Stored owner = store_.find(kind->resource, {kind->namespaced ? live->key.ns : "",
                                                      json_string_or(reference, {"name"})});
    if (owner == nullptr || owner->uid != uid) {
      owners.absent.insert(uid);
    } else if (waits_for_dependents(owner)) {
      owners.waiting.insert(uid);
    } else {
      owners.some_stay = true;
    }
  }
  return owners;
}

// Owners that wait for each other in a circle would wait for ever.
void GarbageCollector::unblock_circle(const Stored& live, const json::object& object) {
  if (std::ranges::none_of(dependents(live), waits_for_dependents)) return;
  json::object next = object;
  for (json::value& reference : *owner_references(next)) {
    json::object* fields = reference.if_object();
    if (fields != nullptr && fields->contains("blockOwnerDeletion")) {
      (*fields)["blockOwnerDeletion"] = false;
    }
  }
  if (next != object) api_.overwrite(live, std::move(next));
}

// Those that can be: in its namespace, or anywhere when it stands in none; not itself.
std::vector<Stored> GarbageCollector::dependents(const Stored& owner) const {
  std::vector<Stored> found = store_.owned_by(owner->uid);
  std::erase_if(found, [&owner](const Stored& one) {
    return one->uid == owner->uid || (!owner->key.ns.empty() && one->key.ns != owner->key.ns);
  });
  return found;
}

}  // namespace holmes::kube
