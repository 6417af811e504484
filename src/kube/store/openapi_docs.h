// OpenAPI v3, as far as kubectl asks for it: which kinds there are, which parameters their requests
// understand, and the schemas of custom resources. Built-in kinds are objects with any members.
// Pure. Rules: Kubernetes "OpenAPI V3"; kubectl's explain and field validation.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "kube/store/kind_table.h"

namespace holmes::kube {

// openAPIV3Schema as it stands in the definition of a custom kind; nullopt for a built-in one.
using RawSchema = std::function<std::optional<json::object>(const Kind&)>;

// The answer for /openapi/v3 and /openapi/v3/<group version path>; nullopt for any other path.
std::optional<json::object> openapi_doc(const KindTable& kinds,
                                        const std::vector<std::string>& segments,
                                        const RawSchema& raw_schema);

}  // namespace holmes::kube
