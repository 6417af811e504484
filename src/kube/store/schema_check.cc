#include "kube/store/schema_check.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "kube/store/field_error.h"

namespace holmes::kube {
namespace {

enum class Level { kRoot, kItem, kField };

// Visits the schemas right below: properties, items and additionalProperties.
void for_each_below(const json::object& schema, const std::string& path,
                    const std::function<void(const json::object& below, const std::string& path,
                                             Level level)>& visit) {
  if (const json::object* items = json_object(schema, {"items"})) {
    visit(*items, path + ".items", Level::kItem);
  }
  if (const json::object* properties = json_object(schema, {"properties"})) {
    for (const auto& member : *properties) {
      if (const json::object* below = member.value().if_object()) {
        visit(*below, fmt::format("{}.properties[{}]", path, std::string_view(member.key())),
              Level::kField);
      }
    }
  }
  if (const json::object* additional = json_object(schema, {"additionalProperties"})) {
    visit(*additional, path + ".additionalProperties", Level::kField);
  }
}

bool set(const json::object& schema, std::string_view keyword) {
  return json_bool(schema, {keyword}).value_or(false);
}

bool given(const json::object& schema, std::string_view keyword) {
  const json::value* value = schema.if_contains(keyword);
  return value != nullptr && !value->is_null();
}

size_t property_count(const json::object& schema) {
  const json::object* properties = json_object(schema, {"properties"});
  return properties == nullptr ? 0 : properties->size();
}

// --- shape ---------------------------------------------------------------------------------------

struct Keyword {
  std::string_view name;
  std::string_view type;
};
constexpr Keyword kKeywords[] = {
    {"additionalProperties", "a schema or a boolean"},
    {"description", "a string"},
    {"enum", "an array"},
    {"exclusiveMaximum", "a boolean"},
    {"exclusiveMinimum", "a boolean"},
    {"format", "a string"},
    {"items", "a schema or an array"},
    {"maxItems", "an integer"},
    {"maxLength", "an integer"},
    {"maxProperties", "an integer"},
    {"maximum", "a number"},
    {"minItems", "an integer"},
    {"minLength", "an integer"},
    {"minProperties", "an integer"},
    {"minimum", "a number"},
    {"multipleOf", "a number"},
    {"nullable", "a boolean"},
    {"pattern", "a string"},
    {"properties", "an object of schemas"},
    {"required", "an array of strings"},
    {"title", "a string"},
    {"type", "a string"},
    {"uniqueItems", "a boolean"},
    {"x-kubernetes-embedded-resource", "a boolean"},
    {"x-kubernetes-int-or-string", "a boolean"},
    {"x-kubernetes-list-map-keys", "an array of strings"},
    {"x-kubernetes-list-type", "a string"},
    {"x-kubernetes-map-type", "a string"},
    {"x-kubernetes-preserve-unknown-fields", "a boolean"},
    {"x-kubernetes-validations", "an array of objects"},
};

bool all_are(const json::value& value, bool (*is)(const json::value&)) {
  return value.is_array() && std::ranges::all_of(value.get_array(), is);
}

bool fits(const json::value& value, std::string_view type) {
  const auto is_object = [](const json::value& v) { return v.is_object(); };
  const auto is_string = [](const json::value& v) { return v.is_string(); };
  if (type == "a string") return value.is_string();
  if (type == "a boolean") return value.is_bool();
  if (type == "an integer") return to_int(value).has_value();
  if (type == "a number") return value.is_number();
  if (type == "an array") return value.is_array();
  if (type == "an array of strings") return all_are(value, is_string);
  if (type == "an array of objects") return all_are(value, is_object);
  if (type == "a schema or a boolean") return value.is_object() || value.is_bool();
  if (type == "a schema or an array") return value.is_object() || value.is_array();
  if (!value.is_object()) return false;  // an object of schemas
  return std::ranges::all_of(value.get_object(),
                             [](const auto& member) { return member.value().is_object(); });
}

void check_shape(const json::object& schema, const std::string& path, Causes& causes) {
  for (const Keyword& keyword : kKeywords) {
    if (!given(schema, keyword.name)) continue;
    const json::value& value = schema.at(keyword.name);
    if (fits(value, keyword.type)) continue;
    causes.push_back(
        field::type_invalid(fmt::format("{}.{}", path, keyword.name), value,
                            fmt::format("must be {}, is {}", keyword.type, json_kind(value))));
  }
  for_each_below(schema, path,
                 [&](const json::object& below, const std::string& below_path, Level /*level*/) {
                   check_shape(below, below_path, causes);
                 });
}

// --- structure -----------------------------------------------------------------------------------

void check_pattern(const json::object& schema, const std::string& path, Causes& causes) {
  const std::string pattern = json_string_or(schema, {"pattern"});
  if (pattern.empty()) return;
  const RE2 compiled(pattern, RE2::Quiet);
  if (compiled.ok()) return;
  static constexpr std::pair<RE2::ErrorCode, std::string_view> kWords[] = {
      {RE2::ErrorBadEscape, "invalid escape sequence"},
      {RE2::ErrorBadCharClass, "invalid character class"},
      {RE2::ErrorBadCharRange, "invalid character class range"},
      {RE2::ErrorMissingBracket, "missing closing ]"},
      {RE2::ErrorMissingParen, "missing closing )"},
      {RE2::ErrorUnexpectedParen, "unexpected )"},
      {RE2::ErrorTrailingBackslash, "trailing backslash at end of expression"},
      {RE2::ErrorRepeatArgument, "missing argument to repetition operator"},
      {RE2::ErrorRepeatSize, "invalid repeat count"},
      {RE2::ErrorRepeatOp, "invalid nested repetition operator"},
      {RE2::ErrorBadPerlOp, "invalid or unsupported Perl syntax"},
      {RE2::ErrorBadUTF8, "invalid UTF-8"},
      {RE2::ErrorBadNamedCapture, "invalid named capture"},
  };
  const auto* const words = std::ranges::find(kWords, compiled.error_code(),
                                              [](const auto& entry) { return entry.first; });
  causes.push_back(field::invalid(
      path + ".pattern", json::value(pattern),
      fmt::format("must be a valid regular expression, but isn't: error parsing regexp: {}: `{}`",
                  words == std::end(kWords) ? compiled.error() : words->second,
                  compiled.error_arg())));
}

void check_type_given(const json::object& schema, const std::string& path, Level level,
                      Causes& causes) {
  const std::string type = json_string_or(schema, {"type"});
  const std::string at = path + ".type";
  if (set(schema, "x-kubernetes-embedded-resource") && type != "object") {
    constexpr std::string_view kWords = "must be object if x-kubernetes-embedded-resource is true";
    causes.push_back(type.empty() ? field::required(at, kWords)
                                  : field::invalid(at, json::value(type), kWords));
  } else if (type.empty() && !set(schema, "x-kubernetes-int-or-string") &&
             !set(schema, "x-kubernetes-preserve-unknown-fields")) {
    causes.push_back(field::required(at, level == Level::kRoot ? "must not be empty at the root"
                                         : level == Level::kItem
                                             ? "must not be empty for specified array items"
                                             : "must not be empty for specified object fields"));
  }
  if (level == Level::kRoot && !type.empty() && type != "object") {
    causes.push_back(field::invalid(at, json::value(type), "must be object at the root"));
  }
}

// A resource's own fields, of which a schema may say little.
void check_meta(const json::object& schema, const std::string& path, Level level, Causes& causes) {
  if (level != Level::kRoot && !set(schema, "x-kubernetes-embedded-resource")) return;
  for (const auto& [name, type] : {std::pair("kind", "string"), std::pair("apiVersion", "string"),
                                   std::pair("metadata", "object")}) {
    const json::object* property = json_object(schema, {"properties", name});
    const std::string actual = property == nullptr ? type : json_string_or(*property, {"type"});
    if (actual == type) continue;
    causes.push_back(field::invalid(fmt::format("{}.properties[{}].type", path, name),
                                    json::value(actual), fmt::format("must be {}", type)));
  }
  const json::object* metadata = json_object(schema, {"properties", "metadata"});
  if (level != Level::kRoot || metadata == nullptr) return;
  const bool only_names = std::ranges::all_of(*metadata, [](const auto& member) {
    const std::string_view name = member.key();
    if (name != "properties") return name == "type" || name == "default";
    return std::ranges::all_of(member.value().get_object(), [](const auto& property) {
      return property.key() == "name" || property.key() == "generateName";
    });
  });
  if (!only_names) {
    causes.push_back(field::forbidden(path + ".properties[metadata]",
                                      "must not specify anything other than name and generateName, "
                                      "but metadata is implicitly specified"));
  }
}

void check_extensions(const json::object& schema, const std::string& path, Level level,
                      Causes& causes) {
  const bool embedded = set(schema, "x-kubernetes-embedded-resource");
  if (set(schema, "x-kubernetes-int-or-string")) {
    for (const std::string_view other :
         {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"}) {
      if (!set(schema, other)) continue;
      causes.push_back(field::invalid(fmt::format("{}.{}", path, other), json::value(true),
                                      "must be false if x-kubernetes-int-or-string is true"));
    }
  }
  const bool additional = given(schema, "additionalProperties");
  if (additional && level == Level::kRoot) {
    causes.push_back(
        field::forbidden(path + ".additionalProperties", "must not be used at the root"));
  }
  if (additional && embedded) {
    causes.push_back(field::forbidden(path + ".additionalProperties",
                                      "must not be used if x-kubernetes-embedded-resource is set"));
  }
  if (embedded && !set(schema, "x-kubernetes-preserve-unknown-fields") &&
      property_count(schema) == 0) {
    causes.push_back(
        field::required(path + ".properties",
                        "must not be empty if x-kubernetes-embedded-resource is true without "
                        "x-kubernetes-preserve-unknown-fields"));
  }
}

void check_structure(const json::object& schema, const std::string& path, Level level,
                     Causes& causes) {
  if (json_string(schema, {"type"}) == "array" && !given(schema, "items")) {
    causes.push_back(field::required(path + ".items", "must be specified"));
  }
  for_each_below(schema, path,
                 [&](const json::object& below, const std::string& below_path, Level below_level) {
                   check_structure(below, below_path, below_level, causes);
                 });
  check_extensions(schema, path, level, causes);
  check_pattern(schema, path, causes);
  check_type_given(schema, path, level, causes);
  check_meta(schema, path, level, causes);
}

}  // namespace

Causes check_schema_shape(const json::object& schema, const std::string& path) {
  Causes causes;
  check_shape(schema, path, causes);
  return causes;
}

Causes check_schema_structure(const json::object& schema, const std::string& path) {
  Causes causes;
  check_structure(schema, path, Level::kRoot, causes);
  std::ranges::sort(causes, {},
                    [](const Cause& cause) { return cause.field + ": " + cause.message; });
  return causes;
}

}  // namespace holmes::kube
