#include "kube/runtime/controller.h"

#include <utility>

#include "base/assert.h"

namespace holmes::kube {

Controller::Controller(Loop& loop, WorkQueue& queue, Reconciler reconciler, Logger logger,
                       RuntimeMetrics& metrics, ControllerOptions options)
    : loop_(loop),
      queue_(queue),
      reconciler_(std::move(reconciler)),
      logger_(logger.with({{"controller", options.name}})),
      options_(std::move(options)),
      max_workers_(metrics.max_workers.bind({options_.name})),
      active_workers_(metrics.active_workers.bind({options_.name})),
      seconds_(metrics.reconcile_time.bind({options_.name})),
      successes_(metrics.reconcile_total.bind({options_.name, "success"})),
      requeues_(metrics.reconcile_total.bind({options_.name, "requeue_after"})),
      failures_(metrics.reconcile_total.bind({options_.name, "error"})),
      errors_(metrics.reconcile_errors.bind({options_.name})),
      terminal_errors_(metrics.terminal_errors.bind({options_.name})),
      panics_(metrics.reconcile_panics.bind({options_.name})),
      sweep_repairs_(metrics.sweep_repairs.bind({options_.name})) {
  HOLMES_ASSERT(options_.workers > 0);
}

Task<> Controller::run(Stop stop, Stop give_up) {
  max_workers_.set(static_cast<double>(options_.workers));
  TaskScope workers(loop_, give_up);
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
    // Thousands of reconciles that need not wait must not hold up what comes due meanwhile.
    co_await next_turn(loop_);
  }
}

Task<> Controller::reconcile(ObjectKey key, Stop give_up) {
  const MonoTime began = loop_.mono_now();
  active_workers_.add(1);
  Outcome outcome = Done{};
  try {
    outcome = co_await reconciler_(key, std::move(give_up));
  } catch (const std::exception& error) {
    outcome = caught(error.what());
  } catch (...) {
    outcome = caught("something that is no std::exception");
  }
  active_workers_.add(-1);
  seconds_.observe(std::chrono::duration<double>(loop_.mono_now() - began).count());
  settle(key, outcome);
  queue_.done(key);
}

Outcome Controller::caught(std::string_view what) {
  panics_.add();
  return RetryWithBackoff{Error(ErrorCode::kInternal, "thrown: " + std::string(what))};
}

// What the outcome means for the queue.
void Controller::settle(const ObjectKey& key, const Outcome& outcome) {
  if (const auto* failed = std::get_if<RetryWithBackoff>(&outcome)) return retry(key, failed->why);
  queue_.forget(key);
  if (const auto* given_up = std::get_if<GiveUp>(&outcome)) {
    failures_.add();
    errors_.add();
    terminal_errors_.add();
    return logger_.error("reconcile failed, not retrying",
                         {{"object", key.to_text()}, {"error", given_up->why}});
  }
  const auto* later = std::get_if<RequeueAfter>(&outcome);
  if ((later != nullptr ? later->changed : std::get<Done>(outcome).changed) &&
      queue_.only_swept(key)) {
    sweep_repairs_.add();
    logger_.warning("a full sweep found something to repair", {{"object", key.to_text()}});
  }
  if (later == nullptr) return successes_.add();
  queue_.add_after(key, later->delay);
  requeues_.add();
}

void Controller::retry(const ObjectKey& key, const Error& why) {
  queue_.retry(key);
  failures_.add();
  errors_.add();
  const LogFields fields{
      {"object", key.to_text()}, {"error", why}, {"retries", queue_.retries(key)}};
  const bool usual = why.code == ErrorCode::kConflict || why.code == ErrorCode::kCancelled;
  usual ? logger_.debug("reconcile failed, retrying", fields)
        : logger_.warning("reconcile failed, retrying", fields);
}

}  // namespace holmes::kube
