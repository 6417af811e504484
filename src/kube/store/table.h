// metav1.Table: what `kubectl get` shows. Pure.
// Rules: Kubernetes API concepts, "Receiving resources as Tables"; the API server's printers.
//
// Kept difference: descriptions of columns are empty where the API server has sentences of its API
// documentation; kubectl does not show them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/kind.h"

namespace holmes::kube {

// ?includeObject=: what rows hold beside their cells.
enum class TableObjects { kNone, kMetadata, kObject };
// "" is Metadata; nullopt for what is none of the three.
std::optional<TableObjects> table_objects(std::string_view include_object);

// `metadata` is that of the list, or of the only object (resourceVersion). Ages count until `now`.
json::object table_of(const Kind& kind, const std::vector<const json::object*>& objects,
                      WallTime now, TableObjects include, json::object metadata);

}  // namespace holmes::kube
