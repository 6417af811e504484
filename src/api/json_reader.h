// How the custom resources of this folder are read from JSON and written back. Private to src/api;
// pure.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/json_text.h"
#include "base/result.h"
#include "base/time.h"

namespace holmes {

// A name table is an array of {value, name}. "" and nullopt for what stands in no row.
template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) {
  for (const auto& [row, name] : table) {
    if (row == value) return name;
  }
  return "";
}

template <class Table>
auto value_of(const Table& table, std::string_view text)
    -> std::optional<std::decay_t<decltype(table[0].first)>> {
  for (const auto& [row, name] : table) {
    if (name == text) return row;
  }
  return std::nullopt;
}

// "Allow, Forbid or Replace"
template <class Table>
std::string names_in(const Table& table) {
  std::string text;
  for (size_t i = 0; i < table.size(); ++i) {
    if (i > 0) text += i + 1 == table.size() ? " or " : ", ";
    text += table[i].second;
  }
  return text;
}

inline std::unexpected<Error> wrong(std::string_view path, std::string_view must) {
  return fail(ErrorCode::kInvalid, fmt::format("{} must be {}", path, must));
}

// Typed reads that tell a missing field (fine: the target keeps its value) from a wrong one
// (kInvalid, with the path). null counts as missing. The object outlives the reader.
class Reader {
 public:
  Reader(const json::object& object, std::string_view path) : object_(object), path_(path) {}

  Status required_text(std::string_view name, std::string& target) const {
    if (find(name) == nullptr) return wrong(at(name), "set");
    return text(name, target);
  }
  Status text(std::string_view name, std::string& target) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrong(at(name), "a string");
    target = value->get_string();
    return {};
  }
  Status integer(std::string_view name, int64_t& target) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    const auto number = to_int(*value);
    if (!number) return wrong(at(name), "an integer");
    target = *number;
    return {};
  }
  Status integer(std::string_view name, int64_t min, int64_t max, int64_t& target) const {
    int64_t number = target;
    HOLMES_CHECK(integer(name, number));
    if (find(name) == nullptr) return {};
    if (number < min || number > max) {
      return wrong(at(name), fmt::format("an integer from {} to {}, not {}", min, max, number));
    }
    target = number;
    return {};
  }
  Status seconds(std::string_view name, std::chrono::seconds min, std::chrono::seconds max,
                 std::optional<std::chrono::seconds>& target) const {
    if (find(name) == nullptr) return {};
    int64_t number = 0;
    HOLMES_CHECK(integer(name, min.count(), max.count(), number));
    target = std::chrono::seconds(number);
    return {};
  }
  Status seconds(std::string_view name, std::chrono::seconds min, std::chrono::seconds max,
                 std::chrono::seconds& target) const {
    std::optional<std::chrono::seconds> read;
    HOLMES_CHECK(seconds(name, min, max, read));
    target = read.value_or(target);
    return {};
  }
  Status boolean(std::string_view name, bool& target) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_bool()) return wrong(at(name), "true or false");
    target = value->get_bool();
    return {};
  }
  // One of the names of a table.
  template <class Table, class Value>
  Status choice(std::string_view name, const Table& table, Value& target) const {
    if (find(name) == nullptr) return {};
    std::string word;
    HOLMES_CHECK(text(name, word));
    const auto value = value_of(table, word);
    if (!value) return wrong(at(name), fmt::format("{}, not '{}'", names_in(table), word));
    target = *value;
    return {};
  }
  Status time(std::string_view name, std::optional<WallTime>& target) const {
    std::string value;
    HOLMES_CHECK(text(name, value));
    if (value.empty()) return {};
    const auto parsed = parse_rfc3339(value);
    if (!parsed) return wrong(at(name), "an RFC 3339 time");
    target = *parsed;
    return {};
  }
  // Calls read(item) for each item of a list; its error gets the path of the item.
  template <class Read>
  Status list(std::string_view name, Read read) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_array()) return wrong(at(name), "a list");
    size_t index = 0;
    for (const json::value& item : value->get_array()) {
      const std::string path = fmt::format("{}[{}]", at(name), index++);
      if (const Status done = read(item); !done) return fail(done.error().within(path));
    }
    return {};
  }
  Result<const json::object*> object(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return wrong(at(name), "an object");
    return &value->get_object();
  }

 private:
  [[nodiscard]] const json::value* find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && value->is_null() ? nullptr : value;
  }
  [[nodiscard]] std::string at(std::string_view name) const {
    return fmt::format("{}.{}", path_, name);
  }

  const json::object& object_;
  std::string path_;
};

// For Reader::list: appends what `parse` makes of an item.
template <class T, class Parse>
auto append_to(std::vector<T>& list, Parse parse) {
  return [&list, parse](const json::value& item) -> Status {
    auto parsed = parse(item);
    if (!parsed) return fail(parsed.error());
    list.push_back(std::move(*parsed));
    return {};
  };
}

// The same, but leaves out what cannot be parsed.
template <class T, class Parse>
auto append_readable_to(std::vector<T>& list, Parse parse) {
  return [&list, parse](const json::value& item) -> Status {
    if (auto parsed = parse(item)) list.push_back(std::move(*parsed));
    return {};
  };
}

// Writing: what is empty or absent is left out.
template <class T, class ToJson>
void put_list(json::object& object, std::string_view name, const std::vector<T>& list,
              ToJson to_item) {
  if (list.empty()) return;
  json::array& array = object[name].emplace_array();
  array.reserve(list.size());
  for (const T& item : list) array.push_back(to_item(item));
}

inline void put_text(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

inline void put_text(JsonText& to, std::string_view name, const std::string& text) {
  if (!text.empty()) to.text(name, text);
}

template <class T, class WriteMembers>
void put_list(JsonText& to, std::string_view name, const std::vector<T>& list,
              WriteMembers write_members) {
  if (!list.empty()) to.objects(name, list, write_members);
}

inline void put_time(JsonText& to, std::string_view name, const std::optional<WallTime>& time) {
  if (time) to.text(name, format_rfc3339(*time));
}

}  // namespace holmes
