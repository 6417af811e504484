#include "kube/store/discovery_docs.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/scale.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

constexpr std::string_view kScaleName = "scale";

// A kind that is only ever posted: what clients ask about themselves.
struct Review {
  std::string_view group;
  std::string_view plural;
  std::string_view kind;
};
constexpr std::array<Review, 5> kReviews{{
    {"authentication.k8s.io", "tokenreviews", "TokenReview"},
    {"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"},
    {"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"},
    {"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"},
    {"authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"},
}};

struct Served {
  ResourceType type;
  std::string singular;
  json::array verbs;
  json::array short_names;
  json::array categories;
  std::vector<std::string> subresources;
};

json::array texts(const std::vector<std::string>& strings) {
  return json::array(strings.begin(), strings.end());
}

json::array object_verbs() {
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

Served served_of(const Kind& kind) {
  Served served{.type = kind.type,
                .singular = kind.singular,
                .verbs = object_verbs(),
                .short_names = texts(kind.short_names),
                .categories = texts(kind.categories),
                .subresources = {}};
  if (kind.has_scale) served.subresources.emplace_back(kScaleName);
  if (kind.has_status) served.subresources.emplace_back("status");
  if (kind.type.group.empty() && kind.type.plural == "pods") {
    served.subresources.emplace_back("log");
  }
  return served;
}

using GroupVersion = std::pair<std::string, std::string>;

// In the order of groups and versions; the core group is first.
std::map<GroupVersion, std::vector<Served>> all_served(const KindTable& kinds) {
  std::map<GroupVersion, std::vector<Served>> all;
  for (const KindPtr& kind : kinds.all()) {
    all[{kind->type.group, kind->type.version}].push_back(served_of(*kind));
  }
  for (const Review& review : kReviews) {
    const std::string kind(review.kind);
    all[{std::string(review.group), "v1"}].push_back(
        {.type = {std::string(review.group), "v1", std::string(review.plural), kind, false},
         .singular = to_lower(kind),
         .verbs = {"create"},
         .short_names = {},
         .categories = {},
         .subresources = {}});
  }
  return all;
}

// What a subresource shows.
const ResourceType& answered_with(const Served& served, std::string_view subresource) {
  return subresource == kScaleName ? kScaleType : served.type;
}

json::array subresource_verbs(std::string_view name) {
  if (name == "log") return {"get"};
  return {"get", "patch", "update"};
}

std::string group_version(const GroupVersion& of) {
  return of.first.empty() ? of.second : of.first + "/" + of.second;
}

json::object resource_list(const GroupVersion& of, const std::vector<Served>& resources) {
  json::array list;
  for (const Served& served : resources) {
    json::object entry{{"name", served.type.plural},
                       {"singularName", served.singular},
                       {"namespaced", served.type.namespaced},
                       {"kind", served.type.kind},
                       {"verbs", served.verbs}};
    if (!served.short_names.empty()) entry.emplace("shortNames", served.short_names);
    if (!served.categories.empty()) entry.emplace("categories", served.categories);
    list.push_back(std::move(entry));
    for (const std::string& name : served.subresources) {
      const ResourceType& type = answered_with(served, name);
      json::object below{{"name", served.type.plural + "/" + name},
                         {"singularName", ""},
                         {"namespaced", served.type.namespaced},
                         {"kind", type.kind},
                         {"verbs", subresource_verbs(name)}};
      if (name == kScaleName) {
        below["group"] = type.group;
        below["version"] = type.version;
      }
      list.push_back(std::move(below));
    }
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group_version(of)},
          {"resources", std::move(list)}};
}

json::object response_kind(const ResourceType& type) {
  return {{"group", type.group}, {"version", type.version}, {"kind", type.kind}};
}

json::object discovered(const Served& served) {
  json::object entry{{"resource", served.type.plural},
                     {"responseKind", response_kind(served.type)},
                     {"scope", served.type.namespaced ? "Namespaced" : "Cluster"},
                     {"singularResource", served.singular},
                     {"verbs", served.verbs}};
  if (!served.short_names.empty()) entry.emplace("shortNames", served.short_names);
  if (!served.categories.empty()) entry.emplace("categories", served.categories);
  json::array subresources;
  for (const std::string& name : served.subresources) {
    subresources.push_back(
        json::object{{"subresource", name},
                     {"responseKind", response_kind(answered_with(served, name))},
                     {"verbs", subresource_verbs(name)}});
  }
  if (!subresources.empty()) entry.emplace("subresources", std::move(subresources));
  return entry;
}

json::object aggregated(const KindTable& kinds, bool core) {
  json::array groups;
  for (const auto& [of, resources] : all_served(kinds)) {
    if (of.first.empty() != core) continue;
    json::array list;
    for (const Served& served : resources) list.push_back(discovered(served));
    json::object version{
        {"version", of.second}, {"resources", std::move(list)}, {"freshness", "Current"}};
    json::object metadata;
    if (!core) metadata["name"] = of.first;
    const bool same_group =
        !groups.empty() && json_string_or(groups.back(), {"metadata", "name"}) == of.first && !core;
    if (same_group) {
      groups.back().as_object()["versions"].as_array().push_back(std::move(version));
    } else {
      groups.push_back(
          json::object{{"metadata", std::move(metadata)}, {"versions", json::array{version}}});
    }
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/v2"},
          {"metadata", json::object()},
          {"items", std::move(groups)}};
}

json::object group_of(const KindTable& kinds, const std::string& group) {
  json::array versions;
  for (const auto& [of, resources] : all_served(kinds)) {
    if (of.first != group) continue;
    versions.push_back(json::object{{"groupVersion", group_version(of)}, {"version", of.second}});
  }
  if (versions.empty()) return {};
  json::value preferred = versions.front();
  return {{"name", group},
          {"versions", std::move(versions)},
          {"preferredVersion", std::move(preferred)}};
}

json::object group_list(const KindTable& kinds) {
  json::array groups;
  std::string last;
  for (const auto& [of, resources] : all_served(kinds)) {
    if (of.first.empty() || of.first == last) continue;
    last = of.first;
    groups.push_back(group_of(kinds, of.first));
  }
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

bool wants_aggregated(std::string_view accept) {
  return std::ranges::any_of(split(accept, ','), [](std::string_view range) {
    return range.contains("as=APIGroupDiscoveryList") && range.contains("v=v2") &&
           !range.contains("v=v2beta1");
  });
}

std::optional<DiscoveryDoc> resources_doc(const KindTable& kinds, const GroupVersion& of) {
  const auto all = all_served(kinds);
  const auto found = all.find(of);
  if (found == all.end()) return std::nullopt;
  return DiscoveryDoc{.body = resource_list(of, found->second)};
}

std::optional<DiscoveryDoc> roots_doc(const KindTable& kinds, bool core, std::string_view accept) {
  if (wants_aggregated(accept)) {
    return DiscoveryDoc{.body = aggregated(kinds, core), .content_type = std::string(kAggregated)};
  }
  if (!core) return DiscoveryDoc{.body = group_list(kinds)};
  return DiscoveryDoc{.body = {{"kind", "APIVersions"},
                               {"versions", json::array{"v1"}},
                               {"serverAddressByClientCIDRs", json::array()}}};
}

}  // namespace

std::optional<DiscoveryDoc> discovery_doc(const KindTable& kinds,
                                          const std::vector<std::string>& segments,
                                          std::string_view accept) {
  if (segments.empty()) return std::nullopt;
  const bool core = segments[0] == "api";
  if (!core && segments[0] != "apis") return std::nullopt;
  if (segments.size() == 1) return roots_doc(kinds, core, accept);
  if (core && segments.size() == 2) return resources_doc(kinds, {"", segments[1]});
  if (core) return std::nullopt;
  if (segments.size() == 3) return resources_doc(kinds, {segments[1], segments[2]});
  if (segments.size() != 2) return std::nullopt;
  json::object group = group_of(kinds, segments[1]);
  if (group.empty()) return std::nullopt;
  group["kind"] = "APIGroup";
  group["apiVersion"] = "v1";
  return DiscoveryDoc{.body = std::move(group)};
}

}  // namespace holmes::kube
