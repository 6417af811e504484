// Files of checks: any text gives checks that can be run, or problems that say where.
#include "fuzz/input.h"
#include "manifest/check_file.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const CheckFile file = read_check_file(fuzz::text(data, size));
  bool has_error = false;
  for (const Problem& problem : file.problems) {
    has_error = has_error || problem.severity == Severity::kError;
    HOLMES_ASSERT(problem.at.line >= 1 && problem.at.column >= 1);
    HOLMES_ASSERT(!problem.message.empty());
  }
  if (has_error) return 0;
  HOLMES_ASSERT(!file.checks.empty());
  for (const FileCheck& check : file.checks) {
    HOLMES_ASSERT(!check.name.empty());
    HOLMES_ASSERT(!check.request.query.empty());
    HOLMES_ASSERT(check.request.timeout.count() >= 1 && check.request.timeout <= kMaxCheckTimeout);
    HOLMES_ASSERT(check.request.destinations.size() <= kMaxDestinations);
  }
  return 0;
}
