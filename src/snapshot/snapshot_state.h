// Saved objects as a store's state: an API that is loaded with it shows them as they were saved.
// Pure but for the Random.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "async/random.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "kube/store/stored_object.h"

namespace holmes {

inline constexpr size_t kMaxSnapshotObjects = 200'000;

// What ObjectStore::load() takes.
struct SnapshotState {
  std::vector<kube::Stored> objects;
  int64_t version = 0;
  size_t repeated = 0;                    // saved more than once: the last counts
  std::map<std::string, size_t> skipped;  // by "apiVersion, kind": what cannot be served
};

// Statuses, UIDs and timestamps stay as they were saved; managedFields and old resource versions
// go. Namespaces that objects name are made, with `now`, as are uid and creationTimestamp where
// they are missing. Kinds that are not built in become custom ones without a schema: names and
// scope come from a saved CustomResourceDefinition, else from the objects. A kind is served in one
// version, that of its definition or its first object; objects of others are skipped, as are those
// of groups that no definition can have (without a dot). Fails with kTooLarge, or with kInvalid
// when there is no object at all.
Result<SnapshotState> make_snapshot_state(std::vector<json::object> saved, WallTime now,
                                          Random& random);

}  // namespace holmes
