// The reference scenarios: short stories of a user and a cluster, each about one promise. With no
// fault at all they end well; with any they have to as well.
#pragma once

#include <span>
#include <string_view>

#include "sim/world.h"

namespace holmes::sim {

struct Scenario {
  std::string_view name;
  std::string_view about;
  void (*play)(World& world);
  size_t operators = 1;
  // What the end must look like; called after everything settled and nothing went wrong.
  void (*expect)(World& world) = nullptr;
};

std::span<const Scenario> scenarios();
const Scenario* find_scenario(std::string_view name);

}  // namespace holmes::sim
