// The checks that are being executed, and the answers of those that were, by idempotency key.
//
// An execution is judge, then (for a fail in mode alert with destinations) alert. Its time limit is
// enforced here: at the check's timeout the judging is stopped with kDeadline.
// Threads: the loop's.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/check.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "base/log.h"
#include "base/result.h"
#include "holmes/checks/check_runner.h"
#include "holmes/server/server_metrics.h"

namespace holmes {

// CheckRunner::run, or a double of it.
using JudgeCheck = std::function<Task<CheckResponse>(CheckQuestion question, Stop stop)>;
// Tells the request's destinations about a failed check; one notification per destination.
using SendAlert = std::function<Task<std::vector<Notification>>(CheckRequest request,
                                                                CheckResponse response, Stop stop)>;

struct ExecutionsOptions {
  size_t running_max = 64;
  size_t answers_max = 10'000;
  size_t answers_bytes_max = size_t{128} << 20U;
  std::chrono::seconds answer_keep_time = std::chrono::minutes(10);
  std::chrono::seconds alert_timeout{10};  // after the verdict
  // Asked before a check is started: whether what it needs has room. Fails as start() does. Empty:
  // it always has.
  std::function<Status(const CheckRequest&)> room_for{};
};

// One execution, shared by the registry and whoever waits for it.
struct Execution {
  Execution(Loop& loop, std::string k, std::string d, const Stop& parent)
      : key(std::move(k)), digest(std::move(d)), cancel(parent), ended(loop) {}

  const std::string key;     // empty: nobody else can ask for it
  const std::string digest;  // of the request, to tell a repetition from a clash
  StopSource cancel;         // kCancelled ends it with error/Cancelled
  Event ended;
  std::string answer;  // the body of the 200, once ended; empty: cut off by the server's end
};

class Executions {
 public:
  // What is given by reference outlives the executions; the functions are called on the loop.
  Executions(Loop& loop, JudgeCheck judge, SendAlert alert, ServerMetrics& metrics, Logger log,
             ExecutionsOptions options = {});

  // Starts the check, or joins the execution that the key already stands for. Fails with kInvalid
  // (the key stands for another request), kRefused (too many run, or there is no room for this one)
  // or kUnavailable (shutting down); the latter two with retry_after.
  Result<std::shared_ptr<Execution>> start(CheckRequest request, std::string key);

  // nullptr: unknown, or forgotten.
  std::shared_ptr<Execution> find(const std::string& key);

  [[nodiscard]] size_t running() const { return scope_.size(); }

  // From now on start() takes nothing new; joining goes on.
  void refuse_new() { refusing_ = true; }
  // Lets what runs end until the stop comes, then cuts it off. Call it before the destructor.
  Task<> close(Stop grace);

 private:
  struct Answered {
    MonoTime at;
    std::string key;
    size_t bytes;
  };

  Task<> run(std::shared_ptr<Execution> execution, CheckRequest request);
  Task<CheckResponse> judge_within_timeout(CheckRequest request, Stop stop, const Logger& log);
  void end(Execution& execution, const CheckResponse& response);
  void forget_old_answers();

  Loop& loop_;
  JudgeCheck judge_;
  SendAlert alert_;
  ServerMetrics& metrics_;
  Logger log_;
  ExecutionsOptions options_;
  std::unordered_map<std::string, std::shared_ptr<Execution>> by_key_;
  std::deque<Answered> answered_;  // oldest first
  size_t answered_bytes_ = 0;
  bool refusing_ = false;
  TaskScope scope_;
};

}  // namespace holmes
