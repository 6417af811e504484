// The JSONPath of a printer column: where in an object its value stands. Pure.
// Rules: Kubernetes "JSONPath Support", as far as columns use it: .a.b, ['a'], .a\.b, ['a\.b'],
// [0],
// [-1], [*] and filters [?(@.a.b=="x")] with ==, !=, <, <=, >, >= or none. Anything else cannot be
// read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace holmes::kube {

class ColumnPath {
 public:
  // nullopt when it cannot be read.
  static std::optional<ColumnPath> parse(std::string_view text);
  // The first value there, or nullptr.
  [[nodiscard]] const json::value* find(const json::object& root) const;

 private:
  enum class Kind { kMember, kIndex, kAll, kFilter };
  struct Step {
    Kind kind = Kind::kMember;
    std::string name{};
    int64_t index = 0;
    // A filter keeps the items whose value at `path` compares so with the literal; without an
    // operator, those that have one.
    std::vector<std::string> path{};
    std::string op{};
    json::value literal{};
  };
  friend class ColumnPathReader;

  static bool keeps(const Step& filter, const json::value& item);
  static std::vector<const json::value*> take(const Step& step, const json::value& value);

  std::vector<Step> steps_;
};

}  // namespace holmes::kube
