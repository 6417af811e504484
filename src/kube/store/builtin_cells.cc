#include "kube/store/builtin_cells.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kube/store/age.h"

namespace holmes::kube::cells {

std::string name_of(const json::object& object) {
  return json_string_or(object, {"metadata", "name"});
}

std::string age_of(const json::object& object, WallTime now) {
  return age_text(json_find(object, {"metadata", "creationTimestamp"}), now);
}

int64_t count(const json::object& object, JsonPath path) {
  return json_int(object, path).value_or(0);
}

std::vector<const json::object*> objects(const json::object& object, JsonPath path) {
  std::vector<const json::object*> found;
  const json::array* array = json_array(object, path);
  if (array == nullptr) return found;
  for (const json::value& item : *array) {
    if (const json::object* one = item.if_object()) found.push_back(one);
  }
  return found;
}

std::vector<std::string> texts(const json::object& object, JsonPath path) {
  std::vector<std::string> found;
  const json::array* array = json_array(object, path);
  if (array == nullptr) return found;
  for (const json::value& item : *array) {
    if (item.is_string()) found.emplace_back(std::string_view(item.get_string()));
  }
  return found;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

std::string joined(const std::vector<const json::object*>& objects, std::string_view member) {
  std::vector<std::string> parts;
  for (const json::object* object : objects) parts.push_back(json_string_or(*object, {member}));
  return joined(parts);
}

bool has_condition(const json::object& object, std::string_view type) {
  return std::ranges::any_of(objects(object, {"status", "conditions"}),
                             [&](const json::object* condition) {
                               return json_string(*condition, {"type"}) == type &&
                                      json_string(*condition, {"status"}) == "True";
                             });
}

std::string labels_text(const json::object* labels) {
  if (labels == nullptr || labels->empty()) return "<none>";
  std::vector<std::string> parts;
  for (const auto& label : *labels) {
    parts.push_back(fmt::format("{}={}", std::string_view(label.key()),
                                json_string_or(*labels, {label.key()})));
  }
  std::ranges::sort(parts);
  return joined(parts);
}

std::string selector_text(const json::object* selector) {
  if (selector == nullptr) return "";
  std::multimap<std::string, std::string> parts;  // by key
  if (const json::object* labels = json_object(*selector, {"matchLabels"})) {
    for (const auto& label : *labels) {
      const std::string key(label.key());
      parts.emplace(key, fmt::format("{}={}", key, json_string_or(*labels, {key})));
    }
  }
  for (const json::object* expression : objects(*selector, {"matchExpressions"})) {
    const std::string key = json_string_or(*expression, {"key"});
    const std::string op = json_string_or(*expression, {"operator"});
    std::vector<std::string> values = texts(*expression, {"values"});
    std::ranges::sort(values);
    parts.emplace(
        key, op == "Exists" ? key
             : op == "DoesNotExist"
                 ? "!" + key
                 : fmt::format("{} {} ({})", key, op == "In" ? "in" : "notin", joined(values)));
  }
  std::vector<std::string> all;
  for (const auto& part : parts) all.push_back(part.second);
  return joined(all);
}

std::string with_more(const std::vector<std::string>& parts, size_t max, std::string_view empty) {
  if (parts.empty()) return std::string(empty);
  if (parts.size() <= max) return joined(parts);
  const std::vector<std::string> first(parts.begin(), parts.begin() + static_cast<int64_t>(max));
  return fmt::format("{} + {} more...", joined(first), parts.size() - max);
}

}  // namespace holmes::kube::cells
