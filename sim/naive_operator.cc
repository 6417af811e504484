#include "sim/naive_operator.h"

#include <fmt/format.h>

#include "api/check.h"
#include "async/wait.h"
#include "operator/schedule_child.h"
#include "sim/judge.h"

namespace holmes::sim {
namespace {

constexpr std::chrono::seconds kLookInterval{1};
constexpr std::chrono::seconds kRequestTimeout{10};
constexpr std::chrono::minutes kExecuteTimeout{10};

}  // namespace

NaiveOperator::NaiveOperator(Loop& loop, Random& random, kube::Transport& kube, HttpClient& checks)
    : loop_(loop),
      random_(random),
      checks_api_(kube),
      schedules_api_(kube),
      http_(checks),
      scope_(loop) {}

Task<> NaiveOperator::run(Stop stop) {
  const StopCallback on_stop(stop, [this](StopReason) { scope_.request_stop(); });
  while (!stop.requested()) {
    co_await look(stop);
    (void)co_await sleep_for(loop_, kLookInterval, stop);
  }
  co_await scope_.close();
}

Task<> NaiveOperator::look(Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + kRequestTimeout);
  const auto schedules = co_await schedules_api_.list({}, limit.stop());
  if (schedules) {
    schedules_.clear();
    for (const ScheduledHealthCheck& schedule : schedules->items) {
      schedules_[schedule.meta.uid] = schedule;
      if (!jobs_.insert(schedule.meta.uid).second) continue;
      scope_.spawn(job(schedule.meta.uid, scope_.stop()));
    }
  }
  const auto checks = co_await checks_api_.list({}, limit.stop());
  if (!checks) co_return;
  for (const HealthCheck& check : checks->items) {
    if (check.status.phase != Phase::kNew || !seen_.insert(check.meta.uid).second) continue;
    scope_.spawn(execute(check, scope_.stop()));
  }
}

// An interval job in memory: its next time is the first one that is not over.
Task<> NaiveOperator::job(std::string schedule_uid, Stop stop) {
  while (!stop.requested() && schedules_.contains(schedule_uid)) {
    const ScheduledHealthCheck& known = schedules_.at(schedule_uid);
    const auto ticks = ticks_of(known.spec, known.meta.creation_timestamp);
    const auto next = ticks ? ticks->next(loop_.wall_now()) : std::nullopt;
    const auto wait = next ? *next - loop_.wall_now() : std::chrono::seconds(5);
    if (!co_await sleep_for(loop_, wait, stop)) co_return;
    const auto schedule = schedules_.find(schedule_uid);
    if (!next || schedule == schedules_.end() || !schedule->second.spec.enabled) continue;
    const bool busy = running_[schedule_uid] > 0;
    if (busy && schedule->second.spec.concurrency_policy == ConcurrencyPolicy::kForbid) continue;
    co_await make_child(schedule->second, *next, stop);
  }
  jobs_.erase(schedule_uid);
}

Task<> NaiveOperator::make_child(ScheduledHealthCheck schedule, WallTime tick, Stop stop) {
  const std::string name = fmt::format("{}-{}", schedule.meta.name, random_.uuid4().substr(0, 8));
  const StopSource limit(stop, loop_, loop_.mono_now() + kRequestTimeout);
  (void)co_await checks_api_.create(schedule.meta.ns, holmes::make_child(schedule, name, tick),
                                    limit.stop());
}

Task<> NaiveOperator::execute(HealthCheck check, Stop stop) {
  const kube::OwnerReference* owner = schedule_of(check);
  const std::string schedule_uid = owner != nullptr ? owner->uid : "";
  ++running_[schedule_uid];
  const StopSource limit(stop, loop_, loop_.mono_now() + kExecuteTimeout);
  (void)co_await checks_api_.merge_patch(
      check.meta.key(), json::object{{"status", {{"phase", "Running"}}}}, limit.stop(), "status");
  HttpRequest request;
  request.method = "POST";
  request.target = "http://holmes-api:8080/api/check/execute";
  request.headers.add("X-Check-Name", check.meta.ns + "/" + check.meta.name);
  request.headers.add("Idempotency-Key", check.meta.uid);
  const auto response = co_await http_.send(std::move(request), limit.stop());
  CheckResponse answer;
  answer.status = CheckStatus::kError;
  const auto body = response && response->status == 200 ? parse_json_object(response->body)
                                                        : Result<json::object>(json::object());
  if (const auto parsed = body ? parse_check_response(*body) : fail(body.error())) {
    answer = *parsed;
  }
  const json::object status{
      {"phase", "Completed"},
      {"result", to_string(answer.status)},
      {"message", answer.message},
      {"completionTime",
       format_rfc3339(std::chrono::floor<std::chrono::seconds>(loop_.wall_now()))}};
  (void)co_await checks_api_.merge_patch(check.meta.key(), json::object{{"status", status}},
                                         limit.stop(), "status");
  --running_[schedule_uid];
  if (owner != nullptr) co_await tell_schedule(check, answer, limit.stop());
}

Task<> NaiveOperator::tell_schedule(HealthCheck check, CheckResponse answer, Stop stop) {
  const json::object status{{"lastResult", to_string(answer.status)},
                            {"lastScheduleTime", format_rfc3339(check.meta.creation_timestamp)}};
  (void)co_await schedules_api_.merge_patch({check.meta.ns, schedule_of(check)->name},
                                            json::object{{"status", status}}, stop, "status");
}

}  // namespace holmes::sim
