#include "holmes/tools/tool.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holmes {
namespace {

std::string_view name_of(const std::unique_ptr<Tool>& tool) {
  return tool->info().name;
}

}  // namespace

std::string_view to_string(ToolOutcome outcome) {
  switch (outcome) {
    case ToolOutcome::kAnswered:
      return "answered";
    case ToolOutcome::kDenied:
      return "denied";
    case ToolOutcome::kFailed:
      return "failed";
    case ToolOutcome::kTimeout:
      return "timeout";
    case ToolOutcome::kBadArguments:
      break;
  }
  return "bad_arguments";
}

ToolTable::ToolTable(ToolSet set)
    : tools_(std::move(set.tools)), first_look_(std::move(set.first_look)) {
  std::ranges::sort(tools_, {}, name_of);
  HOLMES_ASSERT(std::ranges::adjacent_find(tools_, {}, name_of) == tools_.end());
}

Tool* ToolTable::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(tools_, name, {}, name_of);
  return found != tools_.end() && name_of(*found) == name ? found->get() : nullptr;
}

}  // namespace holmes
