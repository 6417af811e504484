// What the store serves: one Kind for each resource, built in (builtin_kinds.h) or defined by a
// CustomResourceDefinition (custom_kind.h). Values; pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kube/core/object.h"
#include "kube/store/schema.h"

namespace holmes::kube {

// A column of `kubectl get` (metav1.TableColumnDefinition).
struct PrinterColumn {
  std::string name;
  std::string type;  // "string", "integer", "number", "boolean", "date"
  std::string format{};
  std::string description{};
  int priority = 0;         // above 0: for `-o wide`
  std::string json_path{};  // of custom resources: ".status.phase"
};

struct Kind {
  ResourceType type;
  std::string singular;
  std::string list_kind;
  std::vector<std::string> short_names{};
  std::vector<std::string> categories{};
  // Status is written at /status only, and spec anywhere else only.
  bool has_status = false;
  // metadata.generation counts the changes of everything but metadata and status.
  bool has_generation = false;
  bool has_scale = false;  // scale.h
  // nullptr: built in; kept as it comes.
  std::shared_ptr<const Schema> schema{};
  // Of custom resources, after the name; built-in kinds have tables of their own (table.h).
  std::vector<PrinterColumn> columns{};
  // What field selectors may name beside metadata.name and metadata.namespace: "spec.nodeName".
  std::vector<std::string> selectable_fields{};
};

}  // namespace holmes::kube
