#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/merge_keys.h"
#include "kube/store/patch.h"
#include "kube/store/same_json.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kPatch = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList";
constexpr std::string_view kSetOrder = "$setElementOrder";

// Messages quote parts of patches and objects up to this size.
constexpr size_t kMaxMessageBytes = 4096;

constexpr std::string_view kBadOrderList = "invalid patch format of setElementOrder list";
constexpr std::string_view kBadRetainKeys = "invalid patch format of retainKeys";
constexpr std::string_view kBadPrimitiveList = "invalid patch format of primitive list";

using Places = std::unordered_map<std::string, size_t>;

// The API server has no code of its own for these.
std::unexpected<Refusal> refused(std::string_view message) {
  Refusal refusal;
  refusal.message = cut(message, kMaxMessageBytes);
  return refuse(std::move(refusal));
}

// As Go prints a value, which is what the API server's messages have.
std::string go_text(const json::value& value) {
  if (value.is_null()) return "<nil>";
  if (value.is_string()) return std::string(value.get_string());
  std::vector<std::string> parts;
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      parts.push_back(
          fmt::format("{}:{}", std::string_view(member.key()), go_text(member.value())));
    }
    std::ranges::sort(parts);
    return fmt::format("map[{}]", fmt::join(parts, " "));
  }
  const json::array* array = value.if_array();
  if (array == nullptr) return to_text(value);
  for (const json::value& item : *array) parts.push_back(go_text(item));
  return fmt::format("[{}]", fmt::join(parts, " "));
}

std::string_view go_type(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "<nil>";
    case json::kind::bool_:
      return "bool";
    case json::kind::string:
      return "string";
    case json::kind::double_:
      return "float64";
    case json::kind::array:
      return "[]interface {}";
    case json::kind::object:
      return "map[string]interface {}";
    case json::kind::int64:
    case json::kind::uint64:
      break;
  }
  return "int64";
}

// What "x" is in "$setElementOrder/x", "" without a slash; nullopt when it is another member.
std::optional<std::string_view> directed(std::string_view member, std::string_view directive) {
  if (!member.starts_with(directive)) return std::nullopt;
  const size_t slash = member.find('/');
  return slash == directive.size() ? member.substr(slash + 1) : "";
}

bool is_directive(std::string_view member) {
  return member == kPatch || member == kRetainKeys || member.starts_with(kDeleteFrom) ||
         member.starts_with(kSetOrder);
}

bool is_special(const json::value& value) {
  return value.is_object() && value.get_object().contains(kPatch);
}

// What a patch's value is where nothing stands yet: without directives, and without nulls.
json::value plain(const json::value& value) {
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& item : *array) {
      if (!is_special(item)) out.push_back(plain(item));
    }
    return out;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  json::object out;
  for (const auto& member : *object) {
    if (is_directive(member.key()) || member.value().is_null() || is_special(member.value())) {
      continue;
    }
    out.emplace(member.key(), plain(member.value()));
  }
  return out;
}

// What tells elements of a list apart; nullopt for an object without its key.
std::optional<std::string> id_of(const json::value& element, std::string_view key) {
  if (key.empty()) return to_text(element);
  const json::value* value = json_find(element, {key});
  return value == nullptr ? std::nullopt : std::optional(to_text(*value));
}

std::unexpected<Refusal> no_merge_key(const json::value& element, std::string_view key) {
  return refused(
      fmt::format("map: {} does not contain declared merge key: {}", go_text(element), key));
}

// The first place of each element.
Places places_of(const json::array& list, std::string_view key) {
  Places places;
  for (size_t i = 0; i < list.size(); ++i) {
    if (auto id = id_of(list[i], key)) places.emplace(std::move(*id), i);
  }
  return places;
}

// Elements that the wanted order names stand in that order; of those and the others, the one that
// stood first in `before` comes first where both did stand there.
json::array ordered(const json::array& list, const Places& wanted, const json::array& before,
                    std::string_view key) {
  const Places old = places_of(before, key);
  struct Item {
    const json::value* value;
    std::optional<size_t> place;  // in the wanted order, or the old one
    std::optional<size_t> old_place;
    size_t at;
    auto operator<=>(const Item& other) const {
      return std::tie(place, at) <=> std::tie(other.place, other.at);
    }
    bool operator==(const Item& other) const = default;
  };
  const auto place_in = [](const Places& places, const std::optional<std::string>& id) {
    const auto at = id ? places.find(*id) : places.end();
    return at == places.end() ? std::nullopt : std::optional(at->second);
  };
  std::vector<Item> named;
  std::vector<Item> others;
  for (const json::value& element : list) {
    const std::optional<std::string> id = id_of(element, key);
    const std::optional<size_t> place = place_in(wanted, id);
    const std::optional<size_t> old_place = place_in(old, id);
    std::vector<Item>& items = place ? named : others;
    items.push_back({&element, place ? place : old_place, old_place, items.size()});
  }
  std::ranges::sort(named);
  std::ranges::sort(others);
  json::array out;
  size_t next = 0;
  for (const Item& item : others) {
    while (next < named.size() &&
           !(item.old_place && named[next].old_place && *item.old_place < *named[next].old_place)) {
      out.push_back(*named[next++].value);
    }
    out.push_back(*item.value);
  }
  for (; next < named.size(); ++next) out.push_back(*named[next].value);
  return out;
}

// Patch and list must go together: what the patch adds or changes stands in the same order.
Answer<void> check_order(const json::array& patch, const json::array& order, std::string_view key) {
  if (patch.empty() || order.empty()) return {};
  size_t at = 0;
  for (const json::value& element : patch) {
    if (!key.empty() && is_special(element)) continue;
    const std::optional<std::string> id = id_of(element, key);
    if (!id) return no_merge_key(element, key);
    std::optional<std::string> other;
    while (at < order.size() && other != id) {
      other = id_of(order[at], key);
      if (!other) return no_merge_key(order[at], key);
      ++at;
    }
    if (other != id) {
      return refused(fmt::format("The order in patch list:\n{}\n doesn't match {} list:\n{}\n",
                                 go_text(json::value(patch)), kSetOrder,
                                 go_text(json::value(order))));
    }
  }
  return {};
}

Answer<void> check_same_types(const json::array& original, const json::array& patch) {
  const json::value& first = original.empty() ? patch.front() : original.front();
  for (const json::array* list : {&original, &patch}) {
    for (const json::value& element : *list) {
      if (element.is_null() || go_type(element) != go_type(first)) {
        return refused(fmt::format("list element types are not identical: [{} {}]",
                                   go_text(json::value(original)), go_text(json::value(patch))));
      }
    }
  }
  if (!first.is_array()) return {};
  return refuse(rejected());
}

Answer<void> merge_object(json::object& original, const json::object& patch,
                          std::string_view field);

// Carries out and leaves out the elements with "$patch". The elements that are left are of `rest`;
// true when they replace the list.
Answer<bool> take_special(json::array& original, const json::array& patch, std::string_view key,
                          json::array& rest) {
  bool replaces = false;
  Places deleted;
  for (const json::value& element : patch) {
    if (!is_special(element)) {
      rest.push_back(element);
      continue;
    }
    const json::value& directive = element.get_object().at(kPatch);
    if (directive == "merge") return refused("merging lists cannot yet be specified in the patch");
    if (directive == "replace") {
      replaces = true;
    } else if (directive != "delete") {
      return refused(
          fmt::format("unknown patch type: {} in map: {}", go_text(directive), go_text(element)));
    } else if (auto id = id_of(element, key)) {
      deleted.emplace(std::move(*id), 0);
    } else {
      return no_merge_key(element, key);
    }
  }
  json::array kept;
  for (json::value& element : original) {
    const std::optional<std::string> id = id_of(element, key);
    if (!id || !deleted.contains(*id)) kept.push_back(std::move(element));
  }
  original = std::move(kept);
  return replaces;
}

Answer<json::array> merge_objects(json::array& original, const json::array& patch,
                                  std::string_view key, std::string_view field) {
  json::array rest;
  const Answer<bool> replaces = take_special(original, patch, key, rest);
  if (!replaces) return refuse(replaces.error());
  if (*replaces) return plain(rest).get_array();
  json::array merged = original;
  Places places = places_of(merged, key);
  for (const json::value& element : rest) {
    std::optional<std::string> id = id_of(element, key);
    if (!id) return no_merge_key(element, key);
    const auto [at, is_new] = places.emplace(std::move(*id), merged.size());
    if (is_new) {
      merged.push_back(plain(element));
    } else if (auto done =
                   merge_object(merged[at->second].get_object(), element.get_object(), field);
               !done) {
      return refuse(std::move(done).error());
    }
  }
  return merged;
}

json::array merge_primitives(const json::array& original, const json::array& patch) {
  json::array merged;
  Places seen;
  for (const json::array* list : {&original, &patch}) {
    for (const json::value& element : *list) {
      if (seen.emplace(to_text(element), 0).second) merged.push_back(element);
    }
  }
  return merged;
}

// `order`: from $setElementOrder, or nullptr: that of the patch.
Answer<json::array> merge_list(json::array original, const json::array& patch,
                               const json::array* order, std::string_view key,
                               std::string_view field) {
  json::array merged = original;
  if (!patch.empty()) {
    if (auto same = check_same_types(original, patch); !same)
      return refuse(std::move(same).error());
    if (!patch.front().is_object()) {
      merged = merge_primitives(original, patch);
    } else if (key.empty()) {
      return refused(fmt::format("cannot merge lists without merge key for {}", field));
    } else {
      Answer<json::array> answer = merge_objects(original, patch, key, field);
      if (!answer) return answer;
      merged = std::move(*answer);
    }
  }
  return ordered(merged, places_of(order == nullptr ? patch : *order, key), original, key);
}

json::array without(const json::array& list, const json::array& removed) {
  const Places gone = places_of(removed, "");
  json::array out;
  for (const json::value& element : list) {
    if (!gone.contains(to_text(element))) out.push_back(element);
  }
  return out;
}

// Members of the original that the list does not name go; the patch must not name others.
Answer<void> retain_keys(json::object& original, const json::object& patch,
                         const json::value& retained) {
  const json::array* list = retained.if_array();
  if (list == nullptr) return refuse(bad_request(std::string(kBadRetainKeys)));
  const Places keys = places_of(*list, "");
  const auto is_kept = [&keys](std::string_view member) {
    return keys.contains(to_text(json::value(member)));
  };
  for (const auto& member : patch) {
    if (member.value().is_null() || is_directive(member.key()) || is_kept(member.key())) continue;
    return refuse(bad_request(std::string(kBadRetainKeys)));
  }
  json::object kept;
  for (auto& member : original) {
    if (is_kept(member.key())) kept.emplace(member.key(), std::move(member.value()));
  }
  original = std::move(kept);
  return {};
}

// $setElementOrder/`list`, together with the list itself when the patch has it.
Answer<void> set_order(json::object& original, const json::object& patch, const json::value& order,
                       std::string_view list, std::string_view field) {
  const MergeKey* row = find_merge_key(field, list);
  if (list.empty() || row == nullptr) return refuse(bad_request(std::string(kBadOrderList)));
  const json::value empty = json::array();
  const json::value* before = original.if_contains(list);
  const json::value* added = patch.if_contains(list);
  for (const json::value* value : {&order, before, added}) {
    if (value == nullptr || value->is_array() || (value == added && value->is_null())) continue;
    return refused(fmt::format("expected a []interface {{}}, but received a {}", go_type(*value)));
  }
  if (before == nullptr && added == nullptr) return {};
  if (added != nullptr && added->is_null()) return {};
  const json::array& old_list = (before == nullptr ? empty : *before).get_array();
  const json::array& new_list = (added == nullptr ? empty : *added).get_array();
  if (auto fits = check_order(new_list, order.get_array(), row->key); !fits) return fits;
  Answer<json::array> merged = merge_list(old_list, new_list, &order.get_array(), row->key, list);
  if (!merged) return refuse(std::move(merged).error());
  original[list] = std::move(*merged);
  return {};
}

// One member that is no directive.
Answer<void> merge_member(json::object& original, std::string_view name, const json::value& value,
                          std::string_view field) {
  if (value.is_null()) {
    original.erase(name);
    return {};
  }
  json::value* old = original.if_contains(name);
  if (old != nullptr && old->is_object() && value.is_object()) {
    return merge_object(old->get_object(), value.get_object(), name);
  }
  const MergeKey* row = find_merge_key(field, name);
  if (old != nullptr && old->is_array() && value.is_array() && row != nullptr) {
    Answer<json::array> merged =
        merge_list(old->get_array(), value.get_array(), nullptr, row->key, name);
    if (!merged) return refuse(std::move(merged).error());
    *old = std::move(*merged);
  } else if (is_special(value)) {
    original.erase(name);
  } else {
    original[name] = plain(value);
  }
  return {};
}

// `field`: the member that the object stands in.
Answer<void> merge_object(json::object& original, const json::object& patch,
                          std::string_view field) {
  if (const json::value* directive = patch.if_contains(kPatch)) {
    if (*directive == "replace") {
      original = plain(patch).get_object();
    } else if (*directive == "delete") {
      original.clear();
    } else {
      return refused(
          fmt::format("unknown patch type: {} in map: {}", go_text(*directive), go_text(patch)));
    }
    return {};
  }
  if (const json::value* retained = patch.if_contains(kRetainKeys)) {
    if (auto done = retain_keys(original, patch, *retained); !done) return done;
  }
  for (const auto& member : patch) {
    const std::optional<std::string_view> list = directed(member.key(), kSetOrder);
    if (!list) continue;
    if (auto done = set_order(original, patch, member.value(), *list, field); !done) return done;
  }
  for (const auto& member : patch) {
    const std::string_view name = member.key();
    if (const std::optional<std::string_view> list = directed(name, kDeleteFrom)) {
      if (list->empty()) return refuse(bad_request(std::string(kBadPrimitiveList)));
      json::value* old = original.if_contains(*list);
      if (old == nullptr || !old->is_array() || !member.value().is_array()) continue;
      *old = without(old->get_array(), member.value().get_array());
    } else if (!is_directive(name)) {
      const bool is_done =
          member.value().is_array() && patch.contains(fmt::format("{}/{}", kSetOrder, name));
      if (is_done) continue;
      if (auto done = merge_member(original, name, member.value(), field); !done) return done;
    }
  }
  return {};
}

}  // namespace

Answer<json::object> apply_strategic_patch(const json::object& object, const json::object& patch) {
  json::object result = object;
  if (auto done = merge_object(result, patch, ""); !done) return refuse(std::move(done).error());
  return result;
}

}  // namespace holmes::kube
