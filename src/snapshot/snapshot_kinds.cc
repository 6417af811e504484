#include "snapshot/snapshot_kinds.h"

#include <utility>

#include "base/strings.h"
#include "kube/store/custom_kind.h"

namespace holmes {
namespace {

// As kubectl guesses when nobody tells.
std::string guess_plural(const std::string& kind) {
  const std::string singular = to_lower(kind);
  if (singular.ends_with('s')) return singular + "es";
  if (singular.ends_with('y')) return singular.substr(0, singular.size() - 1) + "ies";
  return singular + "s";
}

json::object guessed_names(const std::string& kind) {
  return {{"plural", guess_plural(kind)},
          {"singular", to_lower(kind)},
          {"kind", kind},
          {"listKind", kind + "List"}};
}

// What was saved was valid where it was saved: no schema says otherwise.
json::object version_of(const std::string& name, const json::object* saved) {
  json::object version{
      {"name", name},
      {"served", true},
      {"storage", true},
      {"schema", json::object{{"openAPIV3Schema",
                               json::object{{"type", "object"},
                                            {"x-kubernetes-preserve-unknown-fields", true}}}}}};
  const json::array* versions =
      saved == nullptr ? nullptr : json_array(*saved, {"spec", "versions"});
  for (const json::value& own : versions == nullptr ? json::array() : *versions) {
    const json::value* columns = json_find(own, {"additionalPrinterColumns"});
    if (json_string(own, {"name"}) == name && columns != nullptr) {
      version["additionalPrinterColumns"] = *columns;
    }
  }
  return version;
}

}  // namespace

std::pair<std::string, std::string> split_api_version(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1))};
}

SnapshotKinds::SnapshotKinds(const std::vector<json::object>& saved, WallTime now) {
  for (const kube::KindPtr& kind : builtin_.all()) {
    kinds_[{kind->type.api_version(), kind->type.kind}] = kind;
  }
  std::map<std::pair<std::string, std::string>, Seen> seen;                    // group, kind
  std::map<std::pair<std::string, std::string>, const json::object*> defined;  // likewise
  for (const json::object& object : saved) {
    const std::string kind = json_string_or(object, {"kind"});
    const auto [group, version] = split_api_version(json_string_or(object, {"apiVersion"}));
    if (kind == kDefinitionKind) {
      defined[{json_string_or(object, {"spec", "group"}),
               json_string_or(object, {"spec", "names", "kind"})}] = &object;
    }
    if (group.empty() || find(object) != nullptr) continue;
    Seen& of_kind = seen.try_emplace({group, kind}, Seen{version}).first->second;
    of_kind.namespaced |= json_string(object, {"metadata", "namespace"}).has_value();
  }
  for (const auto& [name, of_kind] : seen) {
    const auto own = defined.find(name);
    define(name.first, name.second, of_kind, own == defined.end() ? nullptr : own->second, now);
  }
}

void SnapshotKinds::define(const std::string& group, const std::string& kind, const Seen& seen,
                           const json::object* saved, WallTime now) {
  const json::object* own_names =
      saved == nullptr ? nullptr : json_object(*saved, {"spec", "names"});
  json::object names = own_names == nullptr ? guessed_names(kind) : *own_names;
  const std::string scope = saved == nullptr ? (seen.namespaced ? "Namespaced" : "Cluster")
                                             : json_string_or(*saved, {"spec", "scope"});
  const std::string name = json_string_or(names, {"plural"}) + "." + group;
  json::object definition{
      {"apiVersion", "apiextensions.k8s.io/v1"},
      {"kind", kDefinitionKind},
      {"metadata", json::object{{"name", name},
                                // Else the groups of Kubernetes itself are refused.
                                {"annotations", json::object{{"api-approved.kubernetes.io",
                                                              "unapproved, a snapshot"}}}}},
      {"spec", json::object{{"group", group},
                            {"scope", scope},
                            {"names", std::move(names)},
                            {"versions", json::array{version_of(seen.version, saved)}}}}};
  kube::apply_crd_defaults(definition);
  auto usable = kube::kind_of_crd(definition);
  if (!usable || !kube::establish_crd(definition, {}, now)) return;
  // An old version of a built-in kind would stand among the objects of the one that is served.
  if (builtin_.find_stored(kube::stored_name(usable->type)) != nullptr) return;
  const std::string api_version = usable->type.api_version();
  kinds_[{api_version, kind}] = std::make_shared<const kube::Kind>(*std::move(usable));
  definitions_.push_back(std::move(definition));
}

kube::KindPtr SnapshotKinds::find(const json::object& object) const {
  const auto found =
      kinds_.find({json_string_or(object, {"apiVersion"}), json_string_or(object, {"kind"})});
  return found == kinds_.end() ? nullptr : found->second;
}

}  // namespace holmes
