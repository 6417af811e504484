#include "holmes/server/executions.h"

#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"

namespace holmes {
namespace {

// A slot is free again, or another server has taken over, after about this time.
constexpr std::chrono::seconds kRetryAfter{5};

std::string digest_of(const CheckRequest& request) {
  return sha256_hex(to_text(to_json(request)));
}

LogFields log_context(const Execution& execution, const CheckRequest& request) {
  LogFields fields{{"check", request.name}};
  if (!execution.key.empty()) fields.emplace_back("attempt", execution.key);
  return fields;
}

bool wants_alert(const CheckRequest& request, const CheckResponse& response) {
  return response.status == CheckStatus::kFail && request.mode == CheckMode::kAlert &&
         !request.destinations.empty();
}

}  // namespace

Executions::Executions(Loop& loop, JudgeCheck judge, SendAlert alert, ServerMetrics& metrics,
                       Logger log, ExecutionsOptions options)
    : loop_(loop),
      judge_(std::move(judge)),
      alert_(std::move(alert)),
      metrics_(metrics),
      log_(std::move(log)),
      options_(std::move(options)),
      scope_(loop) {}

Result<std::shared_ptr<Execution>> Executions::start(CheckRequest request, std::string key) {
  std::string digest = key.empty() ? "" : digest_of(request);
  if (const auto known = key.empty() ? nullptr : find(key)) {
    if (known->digest == digest) return known;
    return fail(ErrorCode::kInvalid,
                "This Idempotency-Key was sent before with another check; a key stands for one "
                "request only");
  }
  if (refusing_) {
    return fail({ErrorCode::kUnavailable, "the server is shutting down", kRetryAfter});
  }
  if (running() >= options_.running_max) {
    return fail({ErrorCode::kRefused,
                 fmt::format("the server is executing {} checks, its limit", running()),
                 kRetryAfter});
  }
  if (options_.room_for) HOLMES_CHECK(options_.room_for(request));
  auto execution =
      std::make_shared<Execution>(loop_, std::move(key), std::move(digest), scope_.stop());
  if (!execution->key.empty()) by_key_.emplace(execution->key, execution);
  scope_.spawn(run(execution, std::move(request)));
  metrics_.executions_in_flight.set({}, static_cast<double>(running()));
  return execution;
}

std::shared_ptr<Execution> Executions::find(const std::string& key) {
  forget_old_answers();
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second;
}

Task<> Executions::close(Stop grace) {
  refusing_ = true;
  const Status drained = co_await scope_.drain(std::move(grace));
  if (!drained) {
    log_.warning("checks are cut off by the end of the server", {{"running", running()}});
  }
  co_await scope_.close();
}

Task<> Executions::run(std::shared_ptr<Execution> execution, CheckRequest request) {
  const Logger log = log_.with(log_context(*execution, request));
  const Stop cancelled = execution->cancel.stop();
  CheckResponse response = co_await judge_within_timeout(request, cancelled, log);
  if (scope_.stop().requested() && response.reason == ErrorReason::kCancelled) {
    log.warning("check cut off by the end of the server");
    by_key_.erase(execution->key);
  } else {
    metrics_.checks.add({std::string(to_string(response.status))});
    if (wants_alert(request, response) && !cancelled.requested()) {
      const StopSource limit(cancelled, loop_, loop_.mono_now() + options_.alert_timeout);
      response.notifications = co_await alert_(std::move(request), response, limit.stop());
    }
    end(*execution, response);
  }
  execution->ended.set();
  metrics_.executions_in_flight.set({}, static_cast<double>(running() - 1));
}

Task<CheckResponse> Executions::judge_within_timeout(CheckRequest request, Stop stop,
                                                     const Logger& log) {
  log.info("check started", {{"timeout", request.timeout.count()}});
  const MonoTime began = loop_.mono_now();
  const StopSource limit(stop, loop_, began + request.timeout);
  CheckResponse response = co_await judge_(
      {std::move(request.query), std::move(request.name), std::move(request.model)}, limit.stop());
  const double seconds = std::chrono::duration<double>(loop_.mono_now() - began).count();
  metrics_.check_seconds.observe({}, seconds);
  log.info("check ended", {{"status", to_string(response.status)},
                           {"reason", response.reason ? to_string(*response.reason) : ""},
                           {"error", response.error},
                           {"model", response.model_used},
                           {"modelCalls", response.usage.model_calls},
                           {"toolCalls", response.usage.tool_calls},
                           {"duration", seconds}});
  co_return response;
}

void Executions::end(Execution& execution, const CheckResponse& response) {
  execution.answer = to_text(to_json(response));
  if (execution.key.empty()) return;
  answered_.push_back({loop_.mono_now(), execution.key, execution.answer.size()});
  answered_bytes_ += execution.answer.size();
  forget_old_answers();
}

void Executions::forget_old_answers() {
  const MonoTime oldest_kept = loop_.mono_now() - options_.answer_keep_time;
  while (!answered_.empty() &&
         (answered_.size() > options_.answers_max || answered_bytes_ > options_.answers_bytes_max ||
          answered_.front().at < oldest_kept)) {
    answered_bytes_ -= answered_.front().bytes;
    by_key_.erase(answered_.front().key);
    answered_.pop_front();
  }
}

}  // namespace holmes
