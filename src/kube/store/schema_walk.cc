#include "kube/store/schema_walk.h"

#include <unordered_map>
#include <utility>

#include "kube/store/field_error.h"
#include "kube/store/schema_place.h"
#include "kube/store/schema_value.h"

namespace holmes::kube {
namespace {

constexpr SchemaPlace::Keys kBracketed = SchemaPlace::Keys::kBracketed;

// The key of a list map's item; what it lacks is left out.
json::object key_of_item(const json::value& item, const std::vector<std::string>& names) {
  json::object key;
  for (const std::string& name : names) {
    if (const json::value* part = json_find(item, {name})) key.emplace(name, *part);
  }
  return key;
}

SchemaPlace member_place(const SchemaPlace& place, const Schema& schema, std::string_view name) {
  return schema.properties.contains(name) ? place.property(name) : place.map_key(name);
}

class ListCheck {
 public:
  explicit ListCheck(Causes& causes) : causes_(causes) {}

  void members(const json::object& object, const Schema& schema, const SchemaPlace& place) {
    for (const auto& member : object) {
      if (const Schema* known = member_schema(schema, member.key())) {
        value(member.value(), *known, member_place(place, schema, member.key()));
      }
    }
  }

 private:
  void value(const json::value& value, const Schema& schema, const SchemaPlace& place) {
    if (const json::object* object = value.if_object()) return members(*object, schema, place);
    const json::array* array = value.if_array();
    if (array == nullptr) return;
    if (schema.list_type == ListType::kSet) set(*array, place);
    if (schema.list_type == ListType::kMap) map(*array, schema, place);
    if (schema.items == nullptr) return;
    for (size_t i = 0; i < array->size(); ++i) {
      this->value(array->at(i), *schema.items, place.item(i));
    }
  }

  void set(const json::array& array, const SchemaPlace& place) {
    std::unordered_map<std::string, int> seen;
    for (size_t i = 0; i < array.size(); ++i) {
      // Told once, however often it is repeated.
      if (++seen[field::encoded(array[i])] != 2) continue;
      causes_.push_back(field::duplicate(place.item(i).text(kBracketed), array[i]));
    }
  }

  void map(const json::array& array, const Schema& schema, const SchemaPlace& place) {
    json::array keys;
    for (size_t i = 0; i < array.size(); ++i) {
      if (!array[i].is_null() && !array[i].is_object()) {
        causes_.push_back(field::invalid(place.item(i).text(kBracketed), array[i],
                                         "must be an object for an array of list-type map"));
        return;
      }
      keys.emplace_back(key_of_item(array[i], schema.list_map_keys));
    }
    set(keys, place);
  }

  Causes& causes_;
};

class RuleCheck {
 public:
  // `prefix`: what stands before places in the fields of causes.
  explicit RuleCheck(Causes& causes, std::string prefix = "")
      : prefix_(std::move(prefix)), causes_(causes) {}

  void members(const json::object& object, const Schema& schema, const SchemaPlace& place,
               const json::object* old) {
    for (const auto& member : object) {
      const Schema* known = member_schema(schema, member.key());
      if (known == nullptr || !known->has_rules) continue;
      value(member.value(), *known, member_place(place, schema, member.key()),
            old == nullptr ? nullptr : old->if_contains(member.key()));
    }
  }

  void value(const json::value& value, const Schema& schema, const SchemaPlace& place,
             const json::value* old) {
    if (value.is_null()) return;
    for (const SchemaRule& rule : schema.rules) {
      auto cause = rule.check(value, field_at(place));
      if (cause && (old == nullptr || !is_unchanged(value, *old, schema))) {
        causes_.push_back(std::move(*cause));
      }
    }
    if (const json::object* object = value.if_object()) {
      members(*object, schema, place, old == nullptr ? nullptr : old->if_object());
    } else if (const json::array* array = value.if_array(); array && schema.items) {
      const ListMap before(schema, old);
      for (size_t i = 0; i < array->size(); ++i) {
        this->value(array->at(i), *schema.items, place.item(i), before.find(array->at(i)));
      }
    }
  }

 private:
  [[nodiscard]] std::string field_at(const SchemaPlace& place) const {
    const std::string text = place.text(kBracketed);
    if (prefix_.empty()) return text;
    return text.empty() ? prefix_ : prefix_ + "." + text;
  }

  std::string prefix_;
  Causes& causes_;
};

void embedded(const json::value& value, const Schema& schema, const SchemaPlace& place,
              Causes& causes);

void embedded_members(const json::object& object, const Schema& schema, const SchemaPlace& place,
                      Causes& causes) {
  for (const auto& member : object) {
    if (const Schema* known = member_schema(schema, member.key())) {
      embedded(member.value(), *known, member_place(place, schema, member.key()), causes);
    }
  }
}

void embedded(const json::value& value, const Schema& schema, const SchemaPlace& place,
              Causes& causes) {
  if (const json::array* array = value.if_array(); array && schema.items) {
    for (size_t i = 0; i < array->size(); ++i) {
      embedded(array->at(i), *schema.items, place.item(i), causes);
    }
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return;
  if (schema.embedded_resource) {
    for (const std::string_view name : {"apiVersion", "kind"}) {
      const std::string at = place.property(name).text(kBracketed);
      const json::value* member = object->if_contains(name);
      if (member == nullptr) {
        causes.push_back(field::required(at));
      } else if (!member->is_string()) {
        causes.push_back(field::invalid(at, *member, "must be a string"));
      } else if (member->get_string().empty()) {
        causes.push_back(field::invalid(at, *member, "must not be empty"));
      }
    }
  }
  embedded_members(*object, schema, place, causes);
}

bool is_unchanged_list(const json::array& now, const json::value& old, const Schema& schema) {
  if (schema.list_type != ListType::kMap || schema.items == nullptr) return now == old;
  if (now.size() != old.get_array().size()) return false;
  const ListMap before(schema, &old);
  for (const json::value& item : now) {
    const json::value* old_item = before.find(item);
    if (old_item == nullptr || !is_unchanged(item, *old_item, *schema.items)) return false;
  }
  return true;
}

bool is_unchanged_object(const json::object& now, const json::object& old, const Schema& schema) {
  if (now.size() != old.size()) return false;
  for (const auto& member : now) {
    const Schema* known = member_schema(schema, member.key());
    const json::value* before = old.if_contains(member.key());
    if (known == nullptr || before == nullptr) return false;
    if (!is_unchanged(member.value(), *before, *known)) return false;
  }
  return true;
}

}  // namespace

ListMap::ListMap(const Schema& list, const json::value* old) : list_(list) {
  if (old == nullptr || list.list_type != ListType::kMap || !old->is_array()) return;
  for (const json::value& item : old->get_array()) {
    items_.emplace(field::encoded(key_of_item(item, list.list_map_keys)), &item);
  }
}

const json::value* ListMap::find(const json::value& item) const {
  if (items_.empty() || !item.is_object()) return nullptr;
  const auto found = items_.find(field::encoded(key_of_item(item, list_.list_map_keys)));
  return found == items_.end() ? nullptr : found->second;
}

bool is_unchanged(const json::value& now, const json::value& old, const Schema& schema) {
  if (now.kind() != old.kind()) return now == old;
  if (const json::array* array = now.if_array()) return is_unchanged_list(*array, old, schema);
  if (const json::object* object = now.if_object()) {
    return is_unchanged_object(*object, old.get_object(), schema);
  }
  return now == old;
}

Causes check_embedded(const json::object& object, const Schema& schema) {
  Causes causes;
  embedded_members(object, schema, SchemaPlace(), causes);
  return causes;
}

Causes check_lists(const json::object& object, const Schema& schema) {
  Causes causes;
  ListCheck(causes).members(object, schema, SchemaPlace());
  return causes;
}

Causes check_rules(const json::object& object, const Schema& schema, const json::object* old) {
  Causes causes;
  RuleCheck(causes).members(object, schema, SchemaPlace(), old);
  return causes;
}

Causes check_default_rules(const json::value& value, const Schema& schema,
                           const std::string& field) {
  Causes causes;
  RuleCheck(causes, field).value(value, schema, SchemaPlace(), nullptr);
  return causes;
}

}  // namespace holmes::kube
