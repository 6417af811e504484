#include "kube/store/custom_kind_check.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/strings.h"
#include "kube/store/field_error.h"
#include "kube/store/label_syntax.h"

namespace holmes::kube {
namespace {

constexpr int64_t kMaxSelectableFields = 8;

bool matches(const std::string& text, const RE2& pattern) {
  return RE2::FullMatch(text, pattern);
}

// nullopt when it is one.
std::optional<std::string> not_a_label(const std::string& text) {
  static const RE2 label("[a-z]([-a-z0-9]*[a-z0-9])?");
  constexpr size_t kMaxBytes = 63;
  std::vector<std::string> wrong;
  if (text.size() > kMaxBytes) wrong.emplace_back("must be no more than 63 bytes");
  if (!matches(text, label)) {
    wrong.emplace_back(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
        "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
  }
  if (wrong.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(wrong, ","));
}

std::optional<std::string> not_a_subdomain(const std::string& text) {
  constexpr size_t kMaxBytes = 253;
  if (text.size() > kMaxBytes) return "must be no more than 253 bytes";
  if (is_dns_subdomain(text)) return std::nullopt;
  return std::string(kSubdomainRule);
}

class Check {
 public:
  explicit Check(const json::object& crd) : crd_(crd) {}

  CrdCheck run() {
    name();
    group();
    scope();
    versions();
    names();
    conversion();
    if (json_bool(crd_, {"spec", "preserveUnknownFields"}) == true) {
      add(field::invalid("spec.preserveUnknownFields", json::value(true),
                         "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                         "spec.versions[*].schema instead"));
    }
    return std::move(found_);
  }

 private:
  void add(Cause cause) { found_.causes.push_back(std::move(cause)); }
  void add_all(Causes causes) { std::ranges::move(causes, std::back_inserter(found_.causes)); }

  void name() {
    const std::string name = json_string_or(crd_, {"metadata", "name"});
    const std::string wanted = json_string_or(crd_, {"spec", "names", "plural"}) + "." +
                               json_string_or(crd_, {"spec", "group"});
    if (auto wrong = not_a_subdomain(name)) {
      add(field::invalid("metadata.name", json::value(name), *wrong));
    }
    if (name != wanted) {
      add(field::invalid("metadata.name", json::value(name),
                         "must be spec.names.plural+\".\"+spec.group"));
    }
  }

  void group() {
    const std::string group = json_string_or(crd_, {"spec", "group"});
    if (group.empty()) return add(field::required("spec.group"));
    if (auto wrong = not_a_subdomain(group)) {
      add(field::invalid("spec.group", json::value(group), *wrong));
    } else if (!group.contains('.')) {
      add(field::invalid("spec.group", json::value(group),
                         "should be a domain with at least one dot"));
    }
  }

  void one_of(const std::string& field, const std::string& value,
              const std::vector<std::string>& supported) {
    if (value.empty()) return add(field::required(field));
    if (std::ranges::find(supported, value) == supported.end()) {
      add(field::not_supported(field, json::value(value), supported));
    }
  }

  void scope() {
    one_of("spec.scope", json_string_or(crd_, {"spec", "scope"}), {"Cluster", "Namespaced"});
  }

  void conversion() {
    const std::string strategy = json_string_or(crd_, {"spec", "conversion", "strategy"}, "None");
    if (strategy == "Webhook") {
      return add(field::forbidden("spec.conversion.strategy",
                                  "this API calls no webhooks and serves one version of a kind, "
                                  "which needs no conversion: use None"));
    }
    one_of("spec.conversion.strategy", strategy, {"None", "Webhook"});
  }

  // --- names ---

  void label(const std::string& field, const std::string& value, bool mixed_case) {
    if (value.empty()) return;
    auto wrong = not_a_label(mixed_case ? to_lower(value) : value);
    if (!wrong) return;
    add(field::invalid(
        field, json::value(value),
        (mixed_case ? "may have mixed case, but should otherwise match: " : "") + *wrong));
  }

  void names() {
    const json::object* given = json_object(crd_, {"spec", "names"});
    const json::object names = given == nullptr ? json::object() : *given;
    const std::string at = "spec.names.";
    for (const char* const name : {"plural", "singular", "kind", "listKind"}) {
      if (json_string_or(names, {name}).empty()) add(field::required(at + name));
    }
    const std::string kind = json_string_or(names, {"kind"});
    const std::string list_kind = json_string_or(names, {"listKind"});
    label(at + "plural", json_string_or(names, {"plural"}), false);
    label(at + "singular", json_string_or(names, {"singular"}), false);
    label(at + "kind", kind, true);
    label(at + "listKind", list_kind, true);
    labels(at + "shortNames", json_array(names, {"shortNames"}));
    if (!kind.empty() && kind == list_kind) {
      add(field::invalid(at + "listKind", json::value(list_kind),
                         "kind and listKind may not be the same"));
    }
    labels(at + "categories", json_array(names, {"categories"}));
  }

  void labels(const std::string& field, const json::array* list) {
    if (list == nullptr) return;
    for (size_t i = 0; i < list->size(); ++i) {
      const std::string at = fmt::format("{}[{}]", field, i);
      const json::value& name = list->at(i);
      if (!name.is_string()) {
        add(field::type_invalid(at, name, "must be a string"));
      } else if (auto wrong = not_a_label(std::string(std::string_view(name.get_string())))) {
        add(field::invalid(at, name, *wrong));
      }
    }
  }

  // --- versions ---

  void versions() {
    const json::value* all = json_find(crd_, {"spec", "versions"});
    const json::array* list = all == nullptr ? nullptr : all->if_array();
    if (list == nullptr || list->empty()) {
      add(field::invalid("spec.versions", list == nullptr ? json::value() : *all,
                         "must have exactly one version marked as storage version"));
      return add(field::invalid("status.storedVersions", json::value(),
                                "must have at least one stored version"));
    }
    std::set<std::string> seen;
    int64_t stored = 0;
    int64_t served = 0;
    for (size_t i = 0; i < list->size(); ++i) {
      const json::value& value = list->at(i);
      if (!value.is_object()) {
        add(field::type_invalid(fmt::format("spec.versions[{}]", i), value, "must be an object"));
        continue;
      }
      const json::object& version = value.get_object();
      this->version(version, i, list->size() == 1);
      seen.insert(json_string_or(version, {"name"}));
      stored += json_bool(version, {"storage"}) == true ? 1 : 0;
      served += json_bool(version, {"served"}) == true ? 1 : 0;
    }
    // The API server shows all versions here, in a form of its own.
    if (seen.size() < list->size()) {
      add(field::invalid("spec.versions", "must contain unique version names"));
    }
    if (stored != 1) {
      add(field::invalid("spec.versions",
                         "must have exactly one version marked as storage version"));
    }
    if (stored == 0) {
      add(field::invalid("status.storedVersions", json::value(),
                         "must have at least one stored version"));
    }
    if (stored == 1 && (served != 1 || found_.served == nullptr)) {
      add(field::forbidden("spec.versions",
                           "this API serves exactly one version of a kind: set served to true "
                           "where storage is true, and to false elsewhere"));
    }
  }

  // Whatever the API server finds in the only version it tells of fields of an older form of CRDs,
  // right below spec.
  void version(const json::object& version, size_t index, bool only) {
    const std::string at = fmt::format("spec.versions[{}]", index);
    const std::string hoisted = only ? "spec" : at;
    const std::string name = json_string_or(version, {"name"});
    if (auto wrong = not_a_label(name)) {
      add(field::invalid(at + ".name", json::value(name), *wrong));
      if (index == 0 && !name.empty()) {
        add(field::invalid("spec.version", json::value(name), *wrong));
      }
    }
    if (json_string(version, {"deprecationWarning"}) &&
        json_bool(version, {"deprecated"}) != true) {
      add(field::invalid(at + ".deprecationWarning", *version.if_contains("deprecationWarning"),
                         "can only be set for deprecated versions"));
    }
    auto schema = this->schema(version, at, only);
    subresources(version, hoisted);
    columns(version, hoisted);
    if (schema != nullptr) selectable(version, *schema, hoisted);
    if (json_bool(version, {"served"}) == true && json_bool(version, {"storage"}) == true) {
      found_.served = &version;
      found_.schema = std::move(schema);
    }
  }

  std::shared_ptr<const Schema> schema(const json::object& version, const std::string& at,
                                       bool only) {
    const json::object* text = json_object(version, {"schema", "openAPIV3Schema"});
    if (text == nullptr) {
      add(field::required(at + ".schema.openAPIV3Schema"));
      return nullptr;
    }
    const std::string path =
        only ? "spec.validation.openAPIV3Schema" : at + ".schema.openAPIV3Schema";
    if (json_object(version, {"subresources", "status"}) != nullptr) root(*text, path);
    if (json_bool(*text, {"nullable"}) == true) {
      add(field::forbidden(path + ".nullable", "nullable cannot be true at the root"));
    }
    auto schema = Schema::parse(*text, path);
    if (schema) return *schema;
    add_all(std::move(schema.error()));
    return nullptr;
  }

  // With a status subresource, what is said at the root would be lost on /status.
  void root(const json::object& schema, const std::string& path) {
    if (const auto type = json_string(schema, {"type"}); type && *type != "object") {
      return add(field::invalid(path + ".type", json::value(*type),
                                "only \"object\" is allowed as the type at the root of the schema "
                                "if the status subresource is enabled"));
    }
    constexpr std::string_view kForbidden[] = {"default",
                                               "enum",
                                               "maxProperties",
                                               "minProperties",
                                               "additionalProperties",
                                               "allOf",
                                               "anyOf",
                                               "oneOf",
                                               "not",
                                               "nullable",
                                               "x-kubernetes-embedded-resource",
                                               "x-kubernetes-int-or-string",
                                               "x-kubernetes-list-map-keys",
                                               "x-kubernetes-list-type",
                                               "x-kubernetes-map-type"};
    if (std::ranges::none_of(kForbidden, [&](std::string_view keyword) {
          return schema.if_contains(keyword) != nullptr;
        })) {
      return;
    }
    // The API server shows the schema here, in a form of its own.
    add(field::invalid(
        path,
        "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum "
        "MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items "
        "Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed "
        "at the root of the schema if the status subresource is enabled"));
  }

  void subresources(const json::object& version, const std::string& at) {
    if (json_object(version, {"subresources", "scale"}) == nullptr) return;
    add(field::forbidden(at + ".subresources.scale",
                         "this API does not serve the scale subresource; remove it"));
  }

  void columns(const json::object& version, const std::string& at) {
    const json::array* columns = json_array(version, {"additionalPrinterColumns"});
    if (columns == nullptr) return;
    for (size_t i = 0; i < columns->size(); ++i) {
      column(columns->at(i), fmt::format("{}.additionalPrinterColumns[{}].", at, i));
    }
  }

  void column(const json::value& column, const std::string& at) {
    static const std::vector<std::string> types = {"boolean", "date", "integer", "number",
                                                   "string"};
    static const std::vector<std::string> formats = {"byte",  "date",  "date-time", "double",
                                                     "float", "int32", "int64",     "password"};
    const auto known = [](const std::vector<std::string>& all, const std::string& one) {
      return std::ranges::find(all, one) != all.end();
    };
    if (json_string_or(column, {"name"}).empty()) add(field::required(at + "name"));
    const std::string type = json_string_or(column, {"type"});
    const std::string one_of = fmt::format("must be one of {}", fmt::join(types, ","));
    if (type.empty()) {
      add(field::required(at + "type", one_of));
    } else if (!known(types, type)) {
      add(field::invalid(at + "type", json::value(type), one_of));
    }
    const std::string format = json_string_or(column, {"format"});
    if (!format.empty() && !known(formats, format)) {
      add(field::invalid(at + "format", json::value(format),
                         fmt::format("must be one of {}", fmt::join(formats, ","))));
    }
    const std::string path = json_string_or(column, {"jsonPath"});
    if (path.empty()) {
      add(field::required(at + "JSONPath"));
    } else if (path[0] != '.') {
      add(field::invalid(at + "JSONPath", json::value(path),
                         "must be a simple json path starting with ."));
    }
  }

  void selectable(const json::object& version, const Schema& schema, const std::string& hoisted) {
    const json::array* fields = json_array(version, {"selectableFields"});
    if (fields == nullptr) return;
    std::set<std::string> seen;
    for (size_t i = 0; i < fields->size(); ++i) {
      const std::string at = fmt::format("{}.selectableFields[{}].jsonPath", hoisted, i);
      const std::string path = json_string_or(fields->at(i), {"jsonPath"});
      if (path.empty()) {
        add(field::required(at));
      } else if (selectable_path(path, schema, at) && !seen.insert(path).second) {
        add(field::duplicate(at, json::value(path)));
      }
    }
    const auto count = static_cast<int64_t>(seen.size());
    if (count > kMaxSelectableFields) {
      add(field::too_many(hoisted + ".selectableFields", count, kMaxSelectableFields));
    }
  }

  // Whether the path leads anywhere.
  bool selectable_path(const std::string& path, const Schema& schema, const std::string& at) {
    const auto wrong = [&](std::string_view words) {
      add(field::invalid(at, json::value(path), words));
    };
    if (path[0] != '.') {
      wrong(fmt::format("is an invalid path: expected [ or . but got: {}",
                        path.substr(0, path.find_first_of(".[]"))));
      return false;
    }
    if (path.contains('[')) {
      wrong("is an invalid path: array notation is not allowed");
      return false;
    }
    const Schema* node = &schema;
    for (const std::string_view name : split(std::string_view(path).substr(1), '.')) {
      const auto found = node->properties.find(name);
      if (found == node->properties.end()) {
        wrong("is an invalid path: does not refer to a valid field");
        return false;
      }
      node = found->second.get();
    }
    if (path.starts_with(".metadata")) wrong("must not point to fields in metadata");
    if (node->type != SchemaType::kString && node->type != SchemaType::kBoolean &&
        node->type != SchemaType::kInteger) {
      wrong(
          "must point to a field of type string, boolean or integer. Enum string fields and "
          "strings with formats are allowed.");
    }
    return true;
  }

  const json::object& crd_;
  CrdCheck found_;
};

}  // namespace

CrdCheck check_crd(const json::object& crd) {
  return Check(crd).run();
}

}  // namespace holmes::kube
