// When two JSON values are the same to the API. Pure.
#pragma once

#include "base/json.h"

namespace holmes::kube {

// Numbers by their value (1 and 1.0 are one number, RFC 6902 section 4.6), objects whatever the
// order of their members.
bool same_json(const json::value& a, const json::value& b);
bool same_json(const json::object& a, const json::object& b);

}  // namespace holmes::kube
