// Controller: workers that take keys from a queue and reconcile one each, until stopped.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "async/stop.h"
#include "async/task.h"
#include "async/task_scope.h"
#include "base/log.h"
#include "kube/runtime/runtime_metrics.h"
#include "kube/runtime/work_queue.h"

namespace holmes::kube {

// All is as it should be; look again when the object changes. The key's back-off begins anew.
struct Done {
  // This reconcile had to change something. When only a full sweep asked for it, that is counted:
  // an event was lost, or somebody forgot to ask.
  bool changed = false;
};
// The same, but look again after this time at the latest.
struct RequeueAfter {
  std::chrono::nanoseconds delay;
  bool changed = false;
};
// It did not work; try again after the key's back-off, which grows.
struct RetryWithBackoff {
  Error why;
};
// It did not work and will not until the object changes.
struct GiveUp {
  Error why;
};
using Outcome = std::variant<Done, RequeueAfter, RetryWithBackoff, GiveUp>;

// Brings one object nearer to what it should be. Never called twice at once for one key. The stop
// is requested when the time to finish is over (ControllerOptions::finish_within). An exception
// that leaves it is counted, logged and otherwise like RetryWithBackoff.
using Reconciler = std::function<Task<Outcome>(ObjectKey key, Stop stop)>;

struct ControllerOptions {
  std::string name;  // the label of its metrics and logs
  size_t workers = 1;
  // After the stop no new key is taken; reconciles in hand go on for at most this long.
  std::chrono::nanoseconds finish_within = std::chrono::seconds(10);
};

class Controller {
 public:
  // Everything handed in outlives the controller.
  Controller(Loop& loop, WorkQueue& queue, Reconciler reconciler, Logger logger,
             RuntimeMetrics& metrics, ControllerOptions options);

  // Returns after the stop, when nothing is in hand any more; `give_up` asks the reconciles in hand
  // to stop at once. Call it once; start it after the informers are synced.
  Task<> run(Stop stop, Stop give_up = {});

 private:
  Task<> work(Stop no_more, Stop give_up);
  Task<> reconcile(ObjectKey key, Stop give_up);
  Outcome caught(std::string_view what);
  void settle(const ObjectKey& key, const Outcome& outcome);
  void retry(const ObjectKey& key, const Error& why);

  Loop& loop_;
  WorkQueue& queue_;
  Reconciler reconciler_;
  Logger logger_;
  ControllerOptions options_;

  Gauge max_workers_;
  Gauge active_workers_;
  Histogram seconds_;
  Counter successes_;
  Counter requeues_;
  Counter failures_;
  Counter errors_;
  Counter terminal_errors_;
  Counter panics_;
  Counter sweep_repairs_;
};

}  // namespace holmes::kube
