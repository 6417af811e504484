// What schema.h does with objects, for a value of any type: a default in a schema is one.
#pragma once

#include <string>

#include "base/json.h"
#include "kube/store/schema.h"

namespace holmes::kube {

// The schema of a member, or nullptr when there is none.
const Schema* member_schema(const Schema& schema, std::string_view name);

// Whether the schema knows all of the value.
bool is_pruned(const json::value& value, const Schema& schema);

// What is wrong with a default that stands in the CRD at `field`.
Causes validate_default(const json::value& value, const Schema& schema, const std::string& field);

}  // namespace holmes::kube
