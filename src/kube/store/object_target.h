// What a request is about.
#pragma once

#include <string>

#include "kube/store/kind_table.h"

namespace holmes::kube {

struct ObjectTarget {
  KindPtr kind;
  ObjectKey key;  // the name is empty for a collection
  std::string subresource{};

  [[nodiscard]] bool status() const { return subresource == "status"; }
};

}  // namespace holmes::kube
