#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "kube/store/schema.h"
#include "kube/store/schema_place.h"
#include "kube/store/schema_value.h"

namespace holmes::kube {
namespace {

bool is_meta(std::string_view name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

// Removes unknown members, and keeps their paths.
class Pruning {
 public:
  // `keeps`: the value belongs to a list that is kept as it is.
  void value(json::value& value, const Schema& schema, const SchemaPlace& place,
             bool keeps = false) {
    keeps = keeps || schema.preserves_unknown;
    if (json::array* array = value.if_array()) {
      items(*array, schema, place, keeps);
    } else if (json::object* object = value.if_object()) {
      members(*object, schema, place, {.unknown = keeps, .meta = schema.embedded_resource});
    }
  }

  struct Keeps {
    bool unknown = false;
    bool meta = false;  // a resource's apiVersion, kind and metadata
  };
  void members(json::object& object, const Schema& schema, const SchemaPlace& place, Keeps keeps) {
    for (auto it = object.begin(); it != object.end();) {
      const std::string_view name = it->key();
      const Schema* known = member_schema(schema, name);
      if (keeps.meta && is_meta(name)) {
        ++it;
      } else if (known != nullptr) {
        value(it->value(), *known, place.property(name));
        ++it;
      } else if (keeps.unknown) {
        ++it;
      } else {
        removed_.push_back(place.property(name).text());
        it = object.stable_erase(it);
      }
    }
  }

  std::vector<std::string> removed() {
    std::ranges::sort(removed_);
    return std::move(removed_);
  }

 private:
  void items(json::array& array, const Schema& schema, const SchemaPlace& place, bool keeps) {
    static const Schema nothing;
    if (schema.items == nullptr && keeps) return;
    const Schema& known = schema.items == nullptr ? nothing : *schema.items;
    for (size_t i = 0; i < array.size(); ++i) value(array[i], known, place.item(i), keeps);
  }

  std::vector<std::string> removed_;
};

bool takes_null(const Schema* schema) {
  return schema == nullptr || schema->nullable || schema->default_value.has_value();
}

void remove_nulls(json::value& value, const Schema& schema);

void remove_nulls(json::object& object, const Schema& schema) {
  for (auto it = object.begin(); it != object.end();) {
    const Schema* member = member_schema(schema, it->key());
    if (it->value().is_null() && !takes_null(member)) {
      it = object.erase(it);
    } else {
      if (member != nullptr) remove_nulls(it->value(), *member);
      ++it;
    }
  }
}

void remove_nulls(json::value& value, const Schema& schema) {
  if (json::object* object = value.if_object()) return remove_nulls(*object, schema);
  json::array* array = value.if_array();
  if (array == nullptr || schema.items == nullptr) return;
  for (json::value& item : *array) remove_nulls(item, *schema.items);
}

void fill(json::value& value, const Schema& schema);

void fill_null(json::value& value, const Schema& schema) {
  if (value.is_null() && !schema.nullable && schema.default_value) value = *schema.default_value;
  fill(value, schema);
}

void fill_members(json::object& object, const Schema& schema) {
  for (const auto& [name, property] : schema.properties) {
    if (property->default_value && !object.contains(name)) {
      object.emplace(name, *property->default_value);
    }
  }
  for (auto& member : object) {
    if (const Schema* known = member_schema(schema, member.key())) {
      fill_null(member.value(), *known);
    }
  }
}

void fill(json::value& value, const Schema& schema) {
  if (json::object* object = value.if_object()) return fill_members(*object, schema);
  json::array* array = value.if_array();
  if (array == nullptr || schema.items == nullptr) return;
  for (json::value& item : *array) fill_null(item, *schema.items);
}

void settle(json::value& value) {
  constexpr double kMaxExact = 9007199254740992.0;  // 2^53
  if (json::object* object = value.if_object()) {
    for (auto& member : *object) settle(member.value());
  } else if (json::array* array = value.if_array()) {
    for (json::value& item : *array) settle(item);
  } else if (const double* number = value.if_double(); number != nullptr &&
                                                       std::trunc(*number) == *number &&
                                                       std::abs(*number) <= kMaxExact) {
    value = static_cast<int64_t>(*number);
  }
}

}  // namespace

const Schema* member_schema(const Schema& schema, std::string_view name) {
  const auto found = schema.properties.find(name);
  return found != schema.properties.end() ? found->second.get() : schema.additional.get();
}

std::vector<std::string> prune(json::object& object, const Schema& schema) {
  Pruning pruning;
  pruning.members(object, schema, SchemaPlace(),
                  {.unknown = schema.preserves_unknown, .meta = true});
  remove_nulls(object, schema);
  return pruning.removed();
}

bool is_pruned(const json::value& value, const Schema& schema) {
  json::value copy = value;
  Pruning pruning;
  pruning.value(copy, schema, SchemaPlace());
  return pruning.removed().empty();
}

void apply_defaults(json::object& object, const Schema& schema) {
  fill_members(object, schema);
}

void settle_numbers(json::object& object) {
  for (auto& member : object) settle(member.value());
}

}  // namespace holmes::kube
