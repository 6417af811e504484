#include "operator/operator.h"

#include <algorithm>

namespace holmes {
namespace {

constexpr std::string_view kControllerName = "healthcheck";
// Reconciles only wait for the API server; this many may do so at once.
constexpr size_t kWorkers = 64;
constexpr std::chrono::seconds kEventFlushTime{3};
constexpr std::chrono::seconds kReconcileFinishTime{5};

kube::Reconciler reconciler_of(HealthCheckReconciler& reconciler) {
  return [&reconciler](kube::ObjectKey key, Stop stop) {
    return reconciler.reconcile(std::move(key), std::move(stop));
  };
}

kube::InformerOptions informer_options(const OperatorOptions& options) {
  kube::InformerOptions informer;
  informer.namespaces = options.namespaces;
  return informer;
}

bool is_active_scheduled(const CheckSnapshot& check) {
  return check != nullptr && is_scheduled(*check) && !check->status.finished();
}

HttpResponse text(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

}  // namespace

Operator::Operator(Loop& loop, Random& random, kube::Transport& kube, HttpClient& api,
                   Resolver& resolver, MetricsRegistry& registry, Logger log,
                   OperatorOptions options)
    : loop_(loop),
      registry_(registry),
      log_(log),
      options_(std::move(options)),
      runtime_metrics_(registry),
      metrics_(registry),
      api_(kube),
      informer_(loop, random, kube, log, runtime_metrics_, informer_options(options_)),
      queue_(loop, random, runtime_metrics_, {.name = std::string(kControllerName)}),
      events_(loop, random, kube, log, runtime_metrics_,
              {.reporting_controller = "holmesgpt.dev/operator",
               .reporting_instance = options_.claimant.holder,
               .yield = [this] { return reconciler_.waiting() > 0; }}),
      client_(loop, api, resolver, log, {.base = options_.api_url, .api_key = options_.api_key}),
      reconciler_(loop, api_, informer_, queue_, client_, events_, metrics_, log,
                  {.claimant = options_.claimant, .concurrent_max = options_.concurrent_max}),
      controller_(loop, queue_, reconciler_of(reconciler_), log, runtime_metrics_,
                  {.name = std::string(kControllerName),
                   .workers = kWorkers,
                   .finish_within = kReconcileFinishTime}) {
  informer_.on_change(
      [this](const CheckSnapshot& before, const CheckSnapshot& now) { on_change(before, now); });
}

Task<> Operator::run(Stop stop) {
  // The grace begins with the stop, not when the last reconcile is done.
  MonoTime stopped_at = loop_.mono_now();
  const StopCallback on_stop(stop, [this, &stopped_at](StopReason) {
    stopped_at = loop_.mono_now();
    reconciler_.stop_claiming();
  });
  TaskScope background(loop_);
  background.spawn(informer_.run(background.stop()));
  background.spawn(events_.run(background.stop()));
  log_.info("waiting for the cache", {{"resource", HealthCheck::resource().plural}});
  if (co_await informer_.wait_synced(stop)) {
    log_.info("cache synced", {{"checks", informer_.size()}});
    enqueue_oldest_first();
    co_await controller_.run(stop);
  }
  log_.info("stopping", {{"running", reconciler_.running()}});
  const StopSource grace({}, loop_, stopped_at + options_.shutdown_grace);
  co_await reconciler_.close(grace.stop());
  const StopSource flush_limit({}, loop_, loop_.mono_now() + kEventFlushTime);
  if (const Status flushed = co_await events_.flush(flush_limit.stop()); !flushed) {
    log_.warning("events were dropped at the stop", {{"events", events_.queued()}});
  }
  co_await background.close();
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
  metrics_.set_scheduled_active(scheduled_active_);
  HttpResponse response = text(200, registry_.expose());
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

void Operator::on_change(const CheckSnapshot& before, const CheckSnapshot& now) {
  if (is_active_scheduled(before)) --scheduled_active_;
  if (is_active_scheduled(now)) ++scheduled_active_;
  if (now == nullptr) reconciler_.forget(*before);
  if (!enqueueing_ || is_own_progress(before, now)) return;
  queue_.add((now != nullptr ? now : before)->meta.key());
}

bool Operator::is_own_progress(const CheckSnapshot& before, const CheckSnapshot& now) const {
  if (before == nullptr || now == nullptr || before->meta.uid != now->meta.uid) return false;
  const bool same_wish = before->meta.generation == now->meta.generation &&
                         before->meta.annotations == now->meta.annotations &&
                         before->meta.deleting() == now->meta.deleting();
  const std::optional<Attempt>& attempt = now->status.attempt;
  return same_wish && attempt && attempt->epoch == options_.claimant.epoch;
}

void Operator::enqueue_oldest_first() {
  std::vector<CheckSnapshot> all;
  all.reserve(informer_.size());
  informer_.for_each([&all](const CheckSnapshot& check) { all.push_back(check); });
  std::ranges::sort(all, {}, [](const CheckSnapshot& check) { return CheckAge(*check); });
  for (const CheckSnapshot& check : all) queue_.add(check->meta.key());
  enqueueing_ = true;
}

std::string Operator::not_ready_reason() const {
  if (informer_.missing_type()) {
    return "waiting for the CRD " + HealthCheck::resource().plural + "." +
           HealthCheck::resource().group;
  }
  return informer_.synced() ? "" : "waiting for the first list of HealthChecks";
}

}  // namespace holmes
