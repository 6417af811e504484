// Which kinds a snapshot has, and under which names they are served. Private to snapshot/.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/kind_table.h"

namespace holmes {

class SnapshotKinds {
 public:
  // Defines what is not built in.
  SnapshotKinds(const std::vector<json::object>& saved, WallTime now);

  // nullptr when objects of this kind cannot be served.
  [[nodiscard]] kube::KindPtr find(const json::object& object) const;
  // The definitions, as they are to be stored.
  [[nodiscard]] const std::vector<json::object>& definitions() const { return definitions_; }

 private:
  // What the objects of a kind say about it.
  struct Seen {
    std::string version;  // of the first
    bool namespaced = false;
  };
  void define(const std::string& group, const std::string& kind, const Seen& seen,
              const json::object* saved, WallTime now);

  kube::KindTable builtin_;
  std::map<std::pair<std::string, std::string>, kube::KindPtr> kinds_;  // by apiVersion and kind
  std::vector<json::object> definitions_;
};

// "apps" and "v1" of "apps/v1"; "" and "v1" of "v1".
std::pair<std::string, std::string> split_api_version(std::string_view api_version);

inline constexpr std::string_view kDefinitionKind = "CustomResourceDefinition";

}  // namespace holmes
