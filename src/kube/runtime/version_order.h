// Which of two resourceVersions of one resource is older. Versions that cannot be compared are
// neither. (KEP-5504: they are integers.)
#pragma once

#include <compare>
#include <string_view>

#include "kube/core/object.h"

namespace holmes::kube {

inline bool newer(std::string_view a, std::string_view b) {
  return compare_resource_versions(a, b) == std::strong_ordering::greater;
}
inline bool older(std::string_view a, std::string_view b) {
  return compare_resource_versions(a, b) == std::strong_ordering::less;
}

}  // namespace holmes::kube
