#include "kube/store/kind_table.h"

#include "kube/store/builtin_kinds.h"

namespace holmes::kube {

std::string stored_name(const ResourceType& type) {
  // Both groups of events show the same objects.
  if (type.plural == "events" && type.group == "events.k8s.io") return "events";
  return type.group.empty() ? type.plural : type.plural + "." + type.group;
}

KindTable::KindTable() {
  for (const Kind& kind : builtin_kinds()) define(kind);
}

KindPtr KindTable::find(std::string_view group, std::string_view version,
                        std::string_view plural) const {
  const auto found = kinds_.find({std::string(group), std::string(version), std::string(plural)});
  return found == kinds_.end() ? nullptr : found->second;
}

KindPtr KindTable::find_kind(std::string_view api_version, std::string_view kind) const {
  for (const auto& [key, candidate] : kinds_) {
    if (candidate->type.kind == kind && candidate->type.api_version() == api_version) {
      return candidate;
    }
  }
  return nullptr;
}

KindPtr KindTable::find_stored(const std::string& name) const {
  for (const auto& [key, candidate] : kinds_) {
    if (stored_name(candidate->type) == name) return candidate;
  }
  return nullptr;
}

bool KindTable::is_built_in(const std::string& name) const {
  const KindPtr kind = find_stored(name);
  return kind != nullptr && kind->schema == nullptr;
}

std::vector<KindPtr> KindTable::all() const {
  std::vector<KindPtr> kinds;
  for (const auto& [key, kind] : kinds_) kinds.push_back(kind);
  return kinds;
}

void KindTable::define(Kind kind) {
  Key key{kind.type.group, kind.type.version, kind.type.plural};
  kinds_[std::move(key)] = std::make_shared<const Kind>(std::move(kind));
  ++generation_;
}

void KindTable::undefine(const ResourceType& type) {
  kinds_.erase({type.group, type.version, type.plural});
  ++generation_;
}

}  // namespace holmes::kube
