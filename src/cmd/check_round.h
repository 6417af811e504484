// Runs checks, some at a time, and tells how far they are.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "cmd/check_report.h"
#include "holmes/checks/check_runner.h"

namespace holmes {

using OnProgress = std::function<void(const CheckProgress&)>;

// Who answers a check: a runner in this process, or an API server.
class CheckJudge {
 public:
  virtual ~CheckJudge() = default;
  // Always gives a complete answer, alerts sent, within the request's timeout and the time alerts
  // take. The stop cancels; the answer is then error/Cancelled. Several may be under way.
  virtual Task<CheckResponse> judge(CheckRequest request, OnProgress on_progress, Stop stop) = 0;
};

// Who watches a round, on the loop's thread. Indexes are those of the round's checks.
class RoundObserver {
 public:
  virtual ~RoundObserver() = default;
  virtual void began(size_t index) = 0;
  virtual void progressed(size_t index, const CheckProgress& progress) = 0;
  virtual void ended(size_t index, const CheckResponse& response) = 0;
};

// Runs the checks in their order, at most `parallel` (at least 1) at once. The stop cancels those
// that run and leaves the others out. All references outlive the task.
Task<CheckRun> run_round(Loop& loop, CheckJudge& judge, std::vector<FileCheck> checks,
                         size_t parallel, RoundObserver& observer, Stop stop);

}  // namespace holmes
