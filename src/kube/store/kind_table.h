// Which kinds are served: the built-in ones, and those that CustomResourceDefinitions define.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/store/kind.h"

namespace holmes::kube {

using KindPtr = std::shared_ptr<const Kind>;

// What CustomResourceDefinitions are stored under.
inline constexpr std::string_view kDefinitions = "customresourcedefinitions.apiextensions.k8s.io";

// "healthchecks.holmesgpt.dev", "pods": under this name the objects of a kind are stored.
std::string stored_name(const ResourceType& type);

class KindTable {
 public:
  KindTable();  // with the built-in kinds

  // nullptr when it is not served.
  [[nodiscard]] KindPtr find(std::string_view group, std::string_view version,
                             std::string_view plural) const;
  [[nodiscard]] KindPtr find_kind(std::string_view api_version, std::string_view kind) const;
  // By the name of its objects in the store.
  [[nodiscard]] KindPtr find_stored(const std::string& name) const;
  // Likewise: whether it is one of our own, which no CustomResourceDefinition may define.
  [[nodiscard]] bool is_built_in(const std::string& name) const;
  // In the order of groups (the core group first), versions and plurals.
  [[nodiscard]] std::vector<KindPtr> all() const;

  // Replaces what that resource was.
  void define(Kind kind);
  void undefine(const ResourceType& type);
  // Grows with every change.
  [[nodiscard]] uint64_t generation() const { return generation_; }

 private:
  struct Key {
    std::string group;
    std::string version;
    std::string plural;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, KindPtr> kinds_;
  uint64_t generation_ = 0;
};

}  // namespace holmes::kube
