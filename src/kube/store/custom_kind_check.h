// What is wrong with a CustomResourceDefinition. Inside of custom_kind.cc.
#pragma once

#include <memory>

#include "base/json.h"
#include "kube/store/refusal.h"
#include "kube/store/schema.h"

namespace holmes::kube {

struct CrdCheck {
  Causes causes;
  // Of a CRD without a cause: the version that is served, and its schema.
  const json::object* served = nullptr;
  std::shared_ptr<const Schema> schema{};
};
CrdCheck check_crd(const json::object& crd);

}  // namespace holmes::kube
