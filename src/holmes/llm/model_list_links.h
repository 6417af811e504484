// Which entries of a model list stand in for which. Pure.
#pragma once

#include <vector>

#include "holmes/llm/model_list.h"
#include "yaml/yaml_tree.h"

namespace holmes {

// Reads `fallbacks` (or `fallback`) of each entry of `root` into the entries. Reports names that
// are not in the list, recordings, lists that are too long, and circles.
void link_fallbacks(const YamlNode& root, std::vector<ModelEntry>& entries, Report& report);

}  // namespace holmes
