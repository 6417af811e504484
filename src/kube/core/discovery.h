// Which kinds a cluster serves, and finding one by any of its names. Pure.
// Rules: Kubernetes discovery API (apidiscovery.k8s.io/v2 APIGroupDiscoveryList, v1 APIGroupList
// and APIResourceList); precedence of names as in kubectl.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/core/object.h"

namespace holmes::kube {

// Of one cluster; more are left out.
inline constexpr size_t kMaxServedResources = 20'000;

struct ServedResource {
  ResourceType type;
  std::string singular;
  std::vector<std::string> short_names;
};

// Both leave out what can be neither got nor listed (reviews, bindings) and subresources. Fail with
// kProtocol when the body is not of that kind.
// Each group's versions come in the server's order of preference.
Result<std::vector<ServedResource>> parse_group_discovery_list(const json::object& body);
// One group and version, of the older protocol.
Result<std::vector<ServedResource>> parse_resource_list(const json::object& body);

// "/api/v1" or "/apis/<group>/<version>" for each group and version in an APIVersions (GET /api) or
// an APIGroupList (GET /apis), the preferred version of a group first.
Result<std::vector<std::string>> parse_group_versions(const json::object& body);

class ResourceCatalog {
 public:
  // Appends, up to kMaxServedResources.
  void add(std::vector<ServedResource> resources);
  [[nodiscard]] bool empty() const { return resources_.empty(); }

  // `name` is a kind, plural, singular or short name, in any case, or "plural.group". `api_version`
  // ("apps/v1") or a group narrows it; "" is any. Of several: full names before short ones, the
  // core group before built-in ones before others, and a group's preferred version first. Fails
  // with kNotFound, saying where the name does exist if anywhere.
  [[nodiscard]] Result<ResourceType> find(std::string_view name,
                                          std::string_view api_version = "") const;

 private:
  std::vector<ServedResource> resources_;
};

}  // namespace holmes::kube
