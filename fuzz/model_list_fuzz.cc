// Model lists: any text gives models that can be made, or problems that say where.
#include <algorithm>

#include "fuzz/input.h"
#include "holmes/llm/model_list.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const ModelListContext context{{{"KEY", "secret"}, {"EMPTY", ""}}, {}, {}};
  const ModelList list = parse_model_list(fuzz::text(data, size), context);
  bool has_error = false;
  for (const Problem& problem : list.problems) {
    has_error = has_error || problem.severity == Severity::kError;
    HOLMES_ASSERT(problem.at.line >= 1 && problem.at.column >= 1);
    HOLMES_ASSERT(!problem.message.empty());
  }
  if (has_error) return 0;
  HOLMES_ASSERT(list.entries.size() <= kMaxListedModels);
  for (const ModelEntry& entry : list.entries) {
    HOLMES_ASSERT(!entry.name.empty());
    HOLMES_ASSERT(!entry.missing.empty() || entry.model.empty() != entry.recording.empty());
    HOLMES_ASSERT(entry.fallbacks.size() <= kMaxFallbacks);
    HOLMES_ASSERT(std::ranges::find(entry.fallbacks, entry.name) == entry.fallbacks.end());
  }
  return 0;
}
