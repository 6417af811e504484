// Whether an object is what its path says: its kind, its namespace and its name. Private to the
// store's API. Pure.
#pragma once

#include "base/json.h"
#include "kube/store/object_target.h"
#include "kube/store/refusal.h"
#include "kube/store/write_options.h"

namespace holmes::kube {

// A patch that makes it one of another version.
Answer<void> check_patched_version(const ObjectTarget& target, const json::object& next);
// Where it belongs is said twice, by the path and by the object.
Answer<void> check_place(const ObjectTarget& target, const json::object& object);
// Kind and place; then it says both.
Answer<void> check_identity(const ObjectTarget& target, json::object& object,
                            const WriteOptions& options);

}  // namespace holmes::kube
