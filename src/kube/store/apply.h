// Server-side apply. Pure.
// Rules: Kubernetes "Server-Side Apply", KEP-555; metadata.managedFields in the FieldsV1 format.
//
// Owners are kept only for objects that were ever applied: their managedFields have one entry for
// each manager that applied and one for each that wrote otherwise since. What stood in the object
// before it was applied for the first time belongs to "before-first-apply".
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/kind.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

struct FieldOwner {
  std::string manager;      // fieldManager, or from the user agent
  std::string subresource;  // "" or "status"
  WallTime time{};
};

// What becomes of the object (nullptr: there is none yet) when `applied` is applied. At "status"
// only the status counts, and anywhere else everything but the status of a kind that has it. What
// else an update may not change (metadata.uid and its like) is for the caller to check and to put
// back, in what this returns. An object that is already as it is applied comes back the same.
//
// Fields that the manager applied before and leaves out now are removed when nobody else owns them.
// Fields of other managers with other values: 409 Conflict with a cause for each, unless forced:
// then they change hands. The manager "kubectl" also takes over what client-side apply has left
// behind (the annotation last-applied-configuration). 400 when kind or version are others, or when
// metadata.managedFields is set; 500, as the API server does, for fields that the schema does not
// have and for elements of lists without or with the same keys.
Answer<json::object> apply_object(const Kind& kind, const json::object* live,
                                  const json::object& applied, const FieldOwner& owner, bool force);

// After any other write: the writer owns what it changed, and nobody else does. The writer may hand
// in managedFields of its own, or reset them with [] or [{}]; without any, the old ones stay. Keeps
// managedFields of objects without an applier empty.
void note_owner(const Kind& kind, const json::object& before, json::object& after,
                const FieldOwner& owner);

}  // namespace holmes::kube
