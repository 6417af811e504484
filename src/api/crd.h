// The CustomResourceDefinitions, generated from the same constants that the code uses. Pure.
// deploy/crds/holmes.yaml holds the output of `holmes crd`; a test keeps the two equal.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace holmes {

// apiextensions.k8s.io/v1, structural schema with limits, defaults and descriptions.
json::object healthcheck_crd();
json::object scheduledhealthcheck_crd();

// The only CEL rule of the schemas.
inline constexpr std::string_view kNotBlankRule = "self.trim().size() > 0";

// All of them, as `holmes crd` prints them: one YAML document each.
std::string crds_yaml();

// Block-style YAML of a JSON value, keys in their order.
std::string to_yaml(const json::value& value);

}  // namespace holmes
