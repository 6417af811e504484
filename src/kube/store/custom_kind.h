// CustomResourceDefinitions (apiextensions.k8s.io/v1): what the API server does to them, and the
// Kind that one defines. Pure.
// Rules: Kubernetes "Extend the API with CustomResourceDefinitions"; apiextensions-apiserver's
// validation, defaults, and controllers of names.
//
// Kept differences, all refused in plain words: a CRD serves exactly one version, which is the
// storage version too; no conversion webhooks; no scale subresource; what schema.h and
// schema_rule.h do not understand.
#pragma once

#include <expected>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/kind.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

// Fills in names.singular, names.listKind and conversion.
void apply_crd_defaults(json::object& crd);

// The kind of a CRD with its defaults. Fails with all that is wrong, its name included (which is
// plural.group).
std::expected<Kind, Causes> kind_of_crd(const json::object& crd);

// Whether its kind is served: status says so.
bool is_established(const json::object& crd);

// Names, group and scope stay as they are: what an update may not change.
Causes check_crd_update(const json::object& crd, const json::object& old);

// Writes status: conditions NamesAccepted and Established, acceptedNames and storedVersions. Names
// that one of `others` (CRDs of any group) has accepted are not accepted again. Times of conditions
// that stay as they are stay as well. Returns whether the kind is established, and may be served.
bool establish_crd(json::object& crd, const std::vector<const json::object*>& others, WallTime now);

}  // namespace holmes::kube
