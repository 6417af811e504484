// Objects seen as fields that have owners: which of them are one value, which are maps, and which
// lists have elements with keys. Pure.
// Rules: Kubernetes "Server-Side Apply", merge strategy; structured-merge-diff.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/store/kind.h"
#include "kube/store/managed_fields.h"
#include "kube/store/merge_keys.h"

namespace holmes::kube {

// Below this many steps everything is one value, so that the owners of an object nest no deeper
// than kMaxJsonDepth.
inline constexpr size_t kMaxFieldDepth = kMaxJsonDepth - 16;

// What is known of the fields at one place of objects of a kind. Under a schema: its list types and
// map types. In built-in kinds and in metadata: merge_keys.h, other lists are one value, and a null
// is nothing. Where a schema keeps unknown fields: lists are one value. Refers to the kind.
class FieldShape {
 public:
  explicit FieldShape(const Kind& kind);

  [[nodiscard]] bool is_map(const json::value& value) const;
  [[nodiscard]] bool is_list(const json::value& value) const;
  [[nodiscard]] FieldShape member(std::string_view name) const;
  [[nodiscard]] FieldShape element() const;
  // A field that the kind names, other than one of a map of anything.
  [[nodiscard]] bool declares(std::string_view name) const;
  [[nodiscard]] bool allows(std::string_view name) const;
  // Whether the fields are those of a schema.
  [[nodiscard]] bool has_schema() const { return knowledge_ == Knowledge::kSchema; }
  // Whether null is a value here.
  [[nodiscard]] bool has_null() const { return knowledge_ != Knowledge::kBuiltIn; }
  // The path element of an element of such a list (managed_fields.h). Fails with kInvalid and the
  // API server's words.
  [[nodiscard]] Result<std::string> key_of(const json::value& element) const;

 private:
  enum class Knowledge { kSchema, kBuiltIn, kNothing, kWhole };
  explicit FieldShape(Knowledge knowledge) : knowledge_(knowledge) {}
  static FieldShape of(const Schema& schema);
  [[nodiscard]] FieldShape below(FieldShape shape) const;
  static FieldShape built_in(std::string_view parent, std::string_view field);

  Knowledge knowledge_;
  const Schema* schema_ = nullptr;
  bool root_ = false;
  size_t depth_ = 0;
  std::string field_;
  const MergeKey* merge_key_ = nullptr;
};

// The fields that an object sets, as its applier owns them.
FieldSet fields_of(const json::object& object, const FieldShape& shape);

struct FieldChanges {
  FieldSet added;
  FieldSet modified;
  FieldSet removed;
};
FieldChanges compare_fields(const json::object& before, const json::object& after,
                            const FieldShape& shape);

// The object with all that `applied` sets. Elements of lists stand in its order.
json::object merge_fields(const json::object& object, const json::object& applied,
                          const FieldShape& shape);

// Takes away the members of `gone` with all that is below them; a map or list that is left empty
// goes as well, unless it is a member of `kept`.
void remove_fields(json::object& object, const FieldShape& shape, const FieldSet& gone,
                   const FieldSet& kept);

// Why an object cannot be applied: fields that the kind does not have, elements without keys or
// with the same ones (".spec.lm: duplicate entries for key [name=\"a\"]").
std::vector<std::string> field_errors(const json::object& object, const FieldShape& shape);

}  // namespace holmes::kube
