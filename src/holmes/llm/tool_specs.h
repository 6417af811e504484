// The tools that a model may call, as it is told of them.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace holmes {

struct ToolSpec {
  std::string name;
  std::string description;
  json::object parameters;  // JSON Schema in the strict subset (see ToolInfo)
};

// A list of them whose copies are one until one of them is added to: each of a thousand checks has
// the same, in each layer that holds its request.
class ToolSpecs {
 public:
  using value_type = ToolSpec;
  using const_iterator = std::vector<ToolSpec>::const_iterator;

  ToolSpecs() = default;
  ToolSpecs(std::initializer_list<ToolSpec> specs)
      : specs_(std::make_shared<std::vector<ToolSpec>>(specs)) {}

  void push_back(ToolSpec spec) {
    if (specs_.use_count() != 1) specs_ = std::make_shared<std::vector<ToolSpec>>(all());
    specs_->push_back(std::move(spec));
  }

  [[nodiscard]] const std::vector<ToolSpec>& all() const {
    static const std::vector<ToolSpec> none;
    return specs_ == nullptr ? none : *specs_;
  }
  [[nodiscard]] const_iterator begin() const { return all().begin(); }
  [[nodiscard]] const_iterator end() const { return all().end(); }
  [[nodiscard]] size_t size() const { return all().size(); }
  [[nodiscard]] bool empty() const { return all().empty(); }
  const ToolSpec& operator[](size_t index) const { return all()[index]; }

 private:
  std::shared_ptr<std::vector<ToolSpec>> specs_;
};

}  // namespace holmes
