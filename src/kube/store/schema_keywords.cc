#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "kube/store/field_error.h"
#include "kube/store/schema_check.h"

namespace holmes::kube {
namespace {

const std::vector<std::string> kTypes = {"array",  "boolean", "integer",
                                         "number", "object",  "string"};

bool given(const json::object& schema, std::string_view keyword) {
  const json::value* value = schema.if_contains(keyword);
  return value != nullptr && !value->is_null();
}

bool set(const json::object& schema, std::string_view keyword) {
  return json_bool(schema, {keyword}).value_or(false);
}

bool contains(const json::array& array, std::string_view text) {
  return std::ranges::any_of(array, [&](const json::value& item) {
    return item.is_string() && item.get_string() == text;
  });
}

class KeywordCheck {
 public:
  // `no_default`: why a default is forbidden here; "" when it is not.
  void schema(const json::object& schema, const std::string& path, bool root,
              const std::string& no_default) {
    types(schema, path);
    forbidden(schema, path, no_default);
    junctors(schema, path);
    below(schema, path, root, no_default);
    map_type(schema, path);
    list_type(schema, path);
    list_map_keys(schema, path);
  }

  KeywordFindings take() { return std::move(findings_); }

 private:
  void add(Cause cause) { findings_.causes.push_back(std::move(cause)); }

  void types(const json::object& schema, const std::string& path) {
    const std::string type = json_string_or(schema, {"type"});
    if (!type.empty() && std::ranges::find(kTypes, type) == kTypes.end()) {
      add(field::not_supported(path + ".type", json::value(type), kTypes));
    }
    if (type == "null") {
      add(field::forbidden(path + ".type",
                           "type cannot be set to null, use nullable as an alternative"));
    }
  }

  void forbidden(const json::object& schema, const std::string& path,
                 const std::string& no_default) {
    if (given(schema, "default") && !no_default.empty()) {
      add(field::forbidden(path + ".default", "must not be set " + no_default));
    }
    for (const std::string_view keyword :
         {"id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"}) {
      if (given(schema, keyword)) {
        add(field::forbidden(fmt::format("{}.{}", path, keyword),
                             fmt::format("{} is not supported", keyword)));
        findings_.structure_is_readable = false;
      }
    }
    if (const json::array* items = json_array(schema, {"items"}); items && !items->empty()) {
      add(field::forbidden(path + ".items", "items must be a schema object and not an array"));
      findings_.structure_is_readable = false;
    }
    if (set(schema, "uniqueItems")) {
      add(field::forbidden(
          path + ".uniqueItems",
          "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
    }
    if (json_bool(schema, {"x-kubernetes-preserve-unknown-fields"}) == false) {
      add(field::invalid(path + ".x-kubernetes-preserve-unknown-fields", json::value(false),
                         "must be true or undefined"));
      findings_.structure_is_readable = false;
    }
    const json::object* properties = json_object(schema, {"properties"});
    const auto additional = json_bool(schema, {"additionalProperties"});
    if (properties != nullptr && !properties->empty() && given(schema, "additionalProperties") &&
        additional != true) {
      add(field::forbidden(path + ".additionalProperties",
                           "additionalProperties and properties are mutual exclusive"));
    } else if (additional == false) {
      add(field::forbidden(path + ".additionalProperties",
                           "this API does not understand false; leave it out: fields that are not "
                           "specified are removed"));
    }
  }

  // allOf and the like, which the API server takes.
  void junctors(const json::object& schema, const std::string& path) {
    static const json::value int_or_string = {{{"type", "integer"}}, {{"type", "string"}}};
    for (const std::string_view keyword : {"allOf", "anyOf", "oneOf", "not"}) {
      if (!given(schema, keyword)) continue;
      if (keyword == "anyOf" && set(schema, "x-kubernetes-int-or-string") &&
          schema.at(keyword) == int_or_string) {
        continue;
      }
      add(field::forbidden(fmt::format("{}.{}", path, keyword),
                           "this API does not understand it, except in the anyOf of integer and "
                           "string that belongs to x-kubernetes-int-or-string"));
    }
  }

  void below(const json::object& schema, const std::string& path, bool root,
             const std::string& no_default) {
    if (const json::object* additional = json_object(schema, {"additionalProperties"})) {
      this->schema(*additional, path + ".additionalProperties", false, no_default);
    }
    if (const json::object* properties = json_object(schema, {"properties"})) {
      for (const auto& member : *properties) {
        const std::string_view name = member.key();
        const bool meta = root && (name == "metadata" || name == "kind" || name == "apiVersion");
        this->schema(member.value().get_object(), fmt::format("{}.properties[{}]", path, name),
                     false, meta ? fmt::format("in top-level {}", name) : no_default);
      }
    }
    if (const json::object* items = json_object(schema, {"items"})) {
      this->schema(*items, path + ".items", false, no_default);
    }
  }

  // x-kubernetes-list-type is for arrays, x-kubernetes-map-type for objects only.
  void extension_of(const json::object& schema, const std::string& path, std::string_view keyword,
                    std::string_view type) {
    const std::string actual = json_string_or(schema, {"type"});
    if (!given(schema, keyword) || actual == type) return;
    const std::string words = fmt::format("must be {} if {} is specified", type, keyword);
    add(actual.empty() ? field::required(path + ".type", words)
                       : field::invalid(path + ".type", json::value(actual), words));
  }

  void one_of(const json::object& schema, const std::string& path, std::string_view keyword,
              const std::vector<std::string>& supported) {
    const auto value = json_string(schema, {keyword});
    if (value && std::ranges::find(supported, *value) == supported.end()) {
      add(field::not_supported(fmt::format("{}.{}", path, keyword), json::value(*value),
                               supported));
    }
  }

  void map_type(const json::object& schema, const std::string& path) {
    extension_of(schema, path, "x-kubernetes-map-type", "object");
    one_of(schema, path, "x-kubernetes-map-type", {"atomic", "granular"});
  }

  void list_type(const json::object& schema, const std::string& path) {
    constexpr std::string_view kWords =
        "must be atomic as item of a list with x-kubernetes-list-type=set";
    extension_of(schema, path, "x-kubernetes-list-type", "array");
    const auto list = json_string(schema, {"x-kubernetes-list-type"});
    const json::object* items = json_object(schema, {"items"});
    if (list == "set" && items != nullptr) {
      const auto item_type = json_string(*items, {"type"});
      const auto item_list = json_string(*items, {"x-kubernetes-list-type"});
      if (item_type == "array" && item_list.value_or("atomic") != "atomic") {
        add(field::invalid(path + ".items.x-kubernetes-list-type", json::value(*item_list),
                           kWords));
      }
      if (item_type == "object" && json_string(*items, {"x-kubernetes-map-type"}) != "atomic") {
        // The value shown is the list type: so has it the API server.
        add(field::invalid(path + ".items.x-kubernetes-map-type",
                           item_list ? json::value(*item_list) : json::value(), kWords));
      }
    }
    one_of(schema, path, "x-kubernetes-list-type", {"atomic", "set", "map"});
    if ((list == "set" || list == "map") && items != nullptr && set(*items, "nullable")) {
      add(field::forbidden(
          path + ".items.nullable",
          fmt::format("cannot be nullable when x-kubernetes-list-type is {}", *list)));
    }
  }

  void list_map_keys(const json::object& schema, const std::string& path) {
    const auto list = json_string(schema, {"x-kubernetes-list-type"});
    const json::array* keys = json_array(schema, {"x-kubernetes-list-map-keys"});
    const bool has_keys = keys != nullptr && !keys->empty();
    if (has_keys && list != "map") {
      constexpr std::string_view kWords = "must be map if x-kubernetes-list-map-keys is non-empty";
      const std::string at = path + ".x-kubernetes-list-type";
      add(list ? field::invalid(at, json::value(*list), kWords) : field::required(at, kWords));
    }
    if (list != "map") return;
    if (!has_keys) {
      add(field::required(path + ".x-kubernetes-list-map-keys",
                          "must not be empty if x-kubernetes-list-type is map"));
    }
    const json::object* items = json_object(schema, {"items"});
    if (items == nullptr) {
      add(field::required(path + ".items", "must have a schema if x-kubernetes-list-type is map"));
      return;
    }
    const std::string item_type = json_string_or(*items, {"type"});
    if (item_type != "object") {
      add(field::invalid(path + ".items.type", json::value(item_type),
                         "must be object if parent array's x-kubernetes-list-type is map"));
    } else if (has_keys) {
      for (size_t i = 0; i < keys->size(); ++i) map_key(*keys, i, *items, path);
    }
  }

  void map_key(const json::array& keys, size_t index, const json::object& items,
               const std::string& path) {
    const std::string at = path + ".x-kubernetes-list-map-keys";
    const std::string_view key(keys[index].get_string());
    const auto* const self = keys.begin() + static_cast<std::ptrdiff_t>(index);
    if (std::find(keys.begin(), self, *self) != self) {
      add(field::invalid(at, json::value(keys), "must not contain duplicate entries"));
    }
    const json::object* property = json_object(items, {"properties", key});
    if (property == nullptr) {
      add(field::invalid(at, json::value(keys), "entries must all be names of item properties"));
      return;
    }
    const std::string place = fmt::format("{}.items.properties[{}]", path, key);
    const auto type = json_string(*property, {"type"});
    if (type == "array" || type == "object") {
      add(field::invalid(place + ".type", json::value(json_string_or(items, {"type"})),
                         "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    }
    const json::array* required = json_array(items, {"required"});
    if (!given(*property, "default") && (required == nullptr || !contains(*required, key))) {
      add(field::required(place + ".default",
                          "this property is in x-kubernetes-list-map-keys, so it must have a "
                          "default or be a required property"));
    }
    if (set(*property, "nullable")) {
      add(field::forbidden(
          place + ".nullable",
          "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
    }
  }

  KeywordFindings findings_;
};

}  // namespace

KeywordFindings check_schema_keywords(const json::object& schema, const std::string& path) {
  KeywordCheck check;
  check.schema(schema, path, true, "");
  return check.take();
}

}  // namespace holmes::kube
