#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/strings.h"
#include "kube/store/field_error.h"
#include "kube/store/schema.h"
#include "kube/store/schema_format.h"
#include "kube/store/schema_place.h"
#include "kube/store/schema_value.h"
#include "kube/store/schema_walk.h"

namespace holmes::kube {
namespace {

// "integer": as JSON Schema names the type of a value.
std::string_view type_text(const json::value& value) {
  if (value.is_int64()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  if (value.is_object()) return "object";
  return value.is_array() ? "array" : "boolean";
}

std::string_view type_text(const Schema& schema) {
  if (schema.int_or_string) return "integer,string";
  switch (schema.type) {
    case SchemaType::kObject:
      return "object";
    case SchemaType::kArray:
      return "array";
    case SchemaType::kString:
      return "string";
    case SchemaType::kInteger:
      return "integer";
    case SchemaType::kNumber:
      return "number";
    case SchemaType::kBoolean:
      return "boolean";
    case SchemaType::kAny:
      break;
  }
  return "";
}

// JSON knows no integers: 5.0 is one.
bool is_integer(const json::value& value) {
  constexpr double kMaxSafe = 9007199254740991.0;
  if (value.is_int64()) return true;
  return value.is_double() && std::trunc(value.get_double()) == value.get_double() &&
         std::abs(value.get_double()) <= kMaxSafe;
}

bool has_type(const json::value& value, const Schema& schema) {
  if (schema.int_or_string) return is_integer(value) || value.is_string();
  switch (schema.type) {
    case SchemaType::kObject:
      return value.is_object();
    case SchemaType::kArray:
      return value.is_array();
    case SchemaType::kString:
      return value.is_string();
    case SchemaType::kInteger:
      return is_integer(value);
    case SchemaType::kNumber:
      return value.is_number();
    case SchemaType::kBoolean:
      return value.is_bool();
    case SchemaType::kAny:
      break;
  }
  return true;
}

// Whether a value of the schema's type string has a format that is looked at.
bool has_format(const Schema& schema) {
  return schema.type == SchemaType::kString && format_check(schema.limits.format) != nullptr;
}

bool is_one_of(const json::value& value, const std::vector<json::value>& allowed) {
  return std::ranges::any_of(allowed, [&](const json::value& one) {
    if (value.is_number() && one.is_number()) {
      return value.to_number<double>() == one.to_number<double>();
    }
    return value == one;
  });
}

// The checks of one value and what is below. Order and words are kube-openapi's.
class Validator {
 public:
  // `prefix`: what stands before places in the fields of causes, but not in messages.
  Validator(std::string prefix, Causes& causes) : prefix_(std::move(prefix)), causes_(causes) {}

  // `old`: the value as it was, nullptr when none corresponds.
  void value(const json::value& value, const Schema& schema, const SchemaPlace& place,
             const json::value* old) {
    const size_t before = causes_.size();
    type(value, schema, place);
    if (value.is_string()) text(std::string_view(value.get_string()), schema, place);
    if (value.is_number()) number(value, schema, place);
    if (const json::array* array = value.if_array()) items(*array, schema, place, old);
    if (!schema.limits.allowed.empty() && !is_one_of(value, schema.limits.allowed)) {
      not_allowed(value, schema, place);
    }
    if (const json::object* object = value.if_object()) {
      members(*object, schema, place, old == nullptr ? nullptr : old->if_object());
    }
    if (old != nullptr && causes_.size() > before && is_unchanged(value, *old, schema)) {
      causes_.resize(before);
    }
  }

  void members(const json::object& object, const Schema& schema, const SchemaPlace& place,
               const json::object* old) {
    const auto count = static_cast<int64_t>(object.size());
    const SchemaLimits& limits = schema.limits;
    if (limits.min_properties && count < *limits.min_properties) {
      wrong(place, json::value(count),
            fmt::format("should have at least {} properties", *limits.min_properties));
    }
    if (limits.max_properties && count > *limits.max_properties) {
      causes_.push_back(field::too_many(field_at(place), count, *limits.max_properties));
    }
    for (const auto& member : object) {
      const std::string_view name = member.key();
      const Schema* known = member_schema(schema, name);
      if (known == nullptr) continue;
      // The type of an object is nothing that could have been so before.
      const bool meta = place.up == nullptr && (name == "kind" || name == "apiVersion");
      value(member.value(), *known, place.property(name),
            old == nullptr || meta ? nullptr : old->if_contains(name));
    }
    for (const std::string& name : schema.required) {
      if (!object.contains(name)) {
        causes_.push_back(field::required(field_at(place.property(name))));
      }
    }
  }

 private:
  [[nodiscard]] std::string field_at(const SchemaPlace& place) const {
    const std::string text = place.text();
    if (prefix_.empty()) return text.empty() ? "<nil>" : text;
    return text.empty() ? prefix_ : prefix_ + "." + text;
  }

  void wrong(const SchemaPlace& place, const json::value& value, std::string_view words) {
    causes_.push_back(
        field::invalid(field_at(place), value, fmt::format("{} in body {}", place.text(), words)));
  }

  void wrong_type(const SchemaPlace& place, std::string_view wanted, std::string_view actual) {
    causes_.push_back(
        field::type_invalid(field_at(place), json::value(actual),
                            fmt::format("{} in body must be of type {}: {}", place.text(), wanted,
                                        field::quoted(actual))));
  }

  void type(const json::value& value, const Schema& schema, const SchemaPlace& place) {
    const std::string_view wanted = type_text(schema);
    if (value.is_null()) {
      if (!wanted.empty() && !schema.nullable) wrong_type(place, wanted, "null");
    } else if (has_format(schema)) {
      // A list passes, and the format is told instead of the type: so has it the API server.
      if (value.is_string() || value.is_array()) return;
      wrong_type(place, schema.limits.format,
                 value.is_int64()    ? "int64"
                 : value.is_double() ? "float64"
                                     : "");
    } else if (!has_type(value, schema)) {
      wrong_type(place, wanted, type_text(value));
    }
  }

  // The first that is wrong of length and pattern; and the format.
  void text(std::string_view text, const Schema& schema, const SchemaPlace& place) {
    const SchemaLimits& limits = schema.limits;
    const auto length =
        static_cast<int64_t>(limits.max_length || limits.min_length ? code_point_count(text) : 0);
    if (limits.max_length && length > *limits.max_length) {
      causes_.push_back(field::too_long(field_at(place), *limits.max_length));
    } else if (limits.min_length && length < *limits.min_length) {
      wrong(place, json::value(text),
            fmt::format("should be at least {} chars long", *limits.min_length));
    } else if (limits.pattern &&
               !RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *limits.pattern)) {
      wrong(place, json::value(text), fmt::format("should match '{}'", limits.pattern_text));
    }
    if (has_format(schema) && !format_check(limits.format)(text)) {
      wrong_type(place, limits.format, text);
    }
  }

  void number(const json::value& value, const Schema& schema, const SchemaPlace& place) {
    const SchemaLimits& limits = schema.limits;
    const auto actual = value.to_number<double>();
    // The API server compares integers with the integral part of a limit, and shows that.
    const auto limit = [&](double number) {
      return value.is_int64() ? std::trunc(number) : number;
    };
    const auto limit_text = [&](double number) {
      return value.is_int64() ? fmt::format("{:.0f}", number) : field::number_text(number);
    };
    if (limits.multiple_of) multiple(value, *limits.multiple_of, place);
    if (limits.minimum) {
      const double minimum = limit(*limits.minimum);
      if (actual < minimum || (limits.exclusive_minimum && actual == minimum)) {
        wrong(place, value,
              fmt::format("should be greater than {}{}",
                          limits.exclusive_minimum ? "" : "or equal to ", limit_text(minimum)));
      }
    }
    if (limits.maximum) {
      const double maximum = limit(*limits.maximum);
      if (actual > maximum || (limits.exclusive_maximum && actual == maximum)) {
        wrong(place, value,
              fmt::format("should be less than {}{}",
                          limits.exclusive_maximum ? "" : "or equal to ", limit_text(maximum)));
      }
    }
  }

  void multiple(const json::value& value, double factor, const SchemaPlace& place) {
    const double step = value.is_int64() ? std::trunc(factor) : factor;
    if (step <= 0) {
      causes_.push_back(
          field::invalid(field_at(place), json::value(step),
                         fmt::format("factor MultipleOf declared for {} must be positive: {}",
                                     place.text(), field::number_text(step))));
      return;
    }
    const auto number = value.to_number<double>();
    const double times = step < 1 ? 1 / step * number : number / step;
    constexpr double kTolerance = 1e-9;
    if (std::abs(times - std::round(times)) > kTolerance * std::max(1.0, std::abs(times))) {
      wrong(place, value, fmt::format("should be a multiple of {}", field::number_text(step)));
    }
  }

  void items(const json::array& array, const Schema& schema, const SchemaPlace& place,
             const json::value* old) {
    if (schema.items != nullptr) {
      const ListMap before(schema, old);
      for (size_t i = 0; i < array.size(); ++i) {
        value(array[i], *schema.items, place.item(i), before.find(array[i]));
      }
    }
    const SchemaLimits& limits = schema.limits;
    const auto count = static_cast<int64_t>(array.size());
    if (limits.min_items && count < *limits.min_items) {
      wrong(place, json::value(count),
            fmt::format("should have at least {} items", *limits.min_items));
    }
    if (limits.max_items && count > *limits.max_items) {
      causes_.push_back(field::too_many(field_at(place), count, *limits.max_items));
    }
  }

  void not_allowed(const json::value& value, const Schema& schema, const SchemaPlace& place) {
    std::vector<std::string> supported;
    for (const json::value& one : schema.limits.allowed) {
      supported.push_back(one.is_string() ? std::string(std::string_view(one.get_string()))
                                          : field::encoded(one));
    }
    causes_.push_back(field::not_supported(field_at(place), value, supported));
  }

  std::string prefix_;
  Causes& causes_;
};

// Rules are not asked about an object that is wrong in these ways.
bool hides_rules(const Cause& cause) {
  return cause.reason == "FieldValueNotSupported" || cause.reason == "FieldValueRequired" ||
         cause.reason == "FieldValueTooLong" || cause.reason == "FieldValueTooMany" ||
         cause.reason == "FieldValueTypeInvalid";
}

// What the schema says beside kube-openapi's keywords: embedded resources, lists, rules.
void check_rest(const json::object& object, const Schema& schema, const json::object* old,
                Causes& causes) {
  std::ranges::move(check_embedded(object, schema), std::back_inserter(causes));
  if (old == nullptr || check_lists(*old, schema).empty()) {
    std::ranges::move(check_lists(object, schema), std::back_inserter(causes));
  }
  if (!schema.has_rules) return;
  if (std::ranges::any_of(causes, hides_rules)) {
    causes.push_back(field::invalid(
        "<nil>", json::value(),
        "some validation rules were not checked because the object was invalid; correct the "
        "existing errors to complete validation"));
    return;
  }
  std::ranges::move(check_rules(object, schema, old), std::back_inserter(causes));
}

}  // namespace

Causes validate(const json::object& object, const Schema& schema, const json::object* old,
                Causes so_far) {
  Causes causes = std::move(so_far);
  Validator(std::string(), causes).members(object, schema, SchemaPlace(), old);
  check_rest(object, schema, old, causes);
  return causes;
}

Causes validate_status(const json::object& object, const Schema& schema, const json::object& old,
                       Causes so_far) {
  Causes causes = std::move(so_far);
  const json::value* status = object.if_contains("status");
  const Schema* known = member_schema(schema, "status");
  if (status != nullptr && known != nullptr) {
    Validator("status", causes).value(*status, *known, SchemaPlace(), old.if_contains("status"));
  }
  check_rest(object, schema, &old, causes);
  return causes;
}

Causes validate_default(const json::value& value, const Schema& schema, const std::string& field) {
  Causes causes;
  Validator(field, causes).value(value, schema, SchemaPlace(), nullptr);
  if (causes.empty()) causes = check_default_rules(value, schema, field);
  return causes;
}

}  // namespace holmes::kube
