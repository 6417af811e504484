#include "snapshot/snapshot_state.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "kube/store/event_forms.h"
#include "kube/store/kind_table.h"
#include "snapshot/snapshot_kinds.h"

namespace holmes {
namespace {

constexpr std::string_view kDefaultNamespace = "default";

json::object& metadata_of(json::object& object) {
  return object["metadata"].get_object();  // that of a saved object has a name
}

void complete(json::object& object, WallTime now, Random& random) {
  json::object& metadata = metadata_of(object);
  metadata.erase("managedFields");
  metadata.erase("selfLink");
  if (!json_string(metadata, {"uid"})) metadata["uid"] = random.uuid4();
  if (!json_string(metadata, {"creationTimestamp"})) {
    metadata["creationTimestamp"] = format_rfc3339(now);
  }
}

json::object namespace_object(const std::string& name) {
  return {
      {"apiVersion", "v1"},
      {"kind", "Namespace"},
      {"metadata", json::object{{"name", name},
                                {"labels", json::object{{"kubernetes.io/metadata.name", name}}}}},
      {"spec", json::object{{"finalizers", json::array{"kubernetes"}}}},
      {"status", json::object{{"phase", "Active"}}}};
}

// The objects by where they are stored, the last of each.
class Gathering {
 public:
  explicit Gathering(SnapshotState& state) : state_(state) {}

  void add(const kube::Kind& kind, json::object object) {
    json::object& metadata = metadata_of(object);
    std::string ns = json_string_or(metadata, {"namespace"});
    if (!kind.type.namespaced) {
      metadata.erase("namespace");
      ns.clear();
    } else if (ns.empty()) {
      ns = kDefaultNamespace;
      metadata["namespace"] = ns;
    }
    if (!ns.empty()) namespaces_.insert(ns);
    const Key key{kube::stored_name(kind.type), ns, json_string_or(metadata, {"name"})};
    if (kind.type.group == "events.k8s.io") kube::event_to_core(object);
    if (!objects_.insert_or_assign(key, std::move(object)).second) ++state_.repeated;
  }

  void make_namespaces() {
    for (const std::string& name : namespaces_) {
      objects_.try_emplace(Key{"namespaces", "", name}, namespace_object(name));
    }
  }

  void store(WallTime now, Random& random) {
    for (auto& [key, object] : objects_) {
      complete(object, now, random);
      state_.objects.push_back(std::make_shared<const kube::StoredObject>(
          kube::encode_stored(std::get<0>(key), ++state_.version, std::move(object))));
    }
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // resource, namespace, name

  SnapshotState& state_;
  std::map<Key, json::object> objects_;
  std::set<std::string> namespaces_;
};

}  // namespace

Result<SnapshotState> make_snapshot_state(std::vector<json::object> saved, WallTime now,
                                          Random& random) {
  if (saved.empty()) {
    return fail(ErrorCode::kInvalid,
                "there are no Kubernetes objects; save some with kubectl get -A -o yaml");
  }
  if (saved.size() > kMaxSnapshotObjects) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("there are {} objects, and {} is the most; leave out what checks do "
                            "not ask about",
                            saved.size(), kMaxSnapshotObjects));
  }
  const SnapshotKinds kinds(saved, now);
  SnapshotState state;
  Gathering gathering(state);
  const kube::KindTable builtin;
  const kube::KindPtr definition = builtin.find_kind("apiextensions.k8s.io/v1", kDefinitionKind);
  for (json::object& object : saved) {
    if (json_string(object, {"kind"}) == kDefinitionKind) continue;  // see below
    if (const kube::KindPtr kind = kinds.find(object)) {
      gathering.add(*kind, std::move(object));
    } else {
      ++state.skipped[fmt::format("{}, {}", json_string_or(object, {"apiVersion"}),
                                  json_string_or(object, {"kind"}))];
    }
  }
  for (const json::object& made : kinds.definitions()) gathering.add(*definition, made);
  gathering.make_namespaces();
  gathering.store(now, random);
  return state;
}

}  // namespace holmes
