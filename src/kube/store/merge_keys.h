// Which lists of the built-in kinds are merged by element, and by what. Pure.
// Rules: the patch strategies and list types of k8s.io/api.
#pragma once

#include <string_view>

namespace holmes::kube {

struct MergeKey {
  std::string_view parent;  // the member that the list stands in, or in whose elements; "*" is any
  std::string_view field;
  std::string_view key;  // "": the elements are no objects, and each is its own key
  // The other half of the key, for owners of fields; strategic patches do not look at it.
  std::string_view second_key{};
  std::string_view second_default{};
  bool owned_whole = false;  // the fields of an element have no owners of their own
};

// nullptr: such a list is replaced as a whole. `parent` is "" for members of the object itself.
const MergeKey* find_merge_key(std::string_view parent, std::string_view field);

}  // namespace holmes::kube
