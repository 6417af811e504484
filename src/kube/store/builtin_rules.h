// What the API server fills in and refuses of built-in kinds, as far as checks and their helpers
// meet it; else those are kept as they come. Pure.
#pragma once

#include "base/json.h"
#include "kube/store/kind.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

// On every write, after the metadata is complete; `old` is nullptr for a new object. What the
// server alone may set (a namespace's phase) is set on creation.
void set_builtin_defaults(const Kind& kind, json::object& object, const json::object* old);

Causes validate_builtin(const Kind& kind, const json::object& object, const json::object* old);

}  // namespace holmes::kube
