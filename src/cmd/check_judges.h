// The judges of `holmes check`: this process, an API server elsewhere, and what was recorded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "base/log.h"
#include "cmd/check_round.h"
#include "cmd/recorded_runs.h"
#include "holmes/checks/replay.h"
#include "holmes/notify/notifier.h"
#include "manifest/check_file.h"
#include "operator/check_client.h"

namespace holmes {

// Answers one check in this process, as CheckRunner::run.
using AnswerCheck = std::function<Task<CheckResponse>(CheckQuestion question, Stop stop)>;

// What is told of a check that nobody could judge.
CheckResponse errored(std::optional<ErrorReason> reason, std::string why);

// Has the check answered, then sends the alerts of a failed one in mode alert.
class LocalJudge final : public CheckJudge {
 public:
  // All outlive the judge.
  LocalJudge(Loop& loop, AnswerCheck answer, Notifier& notifier)
      : loop_(loop), answer_(std::move(answer)), notifier_(notifier) {}

  Task<CheckResponse> judge(CheckRequest request, OnProgress on_progress, Stop stop) override;

 private:
  Loop& loop_;
  AnswerCheck answer_;
  Notifier& notifier_;
};

// Sends the check to an API server, which also sends the alerts. A server that takes no more now
// (429 or 503 with Retry-After) is asked again within the check's timeout; an answer
// that was lost on the way is asked for, never executed again. Cancelling cancels there, too.
// Progress is not told.
class RemoteJudge final : public CheckJudge {
 public:
  // All outlive the judge.
  RemoteJudge(Loop& loop, CheckClient& client, Random& random)
      : loop_(loop), client_(client), random_(random) {}

  Task<CheckResponse> judge(CheckRequest request, OnProgress on_progress, Stop stop) override;

 private:
  Task<CheckResponse> ask(CheckRequest request, std::string id, Stop stop);

  Loop& loop_;
  CheckClient& client_;
  Random& random_;
};

// Runs recordings again (replay.h) instead of asking anybody. Alerts nobody.
class ReplayJudge final : public CheckJudge {
 public:
  // The loop outlives the judge.
  ReplayJudge(Loop& loop, std::vector<Recording> recordings, CheckRunnerOptions options, Logger log)
      : loop_(loop),
        runs_(std::move(recordings)),
        options_(std::move(options)),
        log_(std::move(log)) {}

  // Of several recordings with this name and question each gets its turn.
  Task<CheckResponse> judge(CheckRequest request, OnProgress on_progress, Stop stop) override;

 private:
  Loop& loop_;
  RecordedRuns runs_;
  CheckRunnerOptions options_;
  Logger log_;
};

// One check per recording, with its name.
std::vector<FileCheck> recorded_checks(const std::vector<Recording>& recordings);

}  // namespace holmes
