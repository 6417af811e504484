#include "kube/store/resource_path.h"

#include <algorithm>
#include <span>

namespace holmes::kube {
namespace {

// What a namespace itself has; everything else behind its name is what it contains.
bool is_namespace_subresource(const std::string& segment) {
  return segment == "status" || segment == "finalize";
}

}  // namespace

std::optional<ResourcePath> parse_resource_path(const std::vector<std::string>& segments) {
  std::span<const std::string> rest(segments);
  ResourcePath path;
  if (rest.size() >= 3 && rest[0] == "api") {
    path.version = rest[1];
    rest = rest.subspan(2);
  } else if (rest.size() >= 4 && rest[0] == "apis") {
    path.group = rest[1];
    path.version = rest[2];
    rest = rest.subspan(3);
  } else {
    return std::nullopt;
  }
  const bool in_namespace = rest[0] == "namespaces" && rest.size() >= 3 &&
                            !(path.group.empty() && is_namespace_subresource(rest[2]));
  if (in_namespace) {
    path.ns = rest[1];
    rest = rest.subspan(2);
  }
  if (rest.size() > 3 || std::ranges::any_of(segments, &std::string::empty)) return std::nullopt;
  path.plural = rest[0];
  if (rest.size() > 1) path.name = rest[1];
  if (rest.size() > 2) path.subresource = rest[2];
  return path;
}

}  // namespace holmes::kube
