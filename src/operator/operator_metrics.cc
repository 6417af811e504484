#include "operator/operator_metrics.h"

#include <array>
#include <charconv>
#include <cmath>

#include "operator/schedule_child.h"

namespace holmes {
namespace {

constexpr std::string_view kHealthCheckType = "healthcheck";
constexpr std::string_view kScheduledType = "scheduledhealthcheck";
constexpr std::array kMissedReasons{MissedReason::kSuspended,    MissedReason::kDowntime,
                                    MissedReason::kDeadline,     MissedReason::kForbid,
                                    MissedReason::kCreateDenied, MissedReason::kSilenced};

std::string name_of(const HealthCheck& check) {
  const kube::OwnerReference* schedule = schedule_of(check);
  return schedule == nullptr ? check.meta.name : schedule->name;
}

LabelValues labels_of(const HealthCheck& check) {
  const std::string_view type = is_scheduled(check) ? kScheduledType : kHealthCheckType;
  return {check.meta.ns, std::string(type), name_of(check)};
}

LabelValues name_labels_of(const HealthCheck& check) {
  return {check.meta.ns, name_of(check)};
}

LabelValues token_labels_of(const HealthCheck& check, std::string_view kind) {
  return {check.meta.ns, std::string(kind), name_of(check)};
}

double number_of(CheckStatus result) {
  switch (result) {
    case CheckStatus::kPass:
      return 1;
    case CheckStatus::kFail:
      return 0;
    case CheckStatus::kError:
      return -1;
  }
  return -1;
}

std::optional<WallTime> passed_at(const HealthCheckStatus& status) {
  return status.result == CheckStatus::kPass ? status.completion_time : std::nullopt;
}

// Of a decimal number; a text that is none comes from no server of ours.
double number_or_zero(std::string_view decimal) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(decimal.data(), decimal.data() + decimal.size(), number);
  return error == std::errc() && end == decimal.data() + decimal.size() && std::isfinite(number)
             ? number
             : 0;
}

}  // namespace

// The name stands last everywhere: it is the label that the registry folds into _other.
OperatorMetrics::OperatorMetrics(MetricsRegistry& registry)
    : scheduled_(registry.counter("holmes_checks_scheduled_total", "Checks that schedules made.",
                                  {"namespace", "name"})),
      missed_(registry.counter("holmes_schedule_missed_total",
                               "Ticks of schedules that ran no check, by reason.",
                               {"namespace", "reason", "name"})),
      skew_(registry.histogram("holmes_schedule_start_skew_seconds",
                               "From a tick to the creation of its check.",
                               {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}, {})),
      executed_(registry.counter("holmes_checks_executed_total",
                                 "Executed checks, whatever their result.",
                                 {"namespace", "type", "name"})),
      failed_(registry.counter("holmes_checks_failed_total",
                               "Executed checks with result fail or error.",
                               {"namespace", "type", "name"})),
      duration_(registry.histogram("holmes_check_duration_seconds", "Time that executions took.",
                                   {0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300},
                                   {"namespace", "type", "name"})),
      result_(registry.gauge("holmes_check_result",
                             "Result of the last run: 1 pass, 0 fail, -1 error.",
                             {"namespace", "name"})),
      last_success_(registry.gauge("holmes_check_last_success_timestamp_seconds",
                                   "When the check last passed.", {"namespace", "name"})),
      tokens_(registry.counter("holmes_check_tokens_total", "Tokens that checks used.",
                               {"namespace", "kind", "name"})),
      cost_(registry.counter("holmes_check_cost_usd_total",
                             "What checks cost, as far as the prices of their models are known.",
                             {"namespace", "name"})),
      scheduled_active_(
          registry.gauge("holmes_scheduled_checks_active", "Unfinished runs of schedules.")
              .bind({})),
      running_(registry.gauge("holmes_checks_running", "Executions under way.").bind({})),
      waiting_(registry.gauge("holmes_checks_waiting", "Checks that wait for a free execution.")
                   .bind({})),
      attempts_(registry.counter("holmes_check_attempts_total", "Attempts by their outcome.",
                                 {"outcome"})) {}

void OperatorMetrics::ended(const HealthCheck& check) {
  const HealthCheckStatus& status = check.status;
  if (!status.result) return;
  const LabelValues labels = labels_of(check);
  executed_.add(labels);
  if (*status.result != CheckStatus::kPass) failed_.add(labels);
  if (status.duration_seconds) duration_.observe(labels, *status.duration_seconds);
  set_last(name_labels_of(check), *status.result, passed_at(status));
  if (!status.usage) return;
  tokens_.add(token_labels_of(check, "input"), static_cast<double>(status.usage->input_tokens));
  tokens_.add(token_labels_of(check, "output"), static_cast<double>(status.usage->output_tokens));
  if (const double cost = number_or_zero(status.usage->cost_usd); cost > 0) {
    cost_.add(name_labels_of(check), cost);
  }
}

void OperatorMetrics::known(const HealthCheck& check) {
  const HealthCheckStatus& status = check.status;
  if (is_scheduled(check) || !status.result) return;
  set_last(name_labels_of(check), *status.result, passed_at(status));
}

void OperatorMetrics::known(const ScheduledHealthCheck& schedule) {
  const ScheduledHealthCheckStatus& status = schedule.status;
  if (!status.last_result) return;
  set_last({schedule.meta.ns, schedule.meta.name}, *status.last_result,
           status.last_successful_time);
}

void OperatorMetrics::set_last(const LabelValues& name_labels, CheckStatus result,
                               std::optional<WallTime> passed_at) {
  result_.set(name_labels, number_of(result));
  if (!passed_at) return;
  const auto since_epoch = passed_at->time_since_epoch();
  last_success_.set(name_labels, std::chrono::duration<double>(since_epoch).count());
}

void OperatorMetrics::forget(const HealthCheck& check) {
  if (!is_scheduled(check)) forget_runs(labels_of(check), name_labels_of(check));
}

void OperatorMetrics::forget(const ScheduledHealthCheck& schedule) {
  const kube::ObjectMeta& meta = schedule.meta;
  forget_runs({meta.ns, std::string(kScheduledType), meta.name}, {meta.ns, meta.name});
  scheduled_.remove({meta.ns, meta.name});
  for (const MissedReason reason : kMissedReasons) {
    missed_.remove({meta.ns, std::string(to_string(reason)), meta.name});
  }
}

void OperatorMetrics::forget_runs(const LabelValues& labels, const LabelValues& name_labels) {
  executed_.remove(labels);
  failed_.remove(labels);
  duration_.remove(labels);
  result_.remove(name_labels);
  last_success_.remove(name_labels);
  cost_.remove(name_labels);
  tokens_.remove({labels.front(), "input", labels.back()});
  tokens_.remove({labels.front(), "output", labels.back()});
}

void OperatorMetrics::scheduled(const kube::ObjectMeta& schedule,
                                std::optional<std::chrono::microseconds> skew) {
  scheduled_.add({schedule.ns, schedule.name});
  if (skew) skew_.observe({}, std::chrono::duration<double>(*skew).count());
}

void OperatorMetrics::missed(const kube::ObjectMeta& schedule, MissedReason reason, int64_t ticks) {
  missed_.add({schedule.ns, std::string(to_string(reason)), schedule.name},
              static_cast<double>(ticks));
}

void OperatorMetrics::set_running(size_t executions) {
  running_.set(static_cast<double>(executions));
}
void OperatorMetrics::set_waiting(size_t checks) {
  waiting_.set(static_cast<double>(checks));
}
void OperatorMetrics::set_scheduled_active(size_t checks) {
  scheduled_active_.set(static_cast<double>(checks));
}
void OperatorMetrics::attempt_ended(AttemptOutcome outcome) {
  attempts_.add({std::string(to_string(outcome))});
}

}  // namespace holmes
