// Structural schemas (apiextensions.k8s.io/v1): what a CRD says about its objects, and what the API
// server does with it on every write: prune, default, validate. Pure.
// Rules: Kubernetes "Extend the API with CustomResourceDefinitions": structural schemas, pruning,
// defaulting, field validation; apiextensions-apiserver's messages.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/store/refusal.h"
#include "kube/store/schema_rule.h"

namespace re2 {
class RE2;
}

namespace holmes::kube {

enum class SchemaType { kAny, kObject, kArray, kString, kInteger, kNumber, kBoolean };
enum class ListType { kAtomic, kSet, kMap };

// What a value may be, beside its type.
struct SchemaLimits {
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> multiple_of;
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::optional<int64_t> min_length;  // characters
  std::optional<int64_t> max_length;
  std::optional<int64_t> min_items;
  std::optional<int64_t> max_items;
  std::optional<int64_t> min_properties;
  std::optional<int64_t> max_properties;
  std::string format;  // as it came; schema_format.h says which are looked at
  std::string pattern_text;
  std::shared_ptr<const re2::RE2> pattern;
  std::vector<json::value> allowed;  // enum
};

// One node. Understands type, nullable, format, enum, minimum, maximum, exclusive*, multipleOf,
// minLength, maxLength, pattern, minItems, maxItems, minProperties, maxProperties, required,
// properties, additionalProperties, items, default, x-kubernetes-preserve-unknown-fields,
// -int-or-string, -embedded-resource, -list-type, -list-map-keys, -map-type, -validations. Passes
// over description and the like. allOf, anyOf, oneOf and not are refused, except the anyOf that
// x-kubernetes-int-or-string allows.
struct Schema {
  SchemaType type = SchemaType::kAny;
  std::map<std::string, std::shared_ptr<const Schema>, std::less<>> properties;
  std::shared_ptr<const Schema> additional;  // additionalProperties
  std::shared_ptr<const Schema> items;
  bool preserves_unknown = false;
  bool int_or_string = false;
  bool embedded_resource = false;
  bool nullable = false;
  std::optional<json::value> default_value;
  ListType list_type = ListType::kAtomic;
  std::vector<std::string> list_map_keys;
  bool atomic_map = false;
  std::vector<std::string> required;
  SchemaLimits limits;
  std::vector<SchemaRule> rules;
  bool has_rules = false;  // here or below

  // Fails with what is wrong and where, as the API server says it of a CRD ("spec.validation.
  // openAPIV3Schema.properties[spec].type"); `path` is where the schema stands in its CRD.
  static std::expected<std::shared_ptr<const Schema>, Causes> parse(const json::object& schema,
                                                                    const std::string& path);
};

// Removes what the schema does not know, except under x-kubernetes-preserve-unknown-fields; the
// root's apiVersion, kind and metadata stay. Returns the paths of what was removed, in order
// ("spec.colour"). Nulls of fields that are not nullable and have no default go as well, unsaid.
std::vector<std::string> prune(json::object& object, const Schema& schema);

// Fills in defaults; a null is replaced where the schema has a default and is not nullable.
void apply_defaults(json::object& object, const Schema& schema);

// Numbers without a fraction become integers (5.0 is 5), as in everything that the API server
// encodes. To be done last: what validate() says depends on what was sent.
void settle_numbers(json::object& object);

// All that is wrong with it. With `old`, ratcheting (KEP-4008): what did not change is not
// complained about.
// Goes on from what was found so far: some faults keep rules from being asked.
Causes validate(const json::object& object, const Schema& schema, const json::object* old = nullptr,
                Causes so_far = {});

// The same for a write of /status, which is only about status and in whose words fields count from
// there: "status.phase: Unsupported value: ...".
Causes validate_status(const json::object& object, const Schema& schema, const json::object& old,
                       Causes so_far = {});

}  // namespace holmes::kube
