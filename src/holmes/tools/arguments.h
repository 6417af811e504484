// The arguments of a tool call: described once, for the model's schema and for checking. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace holmes {

inline constexpr size_t kMaxArgumentBytes = 1000;

enum class ParameterType { kString, kBoolean, kInteger };

struct Parameter {
  std::string_view name;
  ParameterType type = ParameterType::kString;
  bool required = true;
  std::string_view description;
};

// A strict JSON Schema: every property is required, an optional one may be null.
json::object to_schema(std::span<const Parameter> parameters);

// Arguments that were checked. Asking for one that is not a parameter of that type gives "absent".
class Arguments {
 public:
  // Fails with kInvalid and says what would be right: an unknown name, a wrong type, a missing or
  // empty required string, a string over kMaxArgumentBytes. Strings are trimmed; null and "" count
  // as absent.
  static Result<Arguments> read(json::object values, std::span<const Parameter> parameters);

  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = "") const;
  [[nodiscard]] bool flag(std::string_view name) const;  // absent: false
  [[nodiscard]] std::optional<int64_t> integer(std::string_view name) const;

 private:
  explicit Arguments(json::object values) : values_(std::move(values)) {}

  json::object values_;
};

}  // namespace holmes
