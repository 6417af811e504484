// Reconciles HealthChecks: claims, executes, recovers and commits runs (contract, section 1).
//
// reconcile() is short: it looks at one object, decides and writes at most a few times. An
// execution that may take minutes runs beside it, one task for each; when it ends, the key is
// reconciled again. What holds through any crash: an attempt id is executed at most once, and its
// answer is committed only while the claim is still its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "async/task_scope.h"
#include "base/log.h"
#include "kube/runtime/controller.h"
#include "kube/runtime/event_recorder.h"
#include "operator/check_client.h"
#include "operator/decision.h"
#include "operator/operator_metrics.h"
#include "operator/run_slots.h"
#include "operator/status_writer.h"
#include "operator/transitions.h"

namespace holmes {

class HealthCheckReconciler {
 public:
  struct Options {
    // Who claims at this moment; nullopt: nobody, as this process does not lead (any more). Asked
    // in the turn of each claim, right before it is sent.
    std::function<std::optional<Claimant>()> claimant{};
    size_t concurrent_max = 32;
    // True while writes that are more urgent than a claim are under way: checks then wait. Call
    // wake_waiting() when it becomes false. Empty: never.
    std::function<bool()> hold{};
    // False for a check that nobody wants any more although it is there still: it is asked again
    // soon. Empty: never.
    std::function<bool(const HealthCheck&)> may_start{};
    // False while somebody still needs this finished check, whose time to live is over: it is asked
    // again soon. Empty: never.
    std::function<bool(const HealthCheck&)> may_delete{};
  };

  // All references outlive this; close() before it goes.
  HealthCheckReconciler(Loop& loop, kube::Api<HealthCheck>& api,
                        kube::Informer<HealthCheck>& informer, kube::WorkQueue& queue,
                        CheckClient& client, kube::EventRecorder& events, OperatorMetrics& metrics,
                        Logger log, Options options);

  Task<kube::Outcome> reconcile(kube::ObjectKey key, Stop stop);

  // The object is gone: so is what was kept for it.
  void forget(const HealthCheck& check);

  // No new claims from now on.
  void stop_claiming() { claiming_ = false; }
  // Lets executions end until the stop, then leaves the rest to whoever comes next: their claims
  // stand, and the servers go on with them.
  Task<> close(Stop stop);

  [[nodiscard]] size_t running() const { return runs_.size(); }
  // Has the checks that wait looked at again, as far as there is room for them.
  void wake_waiting();
  // Checks that will be claimed as soon as an execution ends.
  [[nodiscard]] size_t waiting() const { return claiming_ ? slots_.waiting() : 0; }

 private:
  enum class Abort { kNone, kCancelled, kGone };
  // An execution that this process has in hand.
  struct Run {
    kube::ObjectKey key;
    std::string uid;
    std::string attempt_id;
    Abort abort = Abort::kNone;
    std::unique_ptr<StopSource> source;  // the claim's end, or an abort
    MonoTime answer_by{};                // then the POST's answer is taken for lost
  };

  Task<kube::Outcome> act(CheckSnapshot check, Decision decision, Stop stop);
  Task<kube::Outcome> start(CheckSnapshot check, Stop stop);
  void resume_claimed(const CheckSnapshot& check);
  Task<Result<CheckSnapshot>> write_claim(CheckSnapshot check, Stop stop);
  Task<kube::Outcome> remove_rerun_annotation(CheckSnapshot check, Stop stop);
  Task<kube::Outcome> remove_finished(CheckSnapshot check, Stop stop);
  Task<kube::Outcome> write_status(CheckSnapshot check, StatusChange change, Stop stop);

  // Aborts the executions of this name that the object (null: gone) does not want any more; true
  // when one goes on.
  bool watch_runs(const kube::ObjectKey& key, const CheckSnapshot& check);
  void begin_run(const CheckSnapshot& claimed, bool execute);
  Task<> run(CheckSnapshot claimed, bool execute, Run* self);
  // False when the outcome could not be written: the claim stands and must be recovered later.
  Task<bool> commit(CheckSnapshot claimed, StatusChange change, Run* self);
  // The change to commit; empty: leave everything as it is.
  Task<StatusChange> outcome_of(CheckSnapshot claimed, bool execute, Run* self);
  Task<StatusChange> recover(CheckSnapshot claimed, Run* self, std::string why);
  Task<StatusChange> aborted(CheckSnapshot claimed, Run* self);
  void committed(const CheckSnapshot& before, const CheckSnapshot& written);
  void end_run(Run& run, bool settled);
  void record(const HealthCheck& check, kube::EventType type, std::string_view reason,
              std::string note);
  [[nodiscard]] Logger log_for(const HealthCheck& check) const;
  [[nodiscard]] bool held() const { return options_.hold && options_.hold(); }
  [[nodiscard]] WallTime now() const;

  Loop& loop_;
  kube::Api<HealthCheck>& api_;
  kube::Informer<HealthCheck>& informer_;
  kube::WorkQueue& queue_;
  CheckClient& client_;
  kube::EventRecorder& events_;
  OperatorMetrics& metrics_;
  Logger log_;
  Options options_;
  StatusWriter<HealthCheck> writer_;
  RunSlots slots_;
  // Of one key there are several after a delete and recreate.
  std::unordered_multimap<kube::ObjectKey, std::unique_ptr<Run>> runs_;
  // Servers' Retry-After, by UID: not before this time. Only saves requests, so memory is enough.
  std::unordered_map<std::string, MonoTime> not_before_;
  // Attempts whose claim may have been written although the write failed: not posted, so whoever
  // finds the claim may still post. By UID.
  std::unordered_map<std::string, std::string> unconfirmed_;
  bool claiming_ = true;
  TaskScope scope_;
};

}  // namespace holmes
