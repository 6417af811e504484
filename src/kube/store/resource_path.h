// What the path of a request names. Pure.
// Rules: Kubernetes API concepts, "Resource URIs".
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace holmes::kube {

// "/apis/<group>/<version>/namespaces/<ns>/<plural>/<name>/<subresource>", or "/api/v1/..." for the
// core group. Empty parts are not named.
struct ResourcePath {
  std::string group;
  std::string version;
  std::string ns;
  std::string plural;
  std::string name;
  std::string subresource;
  bool operator==(const ResourcePath&) const = default;
};

// nullopt when it names no resource: another path, or one of discovery.
std::optional<ResourcePath> parse_resource_path(const std::vector<std::string>& segments);

}  // namespace holmes::kube
