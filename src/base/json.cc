#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>  // the library itself, so that it is optimised together with ours
#include <fmt/format.h>

#include "base/json_handler.h"

namespace holmes {
namespace {

constexpr size_t kMinDocumentBytes = 512;

}  // namespace

Result<json::value> parse_json(std::string_view text, JsonReading reading) {
  json::parse_options options;
  options.max_depth = reading.max_depth;
  json::basic_parser<JsonHandler> parser(options, reading);
  // Documents are read and then thrown away as a whole: one growing buffer costs a fraction of an
  // allocation for each string and list. What is copied out of a document does not depend on it.
  json::value_stack& stack = parser.handler().stack;
  stack.reset(json::make_shared_resource<json::monotonic_resource>(
      std::max(text.size(), kMinDocumentBytes)));
  json::error_code error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) {
    const bool only_space = text.find_first_not_of(" \t\r\n", used) == std::string_view::npos;
    if (!only_space) error = json::error::extra_data;
  }
  if (error) {
    return fail(ErrorCode::kInvalid, fmt::format("not JSON: {} at byte {}", error.message(), used));
  }
  return stack.release();
}

Result<json::object> parse_json_object(std::string_view text, JsonReading reading) {
  HOLMES_TRY(json::value value, parse_json(text, reading));
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalid, fmt::format("must be a JSON object, is {}", json_kind(value)));
  }
  return std::move(value.get_object());
}

bool JsonHandler::on_key(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
  if (skipping_) return true;
  if (!key_.empty()) part = key_.append(part.data(), part.size());
  if (levels_.back().drops && part == reading_.drop) {
    skipping_ = true;
    ++levels_.back().left_out;
  } else {
    drops_next_ = !reading_.drop.empty() && part == reading_.drop_in;
    stack.push_key(part);
  }
  key_.clear();
  return true;
}

bool JsonHandler::begin() {
  if (skipping_) {
    ++skipped_depth_;
  } else {
    levels_.push_back({.drops = std::exchange(drops_next_, false)});
  }
  return true;
}

bool JsonHandler::end() {
  if (skipping_) {
    if (--skipped_depth_ == 0) skipping_ = false;
    return false;
  }
  left_out_ = levels_.back().left_out;
  levels_.pop_back();
  return true;
}

bool JsonHandler::taken() {
  drops_next_ = false;
  if (!skipping_) return true;
  if (skipped_depth_ == 0) skipping_ = false;
  return false;
}

bool json_depth_within(const json::value& value, size_t max_depth) {
  if (!value.is_structured()) return true;
  if (max_depth == 0) return false;
  if (const json::array* array = value.if_array()) {
    return std::ranges::all_of(*array, [max_depth](const json::value& element) {
      return json_depth_within(element, max_depth - 1);
    });
  }
  return std::ranges::all_of(value.get_object(), [max_depth](const auto& member) {
    return json_depth_within(member.value(), max_depth - 1);
  });
}

const json::value* json_find(const json::object& root, JsonPath path) {
  const json::object* object = &root;
  const json::value* value = nullptr;
  for (const std::string_view name : path) {
    if (object == nullptr) return nullptr;
    value = object->if_contains(name);
    if (value == nullptr) return nullptr;
    object = value->if_object();
  }
  return value;
}

const json::value* json_find(const json::value& root, JsonPath path) {
  if (path.size() == 0) return &root;
  return root.is_object() ? json_find(root.get_object(), path) : nullptr;
}

std::optional<int64_t> to_int(const json::value& v) {
  if (v.is_int64()) return v.get_int64();
  if (v.is_uint64()) {
    const uint64_t u = v.get_uint64();
    if (u <= static_cast<uint64_t>(INT64_MAX)) return static_cast<int64_t>(u);
    return std::nullopt;
  }
  if (v.is_double()) {
    const double d = v.get_double();
    constexpr double kExact = 9007199254740992.0;  // 2^53: whole numbers are exact up to here
    if (std::trunc(d) == d && std::abs(d) <= kExact) return static_cast<int64_t>(d);
  }
  return std::nullopt;
}

std::string to_text(const json::value& value) {
  return json::serialize(value);
}

std::string_view json_kind(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
  }
  return "a value";
}

}  // namespace holmes
