// Label and field selectors. Pure.
// Rules: Kubernetes "Labels and Selectors" (equality- and set-based), "Field Selectors".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/core/object.h"

namespace holmes::kube {

// "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1". Nothing is quoted: the characters of keys and values
// need none.
class LabelSelector {
 public:
  LabelSelector() = default;  // selects everything
  // Fails with the API server's words for what cannot be parsed.
  static Result<LabelSelector> parse(std::string_view text);
  [[nodiscard]] bool matches(const StringMap& labels) const;
  [[nodiscard]] bool everything() const { return requirements_.empty(); }

 private:
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist, kGreaterThan, kLessThan };
  struct Requirement {
    std::string key;
    Operator op = Operator::kExists;
    std::vector<std::string> values;  // sorted
    [[nodiscard]] bool matches(const StringMap& labels) const;
  };
  struct Parser;
  std::vector<Requirement> requirements_;
};

// "metadata.name=a,status.phase!=Running". In values, a backslash stands before a comma, an equals
// sign and a backslash. Which fields there are is the business of whoever selects.
class FieldSelector {
 public:
  struct Requirement {
    std::string field;
    std::string value;
    bool equal = true;
    bool operator==(const Requirement&) const = default;
  };
  FieldSelector() = default;  // selects everything
  // Fails with the API server's words for what cannot be parsed.
  static Result<FieldSelector> parse(std::string_view text);
  [[nodiscard]] const std::vector<Requirement>& requirements() const { return requirements_; }
  [[nodiscard]] bool everything() const { return requirements_.empty(); }

 private:
  std::vector<Requirement> requirements_;
};

}  // namespace holmes::kube
