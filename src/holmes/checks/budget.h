// What checks may use up. docs/verdicts.md tells the defaults with their reasons.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "api/check.h"
#include "async/loop.h"
#include "base/time.h"

namespace holmes {

// Of one check. What is used up ends it with error/BudgetExceeded and a sentence that names it.
struct CheckBudget {
  std::chrono::seconds time_max = kMaxCheckTimeout;  // also of a check that asked for more
  int64_t model_calls_max = 24;                      // each try counts; at least kModelCallsMin
  int64_t tool_calls_max = 60;                       // those that reach a tool
  int64_t input_tokens_max = 400'000;                // of all model calls
  int64_t output_tokens_max = 40'000;
  int64_t micro_usd_max = 1'000'000;          // of models whose price is known; 0: no limit
  size_t tool_bytes_max = size_t{32} << 10U;  // of one answer; the rest is cut off, with a remark
  size_t tool_bytes_total_max = size_t{512} << 10U;  // of all answers
};

// Kept for the end of a check: the verdict, and once more when it cannot be used.
inline constexpr int64_t kVerdictCalls = 2;
// One look, the findings, the verdict.
inline constexpr int64_t kModelCallsMin = 2 + kVerdictCalls;

// What all checks of this process have cost on this day (UTC). Kept in memory: a restart begins
// anew, and each replica counts for itself. Lives on the loop's thread; the clock outlives it.
class DailySpending {
 public:
  // 0: no limit.
  DailySpending(const Clock& clock, int64_t micro_usd_max)
      : clock_(clock), micro_usd_max_(micro_usd_max) {}

  void add(int64_t micro_usd);
  [[nodiscard]] bool used_up();
  [[nodiscard]] int64_t micro_usd_max() const { return micro_usd_max_; }

 private:
  void begin_day();

  const Clock& clock_;
  int64_t micro_usd_max_;
  int64_t micro_usd_ = 0;
  std::chrono::sys_days day_{};
};

}  // namespace holmes
