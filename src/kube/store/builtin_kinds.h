// The kinds that are served without a definition: what checks look at, and what clients need.
#pragma once

#include <vector>

#include "kube/store/kind.h"

namespace holmes::kube {

const std::vector<Kind>& builtin_kinds();

}  // namespace holmes::kube
