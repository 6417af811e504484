// x-kubernetes-validations: the few CEL rules that this API understands. Pure.
// Rules: Kubernetes "Validation rules". Ours is a table and no evaluator: a CRD with any other rule
// is refused, because to accept it and not to check it would be a lie.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

struct SchemaRule {
  std::string rule;
  std::string message;  // "": a standard one that quotes the rule
  std::string reason;   // of the cause: FieldValueInvalid, ...
  bool (*holds)(const json::value& self) = nullptr;

  // One entry of x-kubernetes-validations of a schema of that type ("string"). Fails with what is
  // wrong; `path` is where the entry stands in its CRD.
  static std::expected<SchemaRule, Cause> parse(const json::object& entry, std::string_view type,
                                                const std::string& path);
  // What is wrong with a value at `field`, if anything is.
  [[nodiscard]] std::optional<Cause> check(const json::value& self, const std::string& field) const;
};

}  // namespace holmes::kube
