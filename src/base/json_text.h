// The text of a JSON object, written member by member. For what is written over and over: to make a
// tree (json::object) of it first costs several times the time, the memory and the code.
//
//   std::string text = JsonText::of([&](JsonText& to) {
//     to.text("name", name);
//     to.object("spec", [&] { to.integer("size", 3); });
//   });
//
// Values are escaped; names, which are constants, are not. Invalid UTF-8 is kept as it is. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace holmes {

class JsonText {
 public:
  // `fill(JsonText&)` writes the members of the object.
  template <class Fill>
  static std::string of(Fill fill) {
    JsonText to;
    to.begin('{');
    fill(to);
    to.end('}');
    return std::move(to.text_);
  }

  // Never inlined, however often they are called: many copies are more code than caches hold.
  [[gnu::noinline]] void text(std::string_view name, std::string_view value);
  [[gnu::noinline]] void integer(std::string_view name, int64_t value);
  // Null for what JSON has no number for.
  [[gnu::noinline]] void number(std::string_view name, double value);
  [[gnu::noinline]] void flag(std::string_view name, bool value);
  [[gnu::noinline]] void tree(std::string_view name, const json::value& value);

  // `fill()` writes its members.
  template <class Fill>
  void object(std::string_view name, Fill fill) {
    key(name);
    begin('{');
    fill();
    end('}');
  }
  // `fill(item)` writes the members of the object that stands for an item.
  template <class List, class Fill>
  void objects(std::string_view name, const List& list, Fill fill) {
    key(name);
    begin('[');
    for (const auto& item : list) {
      comma();
      begin('{');
      fill(item);
      end('}');
    }
    end(']');
  }

 private:
  static constexpr size_t kUsualBytes = 2048;

  JsonText() { text_.reserve(kUsualBytes); }
  void comma() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void key(std::string_view name);
  void begin(char bracket) {
    text_ += bracket;
    first_ = true;
  }
  void end(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void append_escaped(std::string_view value);

  std::string text_;
  bool first_ = true;  // in the innermost object or list
};

}  // namespace holmes
