// The CustomResourceDefinitions, generated from the same constants that the code uses. Pure.
// deploy/crds holds the output of `holmes crd`; a test keeps the two equal.
#pragma once

#include <string>

#include "base/json.h"

namespace holmes {

// apiextensions.k8s.io/v1, structural schema with limits, defaults and descriptions.
json::object healthcheck_crd();

// Block-style YAML of a JSON value, keys in their order.
std::string to_yaml(const json::value& value);

}  // namespace holmes
