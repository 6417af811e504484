// Answers one check: a model investigates with read-only tools, then gives its verdict; a verdict
// that rests on no answer of the system is none.
//
//   investigate  tools, no schema; ends with a text (the findings)
//   gate         at least one tool call that counts as evidence, else error
//   classify     schema {rationale, verdict}, no tools; the question, the findings, the evidence;
//   an
//                answer that cannot be read, or quotes a count that no tool told, is asked for once
//                more
//
// Rules: contract, section 2. The only verdicts are pass and fail; everything that prevents one
// (timeout, budget, refusal, unfinished or unreadable text, ...) is status error with a reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/check.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "holmes/checks/budget.h"
#include "holmes/checks/recording.h"
#include "holmes/llm/model.h"
#include "holmes/llm/model_table.h"
#include "holmes/tools/tool.h"
#include "metrics/registry.h"

namespace holmes {

// How far a run is. Both only grow.
struct CheckProgress {
  int64_t model_calls = 0;  // begun; the last one is under way, or its tools are
  int64_t tool_calls = 0;   // answered

  bool operator==(const CheckProgress&) const = default;
};

struct CheckQuestion {
  std::string query;
  std::string name;   // "namespace/name" of the check, or empty; its namespace is the default one
  std::string model;  // of the model table; empty: its default
  // Told of each step on the loop's thread; returns quickly and outlives the run. Empty: nobody is.
  std::function<void(const CheckProgress&)> on_progress{};
};

struct CheckRunnerOptions {
  CheckBudget budget;                 // of each check
  int64_t daily_micro_usd_max = 0;    // of all checks on one day (DailySpending); 0: no limit
  int64_t output_tokens_max = 8'192;  // of one model call
  // What one model call may read, as estimate_tokens() has it, unless the model says otherwise
  // itself. A conversation that outgrows it loses old answers of tools (compaction.h).
  int64_t context_tokens_max = 100'000;
  // Gets each run that asked a model, at its end, on the loop's thread; empty: nothing is recorded.
  std::function<void(const Recording&)> on_recording{};
};

class CheckRunner {
 public:
  // Everything outlives the runner; make one per registry (it registers holmes_tool_calls_total).
  CheckRunner(Loop& loop, const ModelTable& models, const ToolTable& tools,
              MetricsRegistry& metrics, Logger log, CheckRunnerOptions options = {});

  // Whether the check's model has room for one more check, within the check's timeout. Fails with
  // kRefused and retry_after, for who can send the check away; run() waits.
  [[nodiscard]] Status room_for(const CheckRequest& request) const;

  // Logs each run as one audit record (docs/verdicts.md).
  //
  // Always gives a complete answer (notifications are the caller's business). The stop carries the
  // check's deadline and its cancellation; both end the model call and the tools under way at once
  // and become error/Timeout or error/Cancelled. Several runs may be under way.
  Task<CheckResponse> run(CheckQuestion question, Stop stop);

 private:
  Loop& loop_;
  const ModelTable& models_;
  const ToolTable& tools_;
  CounterFamily& tool_calls_total_;
  Logger log_;
  CheckRunnerOptions options_;
  DailySpending day_;
  SharedList<ToolSpec> tool_specs_;
};

}  // namespace holmes
