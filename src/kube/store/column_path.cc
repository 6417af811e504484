#include "kube/store/column_path.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <iterator>
#include <utility>

#include "base/strings.h"

namespace holmes::kube {

// Reads a path from left to right; every function returns false when it cannot.
class ColumnPathReader {
 public:
  explicit ColumnPathReader(std::string_view text) : rest_(text) {}

  std::optional<ColumnPath> read() {
    while (!rest_.empty()) {
      if (!(take('.') ? member() : take('[') && bracket())) return std::nullopt;
    }
    return std::move(path_);
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Up to the next step; a backslash makes the next character an ordinary one.
  static std::string name(std::string_view& rest, std::string_view ends) {
    std::string name;
    while (!rest.empty() && ends.find(rest[0]) == std::string_view::npos) {
      if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
      name += rest[0];
      rest.remove_prefix(1);
    }
    return name;
  }

  bool member() {
    if (rest_.empty() || rest_[0] == '[') return true;  // "." is the root, ".[0]" an item of it
    std::string name = this->name(rest_, ".[");
    if (name.empty()) return false;
    path_.steps_.push_back({.name = std::move(name)});
    return true;
  }

  bool bracket() {
    if (take('\'')) return quoted_member();
    if (rest_.starts_with("*]")) {
      rest_.remove_prefix(2);
      path_.steps_.push_back({.kind = ColumnPath::Kind::kAll});
      return true;
    }
    if (rest_.starts_with("?(")) return filter();
    int64_t index = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), index);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    path_.steps_.push_back({.kind = ColumnPath::Kind::kIndex, .index = index});
    return take(']');
  }

  // A dot separates here as well, as in client-go.
  bool quoted_member() {
    do {
      path_.steps_.push_back({.name = name(rest_, ".'")});
    } while (take('.'));
    return take('\'') && take(']');
  }

  bool filter() {
    const size_t end = rest_.find(")]");
    if (end == std::string_view::npos) return false;
    std::string_view inside = trim(rest_.substr(2, end - 2));
    rest_.remove_prefix(end + 2);
    if (!inside.starts_with("@.")) return false;
    inside.remove_prefix(1);
    ColumnPath::Step step{.kind = ColumnPath::Kind::kFilter};
    while (inside.starts_with('.')) {
      inside.remove_prefix(1);
      step.path.push_back(name(inside, ".=!<> "));
    }
    inside = trim(inside);
    for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!inside.starts_with(op)) continue;
      step.op = op;
      auto literal = this->literal(trim(inside.substr(op.size())));
      if (!literal) return false;
      step.literal = std::move(*literal);
      break;
    }
    if (step.op.empty() && !inside.empty()) return false;
    path_.steps_.push_back(std::move(step));
    return true;
  }

  static std::optional<json::value> literal(std::string_view text) {
    if (text.size() >= 2 && text[0] == '\'' && text.back() == '\'') {
      return json::value(text.substr(1, text.size() - 2));
    }
    auto value = parse_json(text);
    return value ? std::optional(json::value(*value)) : std::nullopt;
  }

  std::string_view rest_;
  ColumnPath path_;
};

std::optional<ColumnPath> ColumnPath::parse(std::string_view text) {
  return ColumnPathReader(text).read();
}

const json::value* ColumnPath::find(const json::object& root) const {
  if (steps_.empty() || steps_[0].kind != Kind::kMember) return nullptr;
  const json::value* first = root.if_contains(steps_[0].name);
  if (first == nullptr) return nullptr;
  std::vector<const json::value*> found = {first};
  for (size_t i = 1; i < steps_.size(); ++i) {
    std::vector<const json::value*> next;
    for (const json::value* value : found) {
      std::ranges::copy(take(steps_[i], *value), std::back_inserter(next));
    }
    found = std::move(next);
  }
  return found.empty() ? nullptr : found.front();
}

std::vector<const json::value*> ColumnPath::take(const Step& step, const json::value& value) {
  std::vector<const json::value*> taken;
  if (step.kind == Kind::kMember) {
    if (const json::value* member = json_find(value, {step.name})) taken.push_back(member);
    return taken;
  }
  const json::array* array = value.if_array();
  if (array == nullptr) return taken;
  if (step.kind == Kind::kIndex) {
    const auto size = static_cast<int64_t>(array->size());
    const int64_t index = step.index < 0 ? step.index + size : step.index;
    if (index >= 0 && index < size) taken.push_back(&array->at(static_cast<size_t>(index)));
    return taken;
  }
  for (const json::value& item : *array) {
    if (step.kind == Kind::kAll || keeps(step, item)) taken.push_back(&item);
  }
  return taken;
}

bool ColumnPath::keeps(const Step& filter, const json::value& item) {
  const json::value* value = &item;
  for (const std::string& name : filter.path) {
    value = json_find(*value, {name});
    if (value == nullptr) return false;
  }
  if (filter.op.empty()) return true;
  if (filter.op == "==") return *value == filter.literal;
  if (filter.op == "!=") return *value != filter.literal;
  std::partial_ordering order = std::partial_ordering::unordered;
  if (value->is_number() && filter.literal.is_number()) {
    order = value->to_number<double>() <=> filter.literal.to_number<double>();
  } else if (value->is_string() && filter.literal.is_string()) {
    order = std::string_view(value->get_string()) <=> std::string_view(filter.literal.get_string());
  }
  if (filter.op == "<") return order < 0;
  if (filter.op == "<=") return order <= 0;
  return filter.op == ">" ? order > 0 : order >= 0;
}

}  // namespace holmes::kube
