// JSON values. This is the only header that names the library behind them (Boost.JSON).
//
// Reading is by small total functions: a missing or wrongly typed member gives nullopt or nullptr,
// never an exception. All functions are pure and may run on any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace holmes {

namespace json = boost::json;

// Nesting deeper than this is refused, so that hostile input cannot exhaust the stack.
inline constexpr size_t kMaxJsonDepth = 64;

using JsonPath = std::initializer_list<std::string_view>;

struct JsonReading {
  size_t max_depth = kMaxJsonDepth;
  // Members called `drop` of objects that are members called `drop_in` are checked but not kept:
  // what nobody reads costs neither memory nor time. "": everything is kept.
  std::string_view drop_in{};
  std::string_view drop{};
};

// Fails with kInvalid and the offset of the mistake. All parts of a document share its memory: keep
// copies of what is small, not moved-out parts.
Result<json::value> parse_json(std::string_view text, JsonReading reading = {});
// Also fails when the text is JSON but not an object.
Result<json::object> parse_json_object(std::string_view text, JsonReading reading = {});

// False as soon as nesting deeper than `max_depth` is found.
bool json_depth_within(const json::value& value, size_t max_depth = kMaxJsonDepth);

// The value at a path of member names, or nullptr when any step is missing or not an object.
const json::value* json_find(const json::value& root, JsonPath path);
const json::value* json_find(const json::object& root, JsonPath path);

// Typed reads over json_find: nullopt (nullptr) when missing or of another type. A string_view
// stays valid as long as the value it was read from.
template <class Root>
std::optional<std::string_view> json_string(const Root& root, JsonPath path) {
  const json::value* v = json_find(root, path);
  if (v == nullptr || !v->is_string()) return std::nullopt;
  return std::string_view(v->get_string().data(), v->get_string().size());
}
template <class Root>
std::string json_string_or(const Root& root, JsonPath path, std::string_view fallback = "") {
  return std::string(json_string(root, path).value_or(fallback));
}
// Integers; a double without a fraction counts as one.
std::optional<int64_t> to_int(const json::value& v);
template <class Root>
std::optional<int64_t> json_int(const Root& root, JsonPath path) {
  const json::value* v = json_find(root, path);
  return v == nullptr ? std::nullopt : to_int(*v);
}
template <class Root>
std::optional<double> json_number(const Root& root, JsonPath path) {
  const json::value* v = json_find(root, path);
  if (v == nullptr || !v->is_number()) return std::nullopt;
  return v->to_number<double>();
}
template <class Root>
std::optional<bool> json_bool(const Root& root, JsonPath path) {
  const json::value* v = json_find(root, path);
  return v != nullptr && v->is_bool() ? std::optional<bool>(v->get_bool()) : std::nullopt;
}
template <class Root>
const json::object* json_object(const Root& root, JsonPath path) {
  const json::value* v = json_find(root, path);
  return v == nullptr ? nullptr : v->if_object();
}
template <class Root>
const json::array* json_array(const Root& root, JsonPath path) {
  const json::value* v = json_find(root, path);
  return v == nullptr ? nullptr : v->if_array();
}

// Compact text; invalid UTF-8 in strings is kept as it is. An object given as a value would be
// copied first.
std::string to_text(const json::value& value);
std::string to_text(const std::same_as<json::object> auto& object) {
  return json::serialize(object);
}

// What JSON calls the kind of this value: "string", "number", "object", ... for messages.
std::string_view json_kind(const json::value& value);

}  // namespace holmes
