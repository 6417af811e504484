// Kubernetes objects that were saved as text: what `kubectl get -o yaml` or `-o json` says, in one
// document or several, as lists or one by one. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace holmes {

inline constexpr size_t kMaxSnapshotFileBytes = size_t{64} << 20U;
// Of a file of YAML, aliases counted at each use: about 200 bytes of memory each, while it is read.
inline constexpr size_t kMaxSnapshotFileNodes = 2'000'000;
inline constexpr size_t kMaxSnapshotListDepth = 4;  // lists of lists

struct SavedObjects {
  std::vector<json::object> objects;  // with apiVersion, kind and metadata.name
  size_t others = 0;                  // documents and items that are no such objects
};

// All objects of a text. Half a text is worse than none, since what is missing looks as if it were
// not there: fails with kInvalid, or kTooLarge, on whatever is not whole, with line and column:
// "12:3: a tab cannot indent YAML; use spaces". The text is JSON when its name ends so or when it
// begins with a brace; a byte order mark is passed over.
Result<SavedObjects> read_saved_objects(std::string_view name, std::string_view text);

}  // namespace holmes
