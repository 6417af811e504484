#include "holmes/tools/arguments.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 100;

std::string_view type_name(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return "string";
    case ParameterType::kBoolean:
      return "boolean";
    case ParameterType::kInteger:
      break;
  }
  return "integer";
}

bool has_type(const json::value& value, ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return value.is_string();
    case ParameterType::kBoolean:
      return value.is_bool();
    case ParameterType::kInteger:
      break;
  }
  return to_int(value).has_value();
}

Status check_names(const json::object& values, std::span<const Parameter> parameters) {
  for (const auto& member : values) {
    const std::string_view key = member.key();
    if (std::ranges::find(parameters, key, &Parameter::name) != parameters.end()) continue;
    if (member.value().is_null()) continue;  // asks for nothing
    std::vector<std::string_view> names;
    for (const Parameter& parameter : parameters) names.push_back(parameter.name);
    return fail(ErrorCode::kInvalid,
                fmt::format("there is no argument '{}'; the arguments are: {}",
                            cut(to_valid_utf8(key), kMaxQuotedBytes), fmt::join(names, ", ")));
  }
  return {};
}

}  // namespace

json::object to_schema(std::span<const Parameter> parameters) {
  json::object properties;
  json::array required;
  for (const Parameter& parameter : parameters) {
    const std::string_view name = type_name(parameter.type);
    properties[parameter.name] = {
        {"type", parameter.required ? json::value(name) : json::value(json::array{name, "null"})},
        {"description", parameter.description}};
    required.push_back(json::value(parameter.name));
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Result<Arguments> Arguments::read(json::object values, std::span<const Parameter> parameters) {
  HOLMES_CHECK(check_names(values, parameters));
  for (const Parameter& parameter : parameters) {
    const auto wrong = [&](std::string_view rule) {
      return fail(ErrorCode::kInvalid, fmt::format("argument '{}' {}", parameter.name, rule));
    };
    json::value* value = values.if_contains(parameter.name);
    if (value == nullptr || value->is_null()) {
      if (parameter.required) return wrong("is missing");
      values.erase(parameter.name);
      continue;
    }
    if (!has_type(*value, parameter.type)) {
      return wrong(fmt::format("must be of type {}{}, is {}", type_name(parameter.type),
                               parameter.required ? "" : " or null", json_kind(*value)));
    }
    if (parameter.type != ParameterType::kString) continue;
    const std::string text(trim(value->get_string()));
    if (text.empty() && parameter.required) return wrong("must not be empty");
    if (text.size() > kMaxArgumentBytes) {
      return wrong(
          fmt::format("must have at most {} bytes, has {}", kMaxArgumentBytes, text.size()));
    }
    *value = to_valid_utf8(text);
  }
  return Arguments(std::move(values));
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
  const std::string text = json_string_or(values_, {name});
  return text.empty() ? std::string(otherwise) : text;
}

bool Arguments::flag(std::string_view name) const {
  return json_bool(values_, {name}).value_or(false);
}

std::optional<int64_t> Arguments::integer(std::string_view name) const {
  return json_int(values_, {name});
}

}  // namespace holmes
