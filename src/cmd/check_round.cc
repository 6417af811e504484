#include "cmd/check_round.h"

#include <optional>
#include <utility>

#include "async/task_scope.h"
#include "async/wait.h"

namespace holmes {
namespace {

struct Round {
  Loop& loop;
  CheckJudge& judge;
  RoundObserver& observer;
  Semaphore free;
  Stop stop;
};

// nullopt: stopped before its turn.
Task<std::optional<CheckResponse>> run_one(Round& round, CheckRequest request, size_t index) {
  const auto permit = co_await round.free.permit(round.stop);
  if (!permit || round.stop.requested()) co_return std::nullopt;
  round.observer.began(index);
  OnProgress on_progress = [&round, index](const CheckProgress& progress) {
    round.observer.progressed(index, progress);
  };
  CheckResponse response =
      co_await round.judge.judge(std::move(request), std::move(on_progress), round.stop);
  round.observer.ended(index, response);
  co_return response;
}

}  // namespace

Task<CheckRun> run_round(Loop& loop, CheckJudge& judge, std::vector<FileCheck> checks,
                         size_t parallel, RoundObserver& observer, Stop stop) {
  CheckRun run;
  run.began = loop.wall_now();
  const MonoTime began = loop.mono_now();
  Round round{loop, judge, observer, Semaphore(loop, parallel), stop};
  std::vector<Task<std::optional<CheckResponse>>> tasks;
  for (size_t i = 0; i < checks.size(); ++i) {
    tasks.push_back(run_one(round, checks[i].request, i));
  }
  std::vector<std::optional<CheckResponse>> responses = co_await when_all(loop, std::move(tasks));
  for (size_t i = 0; i < checks.size(); ++i) {
    if (responses[i]) {
      run.outcomes.push_back({std::move(checks[i]), std::move(*responses[i])});
    } else {
      ++run.not_run;
    }
  }
  run.interrupted = stop.requested();
  run.took = std::chrono::round<std::chrono::milliseconds>(loop.mono_now() - began);
  co_return run;
}

}  // namespace holmes
