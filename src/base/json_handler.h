// What parse_json builds values with. Private to base.
#pragma once

#include <cmath>
#include <vector>

#include "base/json.h"

namespace holmes {

// The parser's events become values on a stack, less the members that JsonReading leaves out.
class JsonHandler {
 public:
  static constexpr size_t max_object_size = json::object::max_size();
  static constexpr size_t max_array_size = json::array::max_size();
  static constexpr size_t max_key_size = json::string::max_size();
  static constexpr size_t max_string_size = json::string::max_size();

  explicit JsonHandler(JsonReading reading) : reading_(reading) { levels_.reserve(kUsualDepth); }

  json::value_stack stack;

  bool on_document_begin(json::error_code& /*error*/) { return true; }
  bool on_document_end(json::error_code& /*error*/) { return true; }
  bool on_object_begin(json::error_code& /*error*/) { return begin(); }
  bool on_array_begin(json::error_code& /*error*/) { return begin(); }
  bool on_object_end(size_t members, json::error_code& /*error*/) {
    if (end()) stack.push_object(members - left_out_);
    return true;
  }
  bool on_array_end(size_t items, json::error_code& /*error*/) {
    if (end()) stack.push_array(items);
    return true;
  }
  bool on_key_part(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
    if (!skipping_) key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t /*size*/, json::error_code& /*error*/);
  bool on_string_part(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
    if (!skipping_) stack.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
    if (taken()) stack.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view /*part*/, json::error_code& /*error*/) { return true; }
  bool on_int64(int64_t number, json::string_view /*text*/, json::error_code& /*error*/) {
    if (taken()) stack.push_int64(number);
    return true;
  }
  bool on_uint64(uint64_t number, json::string_view /*text*/, json::error_code& /*error*/) {
    if (taken()) stack.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view /*text*/, json::error_code& error) {
    // "1e400" is JSON, but cannot be kept as a number nor be written again.
    if (!std::isfinite(number)) error = json::error::exponent_overflow;
    if (taken()) stack.push_double(number);
    return !error;
  }
  bool on_bool(bool flag, json::error_code& /*error*/) {
    if (taken()) stack.push_bool(flag);
    return true;
  }
  bool on_null(json::error_code& /*error*/) {
    if (taken()) stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view /*part*/, json::error_code& /*error*/) { return true; }
  bool on_comment(json::string_view /*part*/, json::error_code& /*error*/) { return true; }

 private:
  static constexpr size_t kUsualDepth = 16;

  struct Level {
    bool drops;           // an object whose member `drop` is left out
    size_t left_out = 0;  // of its members
  };

  bool begin();
  bool end();    // whether the container that ends is kept; left_out_ then tells of its members
  bool taken();  // whether a scalar is kept

  const JsonReading reading_;
  std::string key_;            // its parts so far; whole ones are not kept
  std::vector<Level> levels_;  // of what is kept
  size_t left_out_ = 0;
  bool drops_next_ = false;  // the key before was `drop_in`
  bool skipping_ = false;    // inside a value that is left out
  size_t skipped_depth_ = 0;
};

}  // namespace holmes
