#include "kube/runtime/controller.h"

#include <utility>

#include "base/assert.h"

namespace holmes::kube {

Controller::Controller(Loop& loop, WorkQueue& queue, Reconciler reconciler, Logger logger,
                       RuntimeMetrics& metrics, ControllerOptions options)
    : loop_(loop),
      queue_(queue),
      reconciler_(std::move(reconciler)),
      metrics_(metrics),
      options_(std::move(options)),
      labels_{options_.name} {
  logger_ = logger.with({{"controller", options_.name}});
  HOLMES_ASSERT(options_.workers > 0);
}

Task<> Controller::run(Stop stop) {
  metrics_.max_workers.set(labels_, static_cast<double>(options_.workers));
  metrics_.active_workers.set(labels_, 0);
  TaskScope workers(loop_);
  Timer time_is_over;
  const StopCallback on_stop(stop, [this, &workers, &time_is_over](StopReason) {
    time_is_over = Timer(loop_, loop_.mono_now() + options_.finish_within,
                         [&workers] { workers.request_stop(); });
  });
  for (size_t i = 0; i < options_.workers; ++i) workers.spawn(work(stop, workers.stop()));
  const Status drained = co_await workers.drain({});
  HOLMES_ASSERT(drained.has_value());
}

Task<> Controller::work(Stop no_more, Stop give_up) {
  while (true) {
    Result<ObjectKey> key = co_await queue_.get(no_more);
    if (!key) co_return;
    co_await reconcile(std::move(*key), give_up);
  }
}

Task<> Controller::reconcile(ObjectKey key, Stop give_up) {
  const MonoTime began = loop_.mono_now();
  metrics_.active_workers.add(labels_, 1);
  const Outcome outcome = co_await reconciler_(key, give_up);
  metrics_.active_workers.add(labels_, -1);
  const std::chrono::duration<double> took = loop_.mono_now() - began;
  metrics_.reconcile_time.observe(labels_, took.count());
  metrics_.reconcile_total.add({options_.name, settle(key, outcome)});
  queue_.done(key);
}

// What the outcome means for the queue; returns the label of the result.
const char* Controller::settle(const ObjectKey& key, const Outcome& outcome) {
  if (const auto* retry = std::get_if<RetryWithBackoff>(&outcome)) {
    queue_.retry(key);
    metrics_.reconcile_errors.add(labels_);
    const bool usual =
        retry->why.code == ErrorCode::kConflict || retry->why.code == ErrorCode::kCancelled;
    const LogFields fields{
        {"object", key.to_text()}, {"error", retry->why}, {"retries", queue_.retries(key)}};
    usual ? logger_.debug("reconcile failed, retrying", fields)
          : logger_.warning("reconcile failed, retrying", fields);
    return "error";
  }
  queue_.forget(key);
  if (const auto* later = std::get_if<RequeueAfter>(&outcome)) {
    queue_.add_after(key, later->delay);
    return "requeue_after";
  }
  if (const auto* given_up = std::get_if<GiveUp>(&outcome)) {
    metrics_.reconcile_errors.add(labels_);
    logger_.error("reconcile failed, not retrying",
                  {{"object", key.to_text()}, {"error", given_up->why}});
    return "error";
  }
  return "success";
}

}  // namespace holmes::kube
