// Where in an object a value stands: a path that costs nothing until somebody asks for its text.
// Inside of schema_*.cc.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace holmes::kube {

struct SchemaPlace {
  enum class Step { kRoot, kProperty, kMapKey, kIndex };
  // The schema validator names the members of maps as properties ("a.b"), everything else names
  // them as keys ("a[b]").
  enum class Keys { kDotted, kBracketed };

  Step step = Step::kRoot;
  const SchemaPlace* up = nullptr;  // outlives this one
  std::string_view name{};
  size_t index = 0;

  [[nodiscard]] SchemaPlace property(std::string_view member) const {
    return {.step = Step::kProperty, .up = this, .name = member};
  }
  [[nodiscard]] SchemaPlace map_key(std::string_view member) const {
    return {.step = Step::kMapKey, .up = this, .name = member};
  }
  [[nodiscard]] SchemaPlace item(size_t at) const {
    return {.step = Step::kIndex, .up = this, .index = at};
  }

  // "" for the root.
  [[nodiscard]] std::string text(Keys keys = Keys::kDotted) const {
    if (up == nullptr) return "";
    const std::string before = up->text(keys);
    if (step == Step::kIndex) return fmt::format("{}[{}]", before, index);
    if (step == Step::kMapKey && keys == Keys::kBracketed) {
      return fmt::format("{}[{}]", before, name);
    }
    return before.empty() ? std::string(name) : fmt::format("{}.{}", before, name);
  }
};

}  // namespace holmes::kube
