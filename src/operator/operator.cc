#include "operator/operator.h"

#include <algorithm>
#include <functional>
#include <span>

#include "base/assert.h"
#include "kube/runtime/run_controller.h"
#include "operator/schedule_child.h"

namespace holmes {
namespace {

constexpr std::string_view kControllerName = "healthcheck";
constexpr std::string_view kScheduleControllerName = "scheduledhealthcheck";
// Reconciles only wait for the API server; this many may do so at once.
constexpr size_t kWorkers = 64;
constexpr size_t kMaxKnownResults = kMaxLabelSets / 2;
constexpr std::chrono::seconds kEventFlushTime{3};
constexpr std::chrono::seconds kReconcileFinishTime{5};

template <class Reconciler>
kube::Reconciler reconciler_of(Reconciler& reconciler) {
  return [&reconciler](kube::ObjectKey key, Stop stop) {
    return reconciler.reconcile(std::move(key), std::move(stop));
  };
}

kube::InformerOptions informer_options(const OperatorOptions& options) {
  kube::InformerOptions informer;
  informer.namespaces = options.namespaces;
  informer.verify_interval = options.verify_cache_interval;
  return informer;
}

kube::ControllerOptions controller_options(std::string_view name) {
  return {.name = std::string(name), .workers = kWorkers, .finish_within = kReconcileFinishTime};
}

template <class Informer>
std::string waiting_for(const Informer& informer, const kube::ResourceType& type) {
  if (informer.missing_type()) return "waiting for the CRD " + type.plural + "." + type.group;
  return informer.synced() ? "" : "waiting for the first list of " + type.kind + "s";
}

HttpResponse text(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

// Whatever its age: it goes on by itself, so nobody can wait for it for ever.
bool runs(const HealthCheck& check) {
  return check.status.phase == Phase::kRunning && check.status.attempt;
}

}  // namespace

Operator::Operator(Loop& loop, Random& random, kube::Transport& kube, HttpClient& api,
                   Resolver& resolver, MetricsRegistry& registry, Logger log,
                   OperatorOptions options, kube::LeaseClient* lease)
    : loop_(loop),
      random_(random),
      registry_(registry),
      log_(log),
      options_(std::move(options)),
      runtime_metrics_(registry),
      metrics_(registry),
      api_(kube),
      informer_(loop, random, kube, log, runtime_metrics_, informer_options(options_)),
      queue_(loop, random, runtime_metrics_, {.name = std::string(kControllerName)}),
      events_(
          loop, random, kube, log, runtime_metrics_,
          {.source = {.controller = "holmesgpt.dev/operator", .instance = options_.claimant.holder},
           .yield = [this] { return reconciler_.waiting() > 0 || creating(); }}),
      client_(loop, api, resolver, log,
              {.base = options_.api_url,
               .api_key = options_.api_key,
               .may_execute = [this] { return leads(); }}),
      reconciler_(loop, api_, informer_, queue_, client_, events_, metrics_, log,
                  {.claimant = [this] { return claimant(); },
                   .concurrent_max = options_.concurrent_max,
                   .hold = [this] { return creating(); },
                   .may_start = [this](const HealthCheck& check) { return may_start(check); },
                   .may_delete = [this](const HealthCheck& check) { return may_delete(check); }}),
      controller_(loop, queue_, reconciler_of(reconciler_), log, runtime_metrics_,
                  controller_options(kControllerName)),
      schedule_api_(kube),
      schedules_(loop, random, kube, log, runtime_metrics_, informer_options(options_)),
      schedule_queue_(loop, random, runtime_metrics_,
                      {.name = std::string(kScheduleControllerName)}),
      schedule_reconciler_(
          loop,
          {schedule_api_, schedules_, schedule_queue_, api_, informer_, children_, events_,
           metrics_},
          log, [this] { reconciler_.wake_waiting(); }, [this] { return leads(); }),
      schedule_controller_(loop, schedule_queue_, reconciler_of(schedule_reconciler_), log,
                           runtime_metrics_, controller_options(kScheduleControllerName)) {
  if (lease != nullptr) {
    elector_.emplace(loop, random, *lease, log, runtime_metrics_, options_.election);
  }
  schedules_.on_change([this](const auto& c) { on_schedule_change(c.before, c.now); });
  informer_.on_change([this](const auto& c) { on_change(c.before, c.now); });
  informer_.on_went_back([this] { history_went_back(); });
  schedules_.on_went_back([this] { history_went_back(); });
}

Task<> Operator::run(Stop stop) {
  StopSource no_more(stop);
  StopSource give_up;
  leave_ = [this, &no_more, &give_up] {
    ended_early_ = true;
    give_up.request_stop();
    no_more.request_stop();
  };
  TaskScope background(loop_);
  background.spawn(informer_.run(background.stop()));
  background.spawn(schedules_.run(background.stop()));
  if (!elector_ || co_await elector_->acquire(no_more.stop())) {
    co_await lead(no_more.stop(), give_up.stop(), background);
  }
  co_await background.close();
  leave_ = nullptr;
}

Task<> Operator::lead(Stop no_more, Stop give_up, TaskScope& background) {
  // The grace begins with the stop, not when the last reconcile is done.
  MonoTime stopped_at = loop_.mono_now();
  const StopCallback on_stop(no_more, [this, &stopped_at](StopReason) {
    stopped_at = loop_.mono_now();
    schedule_reconciler_.stop();
    reconciler_.stop_claiming();
  });
  leading_ = true;
  informer_.for_each([this](const CheckSnapshot& check) { tell_schedule(nullptr, check); });
  background.spawn(events_.run(background.stop()));
  TaskScope renewals(loop_);
  if (elector_) renewals.spawn(keep_lease(renewals.stop()));
  TaskScope controllers(loop_);
  controllers.spawn(run_checks(no_more, give_up));
  controllers.spawn(run_schedules(no_more, give_up));
  const Status ended = co_await controllers.drain({});
  HOLMES_ASSERT(ended.has_value());
  log_.info("stopping", {{"running", reconciler_.running()}});
  co_await renewals.close();
  if (elector_) co_await elector_->release();
  const StopSource grace(give_up, loop_, stopped_at + options_.shutdown_grace);
  co_await reconciler_.close(grace.stop());
  const StopSource flush_limit(give_up, loop_, loop_.mono_now() + kEventFlushTime);
  if (const Status flushed = co_await events_.flush(flush_limit.stop()); !flushed) {
    log_.warning("events were dropped at the stop", {{"events", events_.unsent()}});
  }
}

void Operator::history_went_back() {
  if (!leave_ || ended_early_) return;
  log_.error(
      "the API server knows less than it did, as after a restore: this process ends and begins "
      "anew");
  leave_();
}

Task<> Operator::keep_lease(Stop stop) {
  const Error why = co_await elector_->hold(stop);
  if (stop.requested()) co_return;
  log_.error("the lease is lost: this process leads no more and ends", {{"error", why}});
  leave_();
}

std::optional<Claimant> Operator::claimant() const {
  if (!elector_) return options_.claimant;
  if (!elector_->leads()) return std::nullopt;
  return Claimant{elector_->epoch(), options_.claimant.holder};
}

// Another leader's last writes are in the cache before this one's first.
template <class T>
Task<Status> Operator::wait_fresh(kube::Informer<T>& cache, Stop stop) {
  HOLMES_CO_CHECK(co_await cache.wait_synced(stop));
  if (elector_) {
    HOLMES_CO_CHECK(co_await cache.refresh(stop));
  }
  co_return Status();
}

Task<> Operator::run_checks(Stop stop, Stop give_up) {
  log_.info("waiting for the cache", {{"resource", HealthCheck::resource().plural}});
  if (!co_await wait_fresh(informer_, stop)) co_return;
  log_.info("cache synced", {{"checks", informer_.size()}});
  tell_known_results();
  enqueue_oldest_first([](const HealthCheck&) { return true; });
  checks_started_ = true;
  co_await kube::work_and_sweep(loop_, random_, informer_, queue_, controller_,
                                options_.sweep_interval, stop, give_up);
}

// Needs both caches: what a schedule does next depends on its checks.
Task<> Operator::run_schedules(Stop stop, Stop give_up) {
  if (!co_await wait_fresh(informer_, stop) || !co_await wait_fresh(schedules_, stop)) co_return;
  log_.info("cache synced", {{"schedules", schedules_.size()}});
  schedule_reconciler_.start();
  schedules_.for_each(
      [this](const ScheduleSnapshot& schedule) { schedule_reconciler_.look_first(*schedule); });
  schedules_.for_each([this](const ScheduleSnapshot& schedule) { metrics_.known(*schedule); });
  schedules_started_ = true;
  // They could not start before.
  enqueue_oldest_first(
      [](const HealthCheck& check) { return is_scheduled(check) && !check.status.finished(); });
  co_await kube::work_and_sweep(loop_, random_, schedules_, schedule_queue_, schedule_controller_,
                                options_.sweep_interval, stop, give_up);
}

// The newest only: schedules and what is yet to run need label sets, too.
void Operator::tell_known_results() {
  std::vector<CheckSnapshot> ended;
  informer_.for_each([&ended](const CheckSnapshot& check) {
    if (check->status.completion_time && !is_scheduled(*check)) ended.push_back(check);
  });
  const auto middle =
      ended.begin() + static_cast<std::ptrdiff_t>(std::min(ended.size(), kMaxKnownResults));
  std::ranges::partial_sort(ended, middle, std::ranges::greater(), [](const CheckSnapshot& check) {
    return *check->status.completion_time;
  });
  for (const CheckSnapshot& check : std::span(ended.begin(), middle)) metrics_.known(*check);
}

Task<HttpResponse> Operator::handle(HttpRequest request, Stop /*stop*/) {
  const auto target = parse_target(request.target);
  const std::string path = target ? target->path : "";
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") {
    co_return text(404, "not found; there are /healthz, /readyz and /metrics\n");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = text(405, "only GET\n");
    response.headers.add("Allow", "GET, HEAD");
    co_return response;
  }
  if (path == "/healthz") co_return text(200, "ok\n");
  if (path == "/readyz") {
    const std::string reason = not_ready_reason();
    co_return reason.empty() ? text(200, "ok\n") : text(503, reason + "\n");
  }
  metrics_.set_scheduled_active(children_.unfinished());  // of a standby: none
  HttpResponse response = text(200, registry_.expose());
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

void Operator::on_change(const CheckSnapshot& before, const CheckSnapshot& now) {
  if (!leading_) return;
  tell_schedule(before, now);
  if (now == nullptr) reconciler_.forget(*before);
  if (!checks_started_ || is_own_progress(before, now)) return;
  queue_.add((now != nullptr ? now : before)->meta.key());
}

bool Operator::is_own_progress(const CheckSnapshot& before, const CheckSnapshot& now) const {
  if (before == nullptr || now == nullptr || before->meta.uid != now->meta.uid) return false;
  if (before->status.finished()) return false;  // it runs again: a restored API server
  const bool same_wish = before->meta.generation == now->meta.generation &&
                         before->meta.annotations == now->meta.annotations &&
                         before->meta.deleting() == now->meta.deleting();
  const Boxed<Attempt>& attempt = now->status.attempt;
  const std::optional<Claimant> self = claimant();
  return same_wish && attempt && self && attempt->epoch == self->epoch;
}

// A schedule looks again when one of its checks ends or goes.
void Operator::tell_schedule(const CheckSnapshot& before, const CheckSnapshot& now) {
  children_.changed(before, now, before != nullptr && owner_lives(*before));
  const bool was_finished = before != nullptr && before->status.finished();
  const bool ended = now == nullptr || now->status.finished() != was_finished;
  const bool disowned = before != nullptr && now != nullptr &&
                        before->meta.owner_references != now->meta.owner_references;
  if (!schedules_started_ || (!ended && !disowned)) return;
  for (const CheckSnapshot& check : {before, now}) {
    if (check != nullptr && owner_lives(*check)) {
      schedule_queue_.add({check->meta.ns, schedule_of(*check)->name});
    }
  }
}

// Also true while it is not known yet which schedules there are.
bool Operator::owner_lives(const HealthCheck& check) const {
  if (!is_scheduled(check)) return false;
  if (!schedules_.synced() && !schedules_.missing_type()) return true;
  return owner_of(check) != nullptr;
}

// The schedule as the cache has it; null when it does not have that one.
ScheduleSnapshot Operator::owner_of(const HealthCheck& check) const {
  const kube::OwnerReference* owner = schedule_of(check);
  if (owner == nullptr) return nullptr;
  ScheduleSnapshot schedule = schedules_.get({check.meta.ns, owner->name});
  return schedule != nullptr && schedule->meta.uid == owner->uid ? schedule : nullptr;
}

// What the cache of schedules says of this check is not older than this process' lead.
bool Operator::knows_schedule_of(const HealthCheck& check) const {
  return !is_scheduled(check) || schedules_started_ || schedules_.missing_type();
}

// The garbage collector takes a check away whose schedule is gone. And where a schedule wants one
// check at a time, one that was created late or that is to run again waits for those that run and
// for the older ones.
bool Operator::may_start(const HealthCheck& check) const {
  if (!is_scheduled(check)) return true;
  if (!knows_schedule_of(check)) return false;
  const ScheduleSnapshot schedule = owner_of(check);
  if (schedule == nullptr) return false;
  if (schedule->spec.concurrency_policy == ConcurrencyPolicy::kAllow) return true;
  return std::ranges::none_of(children_.of(schedule->meta.uid), [&](const ScheduleChild& sibling) {
    const HealthCheck& other = *sibling.check;
    return other.meta.uid != check.meta.uid && sibling.unfinished() &&
           is_child_of(other, schedule->meta) && (runs(other) || CheckAge(other) < CheckAge(check));
  });
}

// A schedule's check is what tells of its tick, until the schedule's status does.
bool Operator::may_delete(const HealthCheck& check) const {
  if (!knows_schedule_of(check)) return false;
  const ScheduleSnapshot schedule = owner_of(check);
  if (schedule == nullptr) return true;
  if (schedule_reconciler_.may_come_again(check.meta.key())) return false;
  return schedule->meta.deleting() || is_told(*schedule, check);
}

void Operator::on_schedule_change(const ScheduleSnapshot& before, const ScheduleSnapshot& now) {
  if (now == nullptr) schedule_reconciler_.forget(*before);
  if (schedules_started_) schedule_queue_.add((now != nullptr ? now : before)->meta.key());
}

void Operator::enqueue_oldest_first(const std::function<bool(const HealthCheck&)>& wanted) {
  std::vector<CheckSnapshot> checks;
  checks.reserve(informer_.size());
  informer_.for_each([&](const CheckSnapshot& check) {
    if (wanted(*check)) checks.push_back(check);
  });
  std::ranges::sort(checks, {}, [](const CheckSnapshot& check) { return CheckAge(*check); });
  for (const CheckSnapshot& check : checks) queue_.add(check->meta.key(), kube::Lane::kBackground);
}

std::string Operator::not_ready_reason() const {
  const std::string reason = waiting_for(informer_, HealthCheck::resource());
  return reason.empty() ? waiting_for(schedules_, ScheduledHealthCheck::resource()) : reason;
}

}  // namespace holmes
