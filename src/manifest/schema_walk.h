// Checks a tree against a structural schema of Kubernetes: the API server's rules, with positions
// and with sentences that say what would be right. Pure.
#pragma once

#include <string>

#include "yaml/yaml_tree.h"

namespace holmes {

// A value with where it belongs.
struct Place {
  std::string path;
  Position owner;  // of its key, for what is missing from it
};

// Understands type, enum, minimum, maximum, minLength, maxLength, maxItems, required, properties,
// additionalProperties, items, x-kubernetes-preserve-unknown-fields and the rule kNotBlankRule.
// As for the API server, a null counts as absent.
void check_schema(const YamlNode& node, const json::object& schema, const Place& place,
                  Report& report);

}  // namespace holmes
