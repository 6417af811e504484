// Who owns which fields of an object: metadata.managedFields and its sets of fields. Values; pure.
// Rules: Kubernetes "Server-Side Apply", KEP-555; FieldsV1 of structured-merge-diff.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace holmes::kube {

// A tree of path elements as FieldsV1 writes them: "f:spec", `k:{"name":"a"}` (an element of a list
// by its keys), `v:"x"` (an element that is its own key), "i:0". An object that is owned as a whole
// is a member without children; one of which only parts are owned is no member.
struct FieldSet {
  bool member = false;
  std::map<std::string, FieldSet, std::less<>> children;

  // Fails with kInvalid for what is not FieldsV1.
  static Result<FieldSet> parse(const json::object& fields);
  [[nodiscard]] json::object to_json() const;
  [[nodiscard]] bool empty() const { return !member && children.empty(); }

  void add(const FieldSet& other);
  // Members of the other are no members any more.
  void subtract(const FieldSet& other);
  // ... and with them goes everything below.
  void subtract_trees(const FieldSet& other);
  [[nodiscard]] FieldSet intersection(const FieldSet& other) const;
  // With every named field on the way to a member as a member. Elements of lists are not named.
  [[nodiscard]] FieldSet with_parents() const;
  // ".spec.containers[name=\"a\"].image" of each member, those nearest to the root of each branch
  // first.
  [[nodiscard]] std::vector<std::string> paths() const;

  bool operator==(const FieldSet&) const = default;
};

// "f:spec" as ".spec", `k:{"name":"a"}` as `[name="a"]`.
std::string element_text(std::string_view element);

// An entry of metadata.managedFields.
struct ManagedFields {
  std::string manager;
  bool applied = false;  // operation Apply, or Update
  std::string api_version;
  std::string subresource;
  std::string time;  // RFC 3339; "" when the manager never changed anything
  FieldSet fields;

  // One manager has an entry for each way in which it writes.
  [[nodiscard]] bool same_owner(const ManagedFields& other) const;
  bool operator==(const ManagedFields&) const = default;
};

// The Update entries that are kept; the oldest beyond are joined in one called "ancient-changes".
inline constexpr size_t kMaxUpdateManagers = 10;

// Of a whole object; none when it has none. Fails with kInvalid.
Result<std::vector<ManagedFields>> parse_managed_fields(const json::object& object);
// Replaces those of the object. Entries without fields are left out.
void set_managed_fields(json::object& object, std::vector<ManagedFields> managers);

}  // namespace holmes::kube
