#include "manifest/schema_walk.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/crd.h"
#include "base/strings.h"
#include "config/suggest.h"

namespace holmes {
namespace {

constexpr size_t kMaxNumberBytes = 40;

std::vector<std::string> words_of(const json::array& array) {
  std::vector<std::string> words;
  for (const json::value& word : array) {
    if (word.is_string()) words.emplace_back(word.get_string());
  }
  return words;
}

std::vector<std::string> keys_of(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& member : object) keys.emplace_back(member.key());
  return keys;
}

// "a, b or c"
std::string any_of(const std::vector<std::string>& words) {
  if (words.size() < 2) return words.empty() ? "" : words.front();
  const auto last = words.end() - 1;
  return fmt::format("{} or {}", fmt::join(words.begin(), last, ", "), *last);
}

std::string range_of(const json::object& schema) {
  const auto min = json_int(schema, {"minimum"});
  const auto max = json_int(schema, {"maximum"});
  if (min && max) return fmt::format(" from {} to {}", *min, *max);
  if (min) return fmt::format(" of at least {}", *min);
  return max ? fmt::format(" of at most {}", *max) : "";
}

// "an integer from 1 to 300"
std::string wanted(const json::object& schema) {
  const std::string_view type = json_string(schema, {"type"}).value_or("");
  if (const json::array* words = json_array(schema, {"enum"})) return any_of(words_of(*words));
  if (type == "string") return "a string";
  if (type == "integer") {
    const auto only = json_int(schema, {"minimum"});
    if (only && only == json_int(schema, {"maximum"})) return std::to_string(*only);
    return "an integer" + range_of(schema);
  }
  if (type == "number") return "a number" + range_of(schema);
  if (type == "boolean") return "true or false";
  if (type == "array") return "a list";
  return "a map of fields";
}

// "the number 42"
std::string found(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kMap) return "a map";
  if (node.kind == YamlNode::Kind::kList) return "a list";
  if (node.scalar.is_string()) return quoted(node.scalar.get_string());
  if (node.scalar.is_bool() && node.text != "true" && node.text != "false") {
    return fmt::format("{}, which YAML reads as {}", quoted(node.text),
                       node.scalar.get_bool() ? "true" : "false");
  }
  return fmt::format("the {} {}", node.scalar.is_bool() ? "boolean" : "number",
                     cut(node.text, kMaxNumberBytes));
}

bool has_type(const YamlNode& node, std::string_view type) {
  if (type == "object") return node.kind == YamlNode::Kind::kMap;
  if (type == "array") return node.kind == YamlNode::Kind::kList;
  if (node.kind != YamlNode::Kind::kScalar) return false;
  if (type == "string") return node.scalar.is_string();
  if (type == "boolean") return node.scalar.is_bool();
  return type == "integer" ? to_int(node.scalar).has_value() : node.scalar.is_number();
}

class Walk {
 public:
  explicit Walk(Report& report) : report_(report) {}

  void check(const YamlNode& node, const json::object& schema, const Place& place) {
    const std::string_view type = json_string(schema, {"type"}).value_or("object");
    if (node.is_null()) return;
    if (!has_type(node, type)) return wrong_type(node, schema, place);
    if (type == "string") return check_string(node, schema, place);
    if (type == "integer" || type == "number") return check_number(node, schema, place);
    if (type == "array") return check_list(node, schema, place);
    if (type == "object") return check_map(node, schema, place);
  }

 private:
  void wrong(const YamlNode& node, const Place& place, const json::object& schema,
             std::string_view more = "") {
    report_.error(node.at, place.path,
                  fmt::format("must be {}, not {}{}", wanted(schema), found(node), more));
  }

  void wrong_type(const YamlNode& node, const json::object& schema, const Place& place) {
    const bool unquoted =
        json_string(schema, {"type"}) == "string" && node.kind == YamlNode::Kind::kScalar;
    wrong(node, place, schema, unquoted ? "; put it in quotes" : "");
  }

  void check_string(const YamlNode& node, const json::object& schema, const Place& place) {
    const std::string_view text = node.scalar.get_string();
    if (const json::array* array = json_array(schema, {"enum"})) {
      const std::vector<std::string> words = words_of(*array);
      if (std::ranges::find(words, text) != words.end()) return;
      return wrong(node, place, schema, did_you_mean(text, words));
    }
    const auto length = static_cast<int64_t>(code_point_count(text));
    if (length < json_int(schema, {"minLength"}).value_or(0)) {
      return report_.error(node.at, place.path, "must not be empty");
    }
    if (const auto max = json_int(schema, {"maxLength"}); max && length > *max) {
      return report_.error(node.at, place.path,
                           fmt::format("must have at most {} characters, not {}", *max, length));
    }
    if (const json::array* rules = json_array(schema, {"x-kubernetes-validations"})) {
      check_rules(node, *rules, place);
    }
  }

  void check_rules(const YamlNode& node, const json::array& rules, const Place& place) {
    for (const json::value& rule : rules) {
      const bool broken =
          json_string(rule, {"rule"}) == kNotBlankRule && trim(node.scalar.get_string()).empty();
      if (broken) report_.error(node.at, place.path, json_string_or(rule, {"message"}));
    }
  }

  void check_number(const YamlNode& node, const json::object& schema, const Place& place) {
    const double number = node.scalar.to_number<double>();
    const auto min = json_number(schema, {"minimum"});
    const auto max = json_number(schema, {"maximum"});
    if ((min && number < *min) || (max && number > *max)) wrong(node, place, schema);
  }

  void check_list(const YamlNode& node, const json::object& schema, const Place& place) {
    if (const auto max = json_int(schema, {"maxItems"});
        max && static_cast<int64_t>(node.items.size()) > *max) {
      report_.error(node.at, place.path,
                    fmt::format("must have at most {} items, not {}", *max, node.items.size()));
    }
    const json::object* items = json_object(schema, {"items"});
    if (items == nullptr) return;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& item = node.items[i];
      check(item, *items, {fmt::format("{}[{}]", place.path, i), item.at});
    }
  }

  void check_map(const YamlNode& node, const json::object& schema, const Place& place) {
    const json::object* values = json_object(schema, {"additionalProperties"});
    const json::object* known = json_object(schema, {"properties"});
    if (known == nullptr && values == nullptr) return;
    for (const YamlMember& member : node.members) {
      const Place at{place.path.empty() ? member.key : place.path + "." + member.key, member.at};
      const json::object* next = values;
      if (known != nullptr) next = json_object(*known, {member.key});
      if (next != nullptr) {
        check(member.value, *next, at);
      } else {
        unknown(member, *known, at);
      }
    }
    check_required(node, schema, place);
  }

  void unknown(const YamlMember& member, const json::object& known, const Place& at) {
    const std::vector<std::string> names = keys_of(known);
    const std::string near = did_you_mean(member.key, names);
    report_.error(member.at, at.path,
                  near.empty()
                      ? fmt::format("there is no such field; there are {}", fmt::join(names, ", "))
                      : "there is no such field" + near);
  }

  void check_required(const YamlNode& node, const json::object& schema, const Place& place) {
    const json::array* required = json_array(schema, {"required"});
    if (required == nullptr) return;
    for (const std::string& name : words_of(*required)) {
      const YamlMember* member = node.find(name);
      if (member != nullptr && !member->value.is_null()) continue;
      const auto about = json_string(schema, {"properties", name, "description"});
      report_.error(member == nullptr ? place.owner : member->at,
                    place.path.empty() ? name : place.path + "." + name,
                    about ? fmt::format("must be set: {}", *about) : "must be set");
    }
  }

  Report& report_;
};

}  // namespace

void check_schema(const YamlNode& node, const json::object& schema, const Place& place,
                  Report& report) {
  Walk(report).check(node, schema, place);
}

}  // namespace holmes
