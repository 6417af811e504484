#include "kube/store/schema.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/assert.h"
#include "kube/store/field_error.h"
#include "kube/store/schema_check.h"
#include "kube/store/schema_value.h"

namespace holmes::kube {
namespace {

std::vector<std::string> strings(const json::object& schema, std::string_view keyword) {
  std::vector<std::string> texts;
  if (const json::array* array = json_array(schema, {keyword})) {
    for (const json::value& text : *array) texts.emplace_back(std::string_view(text.get_string()));
  }
  return texts;
}

SchemaType type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, SchemaType> kTypes[] = {
      {"object", SchemaType::kObject}, {"array", SchemaType::kArray},
      {"string", SchemaType::kString}, {"integer", SchemaType::kInteger},
      {"number", SchemaType::kNumber}, {"boolean", SchemaType::kBoolean},
  };
  for (const auto& [text, type] : kTypes) {
    if (text == name) return type;
  }
  return SchemaType::kAny;
}

SchemaLimits read_limits(const json::object& schema) {
  SchemaLimits limits;
  limits.minimum = json_number(schema, {"minimum"});
  limits.maximum = json_number(schema, {"maximum"});
  limits.multiple_of = json_number(schema, {"multipleOf"});
  limits.exclusive_minimum = json_bool(schema, {"exclusiveMinimum"}).value_or(false);
  limits.exclusive_maximum = json_bool(schema, {"exclusiveMaximum"}).value_or(false);
  limits.min_length = json_int(schema, {"minLength"});
  limits.max_length = json_int(schema, {"maxLength"});
  limits.min_items = json_int(schema, {"minItems"});
  limits.max_items = json_int(schema, {"maxItems"});
  limits.min_properties = json_int(schema, {"minProperties"});
  limits.max_properties = json_int(schema, {"maxProperties"});
  limits.format = json_string_or(schema, {"format"});
  limits.pattern_text = json_string_or(schema, {"pattern"});
  if (!limits.pattern_text.empty()) {
    limits.pattern = std::make_shared<const RE2>(limits.pattern_text, RE2::Quiet);
  }
  if (const json::array* allowed = json_array(schema, {"enum"})) {
    limits.allowed.assign(allowed->begin(), allowed->end());
  }
  return limits;
}

// Builds what was checked; only rules may still be wrong.
class SchemaBuilder {
 public:
  std::shared_ptr<const Schema> build(const json::object& text, const std::string& path) {
    auto schema = std::make_shared<Schema>();
    schema->type = type_of(json_string_or(text, {"type"}));
    const auto set = [&](std::string_view keyword) {
      return json_bool(text, {keyword}).value_or(false);
    };
    schema->preserves_unknown = set("x-kubernetes-preserve-unknown-fields");
    schema->int_or_string = set("x-kubernetes-int-or-string");
    schema->embedded_resource = set("x-kubernetes-embedded-resource");
    schema->nullable = set("nullable");
    if (const json::value* value = text.if_contains("default"); value && !value->is_null()) {
      schema->default_value = *value;
    }
    const auto list = json_string(text, {"x-kubernetes-list-type"});
    schema->list_type = list == "map"   ? ListType::kMap
                        : list == "set" ? ListType::kSet
                                        : ListType::kAtomic;
    schema->list_map_keys = strings(text, "x-kubernetes-list-map-keys");
    schema->atomic_map = json_string(text, {"x-kubernetes-map-type"}) == "atomic";
    schema->required = strings(text, "required");
    schema->limits = read_limits(text);
    read_rules(*schema, text, path);
    read_below(*schema, text, path);
    return schema;
  }

  Causes causes;

 private:
  void read_rules(Schema& schema, const json::object& text, const std::string& path) {
    const json::array* rules = json_array(text, {"x-kubernetes-validations"});
    if (rules == nullptr) return;
    for (size_t i = 0; i < rules->size(); ++i) {
      auto rule = SchemaRule::parse(rules->at(i).get_object(), json_string_or(text, {"type"}),
                                    fmt::format("{}.x-kubernetes-validations[{}]", path, i));
      if (rule) {
        schema.rules.push_back(std::move(*rule));
      } else {
        causes.push_back(std::move(rule.error()));
      }
    }
    schema.has_rules = !schema.rules.empty();
  }

  void read_below(Schema& schema, const json::object& text, const std::string& path) {
    const auto child = [&](const json::object& below, const std::string& below_path) {
      auto built = build(below, below_path);
      schema.has_rules = schema.has_rules || built->has_rules;
      return built;
    };
    if (const json::object* properties = json_object(text, {"properties"})) {
      for (const auto& member : *properties) {
        const std::string name(member.key());
        schema.properties.emplace(
            name, child(member.value().get_object(), fmt::format("{}.properties[{}]", path, name)));
      }
    }
    if (const json::object* additional = json_object(text, {"additionalProperties"})) {
      schema.additional = child(*additional, path + ".additionalProperties");
    } else if (json_bool(text, {"additionalProperties"}) == true) {
      schema.additional = std::make_shared<const Schema>();
    }
    if (const json::object* items = json_object(text, {"items"})) {
      schema.items = child(*items, path + ".items");
    }
  }
};

void check_defaults(const Schema& schema, const std::string& path, Causes& causes) {
  if (schema.default_value) {
    const std::string field = path + ".default";
    if (!is_pruned(*schema.default_value, schema)) {
      causes.push_back(
          field::invalid(field, *schema.default_value, "must not have unknown fields"));
    }
    std::ranges::move(validate_default(*schema.default_value, schema, field),
                      std::back_inserter(causes));
  }
  if (schema.items) check_defaults(*schema.items, path + ".items", causes);
  for (const auto& [name, property] : schema.properties) {
    check_defaults(*property, fmt::format("{}.properties[{}]", path, name), causes);
  }
}

}  // namespace

std::expected<std::shared_ptr<const Schema>, Causes> Schema::parse(const json::object& schema,
                                                                   const std::string& path) {
  Causes causes = check_schema_shape(schema, path);
  if (!causes.empty()) return std::unexpected(std::move(causes));
  KeywordFindings keywords = check_schema_keywords(schema, path);
  if (keywords.structure_is_readable) causes = check_schema_structure(schema, path);
  SchemaBuilder builder;
  std::shared_ptr<const Schema> built;
  if (causes.empty() && keywords.structure_is_readable) {
    built = builder.build(schema, path);
    check_defaults(*built, path, causes);
  }
  std::ranges::move(keywords.causes, std::back_inserter(causes));
  std::ranges::move(builder.causes, std::back_inserter(causes));
  if (!causes.empty()) return std::unexpected(std::move(causes));
  HOLMES_ASSERT(built != nullptr);
  return built;
}

}  // namespace holmes::kube
