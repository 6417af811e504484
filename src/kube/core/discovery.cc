#include "kube/core/discovery.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxNamedPlaces = 5;

bool is_kind(const json::object& body, std::string_view kind) {
  return json_string(body, {"kind"}) == kind;
}

std::unexpected<Error> not_a(std::string_view kind, const json::object& body) {
  return fail(ErrorCode::kProtocol, fmt::format("expected {} from discovery, got kind '{}'", kind,
                                                cut(json_string_or(body, {"kind"}), 100)));
}

// The objects of an array; anything else is left out.
std::vector<const json::object*> objects(const json::object& parent, JsonPath path) {
  std::vector<const json::object*> found;
  const json::array* array = json_array(parent, path);
  if (array == nullptr) return found;
  for (const json::value& value : *array) {
    if (value.is_object()) found.push_back(&value.get_object());
  }
  return found;
}

std::vector<std::string> texts(const json::object& parent, std::string_view name) {
  std::vector<std::string> found;
  const json::array* array = json_array(parent, {name});
  if (array == nullptr) return found;
  for (const json::value& value : *array) {
    if (value.is_string()) found.emplace_back(json::string_view(value.get_string()));
  }
  return found;
}

// Members that both protocols share; nullopt for what nobody can read.
std::optional<ServedResource> readable_resource(const json::object& entry, std::string plural,
                                                std::string kind) {
  const std::vector<std::string> verbs = texts(entry, "verbs");
  const bool readable = std::ranges::any_of(
      verbs, [](const std::string& verb) { return verb == "get" || verb == "list"; });
  if (!readable || plural.empty() || kind.empty() || plural.find('/') != std::string::npos) {
    return std::nullopt;
  }
  ServedResource resource;
  resource.type.plural = std::move(plural);
  resource.type.kind = std::move(kind);
  resource.short_names = texts(entry, "shortNames");
  return resource;
}

int group_rank(std::string_view group) {
  if (group.empty()) return 0;
  const bool built_in = group.find('.') == std::string_view::npos || group.ends_with(".k8s.io");
  return built_in ? 1 : 2;
}

// 0 for a full name, 1 for a short one, 2 for neither.
int match_rank(const ServedResource& resource, std::string_view name) {
  const ResourceType& type = resource.type;
  for (const std::string_view full : {std::string_view(type.plural), std::string_view(type.kind),
                                      std::string_view(resource.singular)}) {
    if (equals_ignoring_case(full, name)) return 0;
  }
  const size_t dot = name.find('.');
  if (dot != std::string_view::npos && equals_ignoring_case(type.plural, name.substr(0, dot)) &&
      equals_ignoring_case(type.group, name.substr(dot + 1))) {
    return 0;
  }
  const bool is_short = std::ranges::any_of(resource.short_names, [&](const std::string& text) {
    return equals_ignoring_case(text, name);
  });
  return is_short ? 1 : 2;
}

bool is_served_by(const ResourceType& type, std::string_view api_version) {
  return api_version.empty() || type.api_version() == api_version ||
         (!type.group.empty() && type.group == api_version);
}

}  // namespace

Result<std::vector<ServedResource>> parse_group_discovery_list(const json::object& body) {
  if (!is_kind(body, "APIGroupDiscoveryList")) return not_a("an APIGroupDiscoveryList", body);
  std::vector<ServedResource> resources;
  for (const json::object* group : objects(body, {"items"})) {
    const std::string group_name = json_string_or(*group, {"metadata", "name"});
    for (const json::object* version : objects(*group, {"versions"})) {
      for (const json::object* entry : objects(*version, {"resources"})) {
        std::optional<ServedResource> resource =
            readable_resource(*entry, json_string_or(*entry, {"resource"}),
                              json_string_or(*entry, {"responseKind", "kind"}));
        if (!resource) continue;
        resource->type.group = group_name;
        resource->type.version = json_string_or(*version, {"version"});
        resource->type.namespaced = json_string(*entry, {"scope"}) == "Namespaced";
        resource->singular = json_string_or(*entry, {"singularResource"});
        resources.push_back(std::move(*resource));
      }
    }
  }
  return resources;
}

Result<std::vector<ServedResource>> parse_resource_list(const json::object& body) {
  if (!is_kind(body, "APIResourceList")) return not_a("an APIResourceList", body);
  const std::string group_version = json_string_or(body, {"groupVersion"});
  const size_t slash = group_version.find('/');
  const bool core = slash == std::string::npos;
  std::vector<ServedResource> resources;
  for (const json::object* entry : objects(body, {"resources"})) {
    std::optional<ServedResource> resource = readable_resource(
        *entry, json_string_or(*entry, {"name"}), json_string_or(*entry, {"kind"}));
    if (!resource) continue;
    resource->type.group = core ? "" : group_version.substr(0, slash);
    resource->type.version = core ? group_version : group_version.substr(slash + 1);
    resource->type.namespaced = json_bool(*entry, {"namespaced"}).value_or(false);
    resource->singular = json_string_or(*entry, {"singularName"});
    resources.push_back(std::move(*resource));
  }
  return resources;
}

Result<std::vector<std::string>> parse_group_versions(const json::object& body) {
  std::vector<std::string> paths;
  if (is_kind(body, "APIVersions")) {
    for (const std::string& version : texts(body, "versions")) paths.push_back("/api/" + version);
    return paths;
  }
  if (!is_kind(body, "APIGroupList")) return not_a("an APIGroupList", body);
  for (const json::object* group : objects(body, {"groups"})) {
    const std::string preferred = json_string_or(*group, {"preferredVersion", "groupVersion"});
    if (!preferred.empty()) paths.push_back("/apis/" + preferred);
    for (const json::object* version : objects(*group, {"versions"})) {
      const std::string text = json_string_or(*version, {"groupVersion"});
      if (!text.empty() && text != preferred) paths.push_back("/apis/" + text);
    }
  }
  return paths;
}

void ResourceCatalog::add(std::vector<ServedResource> resources) {
  for (ServedResource& resource : resources) {
    if (resources_.size() >= kMaxServedResources) return;
    resources_.push_back(std::move(resource));
  }
}

Result<ResourceType> ResourceCatalog::find(std::string_view name,
                                           std::string_view api_version) const {
  const ServedResource* best = nullptr;
  std::tuple<int, int> best_rank;
  std::vector<std::string> elsewhere;
  for (const ServedResource& resource : resources_) {
    const std::tuple rank{match_rank(resource, name), group_rank(resource.type.group)};
    if (std::get<0>(rank) > 1) continue;
    if (!is_served_by(resource.type, api_version)) {
      if (elsewhere.size() < kMaxNamedPlaces) elsewhere.push_back(resource.type.api_version());
      continue;
    }
    if (best == nullptr || rank < best_rank) {
      best = &resource;
      best_rank = rank;
    }
  }
  if (best != nullptr) return best->type;
  const std::string quoted = cut(to_valid_utf8(name), 100);
  if (api_version.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("the cluster serves no resource named '{}'", quoted));
  }
  const std::string where =
      elsewhere.empty() ? "" : fmt::format("; it exists in {}", fmt::join(elsewhere, ", "));
  return fail(ErrorCode::kNotFound,
              fmt::format("the cluster serves no resource named '{}' in '{}'{}", quoted,
                          cut(to_valid_utf8(api_version), 100), where));
}

}  // namespace holmes::kube
