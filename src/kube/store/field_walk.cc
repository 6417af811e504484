#include "kube/store/field_walk.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "kube/store/label_syntax.h"
#include "kube/store/same_json.h"

namespace holmes::kube {
namespace {

constexpr std::array<std::string_view, 3> kRootFields{"apiVersion", "kind", "metadata"};

bool is_root_field(std::string_view name) {
  return std::ranges::find(kRootFields, name) != kRootFields.end();
}

// Of one object; what else is wrong with it is told when those are gone.
constexpr size_t kMaxErrors = 100;

std::unexpected<Error> no_key(std::string why) {
  return fail(ErrorCode::kInvalid, std::move(why));
}

// nullptr when the value is nothing.
const json::value* value_in(const json::value* value, const FieldShape& shape) {
  return value == nullptr || (value->is_null() && !shape.has_null()) ? nullptr : value;
}

// By their keys; an element that has none, or the key of an earlier one, is not there.
std::map<std::string, const json::value*> elements_of(const json::array& list,
                                                      const FieldShape& shape) {
  std::map<std::string, const json::value*> out;
  for (const json::value& element : list) {
    if (Result<std::string> key = shape.key_of(element)) out.emplace(std::move(*key), &element);
  }
  return out;
}

std::string name_element(std::string_view name) {
  return fmt::format("f:{}", name);
}

}  // namespace

FieldShape::FieldShape(const Kind& kind)
    : knowledge_(kind.schema ? Knowledge::kSchema : Knowledge::kBuiltIn),
      schema_(kind.schema.get()),
      root_(true) {}

FieldShape FieldShape::of(const Schema& schema) {
  FieldShape shape(Knowledge::kSchema);
  shape.schema_ = &schema;
  return shape;
}

FieldShape FieldShape::built_in(std::string_view parent, std::string_view field) {
  // Selectors of all kinds (selector, nodeSelector, podSelector) are one value to their owners.
  if (field.ends_with("elector")) return FieldShape(Knowledge::kWhole);
  FieldShape shape(Knowledge::kBuiltIn);
  shape.field_ = std::string(field);
  shape.merge_key_ = find_merge_key(parent, field);
  return shape;
}

bool FieldShape::is_map(const json::value& value) const {
  if (!value.is_object() || knowledge_ == Knowledge::kWhole) return false;
  return knowledge_ != Knowledge::kSchema || !schema_->atomic_map;
}

bool FieldShape::is_list(const json::value& value) const {
  if (!value.is_array()) return false;
  if (knowledge_ == Knowledge::kBuiltIn) return merge_key_ != nullptr;
  return knowledge_ == Knowledge::kSchema && schema_->list_type != ListType::kAtomic;
}

FieldShape FieldShape::below(FieldShape shape) const {
  const size_t depth = depth_ + 1;
  if (depth >= kMaxFieldDepth) shape = FieldShape(Knowledge::kWhole);
  shape.depth_ = depth;
  return shape;
}

FieldShape FieldShape::member(std::string_view name) const {
  if (knowledge_ == Knowledge::kBuiltIn || (root_ && is_root_field(name))) {
    return below(built_in(field_, name));
  }
  if (knowledge_ != Knowledge::kSchema) return below(FieldShape(knowledge_));
  const auto property = schema_->properties.find(name);
  if (property != schema_->properties.end()) return below(of(*property->second));
  return below(schema_->additional ? of(*schema_->additional) : FieldShape(Knowledge::kNothing));
}

FieldShape FieldShape::element() const {
  if (knowledge_ == Knowledge::kSchema && schema_->items) return below(of(*schema_->items));
  if (knowledge_ != Knowledge::kBuiltIn) return below(FieldShape(Knowledge::kNothing));
  if (merge_key_ != nullptr && merge_key_->owned_whole) return below(FieldShape(Knowledge::kWhole));
  // Members of elements are looked up by the name of the list.
  return below(built_in("", field_));
}

bool FieldShape::declares(std::string_view name) const {
  if (knowledge_ == Knowledge::kBuiltIn || (root_ && is_root_field(name))) return true;
  return knowledge_ == Knowledge::kSchema && schema_->properties.contains(name);
}

bool FieldShape::allows(std::string_view name) const {
  return knowledge_ != Knowledge::kSchema || declares(name) || schema_->additional ||
         schema_->preserves_unknown || schema_->type != SchemaType::kObject;
}

Result<std::string> FieldShape::key_of(const json::value& element) const {
  std::map<std::string, json::value> keys;
  const json::object* object = element.if_object();
  const auto add = [&](std::string_view name, const json::value* fallback) {
    const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr) value = fallback;
    if (value != nullptr) keys.emplace(name, *value);
  };
  std::vector<std::string> wanted;
  if (knowledge_ == Knowledge::kSchema && schema_->list_type == ListType::kMap) {
    wanted = schema_->list_map_keys;
    for (const std::string& name : wanted) {
      const auto property =
          schema_->items ? schema_->items->properties.find(name) : schema_->properties.end();
      const bool has_default = schema_->items && property != schema_->items->properties.end() &&
                               property->second->default_value.has_value();
      add(name, has_default ? &*property->second->default_value : nullptr);
    }
  } else if (merge_key_ != nullptr && !merge_key_->key.empty()) {
    wanted.emplace_back(merge_key_->key);
    add(merge_key_->key, nullptr);
    const json::value fallback = json::string(merge_key_->second_default);
    if (!merge_key_->second_key.empty() && !keys.empty()) {
      add(merge_key_->second_key, merge_key_->second_default.empty() ? nullptr : &fallback);
    }
  }
  if (wanted.empty()) {
    if (object != nullptr) {
      return no_key("associative list without keys has an element that's a map type");
    }
    return "v:" + to_text(element);
  }
  if (object == nullptr) {
    return no_key("associative list with keys may not have non-map elements");
  }
  if (keys.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : wanted) names.push_back(quoted(name));
    return no_key(
        fmt::format("associative list with keys has an element that omits all key fields [{}] (and "
                    "doesn't have default values for any key fields)",
                    fmt::join(names, " ")));
  }
  return "k:" + to_text(json::object(keys.begin(), keys.end()));
}

namespace {

void collect(const json::value& value, const FieldShape& shape, FieldSet& out) {
  if (shape.is_map(value)) {
    for (const auto& member : value.get_object()) {
      const FieldShape below = shape.member(member.key());
      if (value_in(&member.value(), below) == nullptr) continue;
      FieldSet child;
      collect(member.value(), below, child);
      const json::object* map = member.value().if_object();
      if (!shape.declares(member.key()) || (map != nullptr && map->empty())) child.member = true;
      if (!child.empty()) out.children.emplace(name_element(member.key()), std::move(child));
    }
  } else if (shape.is_list(value)) {
    for (const auto& [key, element] : elements_of(value.get_array(), shape)) {
      FieldSet& child = out.children[key];
      child.member = true;
      collect(*element, shape.element(), child);
    }
  } else {
    out.member = true;
  }
}

// Everything below a value, containers as well.
void collect_all(const json::value& value, const FieldShape& shape, FieldSet& out) {
  out.member = true;
  if (shape.is_map(value)) {
    for (const auto& member : value.get_object()) {
      const FieldShape below = shape.member(member.key());
      if (value_in(&member.value(), below) == nullptr) continue;
      collect_all(member.value(), below, out.children[name_element(member.key())]);
    }
  } else if (shape.is_list(value)) {
    for (const auto& [key, element] : elements_of(value.get_array(), shape)) {
      collect_all(*element, shape.element(), out.children[key]);
    }
  }
}

class Comparison {
 public:
  void run(const json::value* before, const json::value* after, const FieldShape& shape) {
    before = value_in(before, shape);
    after = value_in(after, shape);
    if (before == nullptr && after == nullptr) return;
    if (before == nullptr || after == nullptr) {
      FieldSet& set = place(before == nullptr ? changes.added : changes.removed);
      collect_all(before == nullptr ? *after : *before, shape, set);
    } else if (shape.is_map(*before) && shape.is_map(*after)) {
      maps(before->get_object(), after->get_object(), shape);
    } else if (shape.is_list(*before) && shape.is_list(*after)) {
      lists(before->get_array(), after->get_array(), shape);
    } else if (!same_json(*before, *after)) {
      place(changes.modified).member = true;
    }
  }

  void maps(const json::object& before, const json::object& after, const FieldShape& shape) {
    const auto one = [&](std::string_view name, const json::value* a, const json::value* b) {
      path_.push_back(name_element(name));
      run(a, b, shape.member(name));
      path_.pop_back();
    };
    for (const auto& member : before) {
      one(member.key(), &member.value(), after.if_contains(member.key()));
    }
    for (const auto& member : after) {
      if (!before.contains(member.key())) one(member.key(), nullptr, &member.value());
    }
  }

  FieldChanges changes;

 private:
  void lists(const json::array& before, const json::array& after, const FieldShape& shape) {
    const auto old = elements_of(before, shape);
    const auto now = elements_of(after, shape);
    const auto one = [&](const std::string& key, const json::value* a, const json::value* b) {
      path_.push_back(key);
      run(a, b, shape.element());
      path_.pop_back();
    };
    for (const auto& [key, element] : old) {
      const auto other = now.find(key);
      one(key, element, other == now.end() ? nullptr : other->second);
    }
    for (const auto& [key, element] : now) {
      if (!old.contains(key)) one(key, nullptr, element);
    }
  }

  FieldSet& place(FieldSet& set) const {
    FieldSet* at = &set;
    for (const std::string& element : path_) at = &at->children[element];
    return *at;
  }

  std::vector<std::string> path_;
};

json::value merge(const json::value* value, const json::value& applied, const FieldShape& shape);

struct Element {
  std::string key;
  const json::value* value;
};

std::vector<Element> in_order(const json::array& list, const FieldShape& shape) {
  std::vector<Element> out;
  for (const json::value& element : list) {
    out.push_back({shape.key_of(element).value_or(""), &element});
  }
  return out;
}

// The applied elements keep their order. The others stay before the shared element that they stood
// before, or else as early as they can.
json::array merge_lists(const json::array& list, const json::array& applied,
                        const FieldShape& shape) {
  const std::vector<Element> left = in_order(list, shape);
  const std::vector<Element> right = in_order(applied, shape);
  const auto old = elements_of(list, shape);
  const auto wanted = elements_of(applied, shape);
  std::vector<std::string_view> shared;  // the next one is the last
  for (auto item = right.rbegin(); item != right.rend(); ++item) {
    if (old.contains(item->key)) shared.emplace_back(item->key);
  }
  json::array out;
  size_t next = 0;  // of the left
  for (const Element& item : right) {
    while (next < left.size()) {
      if (!wanted.contains(left[next].key)) {
        out.push_back(*left[next++].value);
      } else if (!shared.empty() && left[next].key != shared.back()) {
        ++next;
      } else {
        break;
      }
    }
    const auto same = old.find(item.key);
    const json::value* before = same == old.end() ? nullptr : same->second;
    out.push_back(merge(before, *item.value, shape.element()));
    if (next < left.size() && (shared.empty() || left[next].key == item.key)) ++next;
    if (!shared.empty() && shared.back() == item.key) shared.pop_back();
  }
  for (; next < left.size(); ++next) {
    if (!wanted.contains(left[next].key)) out.push_back(*left[next].value);
  }
  return out;
}

json::value merge(const json::value* value, const json::value& applied, const FieldShape& shape) {
  if (shape.is_map(applied)) {
    json::object out =
        value != nullptr && value->is_object() ? value->get_object() : json::object();
    for (const auto& member : applied.get_object()) {
      const FieldShape below = shape.member(member.key());
      if (value_in(&member.value(), below) == nullptr) continue;
      const json::value* old = out.if_contains(member.key());
      json::value merged = merge(old, member.value(), below);
      out.insert_or_assign(member.key(), std::move(merged));
    }
    return out;
  }
  if (shape.is_list(applied)) {
    const json::array none;
    const bool has_list = value != nullptr && value->is_array();
    return merge_lists(has_list ? value->get_array() : none, applied.get_array(), shape);
  }
  return applied;
}

const FieldSet* child_of(const FieldSet* set, std::string_view element) {
  if (set == nullptr) return nullptr;
  const auto found = set->children.find(element);
  return found == set->children.end() ? nullptr : &found->second;
}

// True when the value is empty afterwards and was not before.
bool take_away(json::value& value, const FieldShape& shape, const FieldSet& gone,
               const FieldSet* kept) {
  const auto goes = [&](json::value& child, const FieldShape& child_shape, std::string_view element,
                        bool can_be_empty) {
    const FieldSet* set = child_of(&gone, element);
    if (set == nullptr) return false;
    if (set->member) return true;
    const FieldSet* owned = child_of(kept, element);
    return take_away(child, child_shape, *set, owned) && can_be_empty &&
           (owned == nullptr || !owned->member);
  };
  if (shape.is_map(value)) {
    json::object out;
    for (auto& member : value.get_object()) {
      if (!goes(member.value(), shape.member(member.key()), name_element(member.key()), true)) {
        out.emplace(member.key(), std::move(member.value()));
      }
    }
    const bool emptied = out.empty() && !value.get_object().empty();
    value = std::move(out);
    return emptied;
  }
  if (!shape.is_list(value)) return false;
  json::array out;
  for (json::value& element : value.get_array()) {
    const Result<std::string> key = shape.key_of(element);
    if (!key || !goes(element, shape.element(), *key, false)) out.push_back(std::move(element));
  }
  const bool emptied = out.empty() && !value.get_array().empty();
  value = std::move(out);
  return emptied;
}

// Also looks into what has one owner as a whole.
void check(const json::value& value, const FieldShape& shape, const std::string& at,
           std::vector<std::string>& errors) {
  if (errors.size() >= kMaxErrors) return;
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string path = fmt::format("{}.{}", at, std::string_view(member.key()));
      if (shape.allows(member.key())) {
        check(member.value(), shape.member(member.key()), path, errors);
      } else {
        errors.push_back(path + ": field not declared in schema");
      }
    }
  }
  const bool has_keys = shape.is_list(value);
  if (!value.is_array() || !(has_keys || shape.has_schema())) return;
  std::unordered_map<std::string, size_t> seen;
  const json::array& list = value.get_array();
  for (size_t i = 0; i < list.size(); ++i) {
    if (!has_keys) {
      check(list[i], shape.element(), fmt::format("{}[{}]", at, i), errors);
      continue;
    }
    const Result<std::string> key = shape.key_of(list[i]);
    if (!key) {
      errors.push_back(fmt::format("{}: element {}: {}", at, i, key.error().message));
    } else if (!seen.emplace(*key, i).second) {
      errors.push_back(fmt::format("{}: duplicate entries for key {}", at, element_text(*key)));
    } else {
      check(list[i], shape.element(), at + element_text(*key), errors);
    }
  }
}

}  // namespace

FieldSet fields_of(const json::object& object, const FieldShape& shape) {
  FieldSet out;
  collect(object, shape, out);
  return out;
}

FieldChanges compare_fields(const json::object& before, const json::object& after,
                            const FieldShape& shape) {
  Comparison comparison;
  comparison.maps(before, after, shape);
  return std::move(comparison.changes);
}

json::object merge_fields(const json::object& object, const json::object& applied,
                          const FieldShape& shape) {
  const json::value old = object;
  return std::move(merge(&old, applied, shape).get_object());
}

void remove_fields(json::object& object, const FieldShape& shape, const FieldSet& gone,
                   const FieldSet& kept) {
  json::value value = std::move(object);
  take_away(value, shape, gone, &kept);
  object = std::move(value.get_object());
}

std::vector<std::string> field_errors(const json::object& object, const FieldShape& shape) {
  std::vector<std::string> errors;
  check(object, shape, "", errors);
  std::ranges::sort(errors);
  return errors;
}

}  // namespace holmes::kube
