// What the API says about itself: groups, versions, resources. Pure.
// Rules: Kubernetes discovery API (apidiscovery.k8s.io/v2, v1 APIGroupList and APIResourceList).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/store/kind_table.h"

namespace holmes::kube {

struct DiscoveryDoc {
  json::object body;
  std::string content_type = "application/json";
};

// The answer for /version, /api, /apis, /api/v1, /apis/<group> and /apis/<group>/<version>; nullopt
// for any other path, and for groups that are not served.
std::optional<DiscoveryDoc> discovery_doc(const KindTable& kinds,
                                          const std::vector<std::string>& segments,
                                          std::string_view accept);

}  // namespace holmes::kube
