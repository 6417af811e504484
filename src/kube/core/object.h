// What every Kubernetes object has: its kind, its key and its metadata. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/flat_map.hpp>

#include "base/json.h"
#include "base/json_text.h"
#include "base/result.h"
#include "base/time.h"

namespace holmes::kube {

// A kind as the API server names it.
struct ResourceType {
  std::string group;  // "" for the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  [[nodiscard]] std::string api_version() const;  // "apps/v1", "v1"
  bool operator==(const ResourceType&) const = default;
};

struct ObjectKey {
  std::string ns;  // "" for cluster-scoped objects
  std::string name;

  [[nodiscard]] std::string to_text() const;  // "namespace/name" or "name"
  auto operator<=>(const ObjectKey&) const = default;
};

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;

  bool operator==(const OwnerReference&) const = default;
};

// A sorted vector: objects have few labels, and there are many objects.
using StringMap = boost::container::flat_map<std::string, std::string>;

// The fields of metav1.ObjectMeta that we use. managedFields are dropped on reading.
struct ObjectMeta {
  std::string name;
  std::string ns;
  std::string uid;
  std::string resource_version;
  int64_t generation = 0;
  WallTime creation_timestamp{};
  std::optional<WallTime> deletion_timestamp;
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owner_references;

  [[nodiscard]] ObjectKey key() const { return {ns, name}; }
  [[nodiscard]] bool deleting() const { return deletion_timestamp.has_value(); }

  // From a whole object, of which "metadata" is read. null counts as absent. Fails with kInvalid,
  // naming the field ("metadata.name must be a string"); only the name is required.
  static Result<ObjectMeta> from_json(const json::object& object);
  // The value of "metadata": only what a client may set or must send back; empty fields are left
  // out. Finalizers are not kept: change objects that may have some by patch or through a
  // subresource.
  [[nodiscard]] json::object to_json() const;

  bool operator==(const ObjectMeta&) const = default;
};

// A JSON patch that removes this annotation of this very version of the object, and is refused
// else: one that is carried out late takes no newer annotation of that name away.
json::array annotation_removal(const ObjectMeta& meta, std::string_view name);

// Resource versions of one resource are ordered decimal numbers (KEP-5504): by length, then bytes.
// nullopt when either is not a number; the caller must then not rely on any order.
std::optional<std::strong_ordering> compare_resource_versions(std::string_view a,
                                                              std::string_view b);

// The key as far as it can be read, for messages about objects that cannot; never fails.
ObjectKey key_of(const json::object& object);

// metav1.Condition. "Unknown" reads as false.
struct Condition {
  std::string type;
  bool status = false;
  std::string reason;
  std::string message;
  WallTime last_transition_time{};
  int64_t observed_generation = 0;

  // Fails with kInvalid, naming the field ("lastTransitionTime: ...").
  static Result<Condition> from_json(const json::object& object);
  void write_members(JsonText& to) const;
  bool operator==(const Condition&) const = default;
};
// Replaces or adds the condition of that type. The old transition time stays when the status does.
void set_condition(std::vector<Condition>& conditions, Condition condition);
// nullptr when there is none of that type.
const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace holmes::kube

template <>
struct std::hash<holmes::kube::ObjectKey> {
  size_t operator()(const holmes::kube::ObjectKey& key) const noexcept {
    return std::hash<std::string>()(key.ns) * 31 + std::hash<std::string>()(key.name);
  }
};
