#include "cmd/check_judges.h"

#include <utility>

#include <fmt/format.h>

#include "async/wait.h"
#include "holmes/tools/redact.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kAlertTime{10};   // contract
constexpr std::chrono::seconds kAnswerTime{15};  // of a server, beyond the check's timeout

std::string said(const Rejected& rejected) {
  const bool key = rejected.reason == Rejected::Reason::kUnauthorized;
  return (key ? "the server does not take this key (HOLMES_API_KEY): "
              : "the server does not take this check: ") +
         rejected.why;
}

}  // namespace

CheckResponse errored(std::optional<ErrorReason> reason, std::string why) {
  CheckResponse response;
  response.status = CheckStatus::kError;
  response.reason = reason;
  response.error = limit_length(why, kMaxErrorLength);
  response.message = limit_length("Check errored: " + response.error, kMaxMessageLength);
  return response;
}

Task<CheckResponse> LocalJudge::judge(CheckRequest request, OnProgress on_progress, Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + request.timeout);
  CheckQuestion question{request.query, request.name, request.model, std::move(on_progress)};
  CheckResponse response = co_await answer_(std::move(question), limit.stop());
  const bool alerts = response.status == CheckStatus::kFail && request.mode == CheckMode::kAlert &&
                      !request.destinations.empty() && !stop.requested();
  if (!alerts) co_return response;
  const StopSource alert_limit(stop, loop_, loop_.mono_now() + kAlertTime);
  response.notifications =
      co_await notifier_.send({request.name, redact(request.query), response.rationale},
                              std::move(request.destinations), alert_limit.stop());
  co_return response;
}

Task<CheckResponse> RemoteJudge::judge(CheckRequest request, OnProgress /*on_progress*/,
                                       Stop stop) {
  const MonoTime began = loop_.mono_now();
  const std::string id = random_.uuid4();
  CheckResponse response = co_await ask(std::move(request), id, stop);
  if (stop.requested() && response.reason == ErrorReason::kCancelled) {
    co_await client_.cancel(id, {});
  }
  if (response.duration_seconds == 0) {
    const auto took = std::chrono::round<std::chrono::milliseconds>(loop_.mono_now() - began);
    response.duration_seconds = std::chrono::duration<double>(took).count();
  }
  co_return response;
}

Task<CheckResponse> RemoteJudge::ask(CheckRequest request, std::string id, Stop stop) {
  const MonoTime last_try = loop_.mono_now() + request.timeout;
  const auto cancelled = [] { return errored(ErrorReason::kCancelled, "the check was cancelled"); };
  while (true) {
    const StopSource limit(stop, loop_, loop_.mono_now() + request.timeout + kAnswerTime);
    ExecuteOutcome outcome = co_await client_.execute(request, id, limit.stop());
    if (auto* answered = std::get_if<Answered>(&outcome)) co_return std::move(answered->response);
    if (stop.requested()) co_return cancelled();
    if (const auto* rejected = std::get_if<Rejected>(&outcome)) {
      co_return errored(std::nullopt, said(*rejected));
    }
    if (std::holds_alternative<Unknown>(outcome)) {
      RecoverOutcome recovered = co_await client_.recover(id, limit.stop());
      if (auto* answered = std::get_if<Answered>(&recovered)) {
        co_return std::move(answered->response);
      }
      if (stop.requested()) co_return cancelled();
      const std::string& why = std::get<Unknown>(outcome).why;
      co_return errored(std::nullopt, "the server's answer was lost: " + why);
    }
    const Refused& refused = std::get<Refused>(outcome);
    const auto wait = refused.retry_after;
    if (wait.count() == 0) {
      co_return errored(std::nullopt, "the server did not take the check: " + refused.why);
    }
    if (loop_.mono_now() + wait >= last_try) {
      co_return errored(ErrorReason::kTimeout,
                        fmt::format("the server did not take the check within {} s: {}",
                                    request.timeout.count(), refused.why));
    }
    if (!co_await sleep_for(loop_, wait, stop)) co_return cancelled();
  }
}

Task<CheckResponse> ReplayJudge::judge(CheckRequest request, OnProgress /*on_progress*/,
                                       Stop stop) {
  const Recording* recording = runs_.next(request.name, request.query);
  if (recording == nullptr) {
    co_return errored(ErrorReason::kModelUnavailable, "no run of this check was recorded");
  }
  co_return co_await replay(loop_, *recording, options_, log_, std::move(stop));
}

std::vector<FileCheck> recorded_checks(const std::vector<Recording>& recordings) {
  std::vector<FileCheck> checks;
  for (const Recording& recording : recordings) {
    FileCheck check;
    const size_t slash = recording.name.find('/');
    if (slash != std::string::npos) check.ns = recording.name.substr(0, slash);
    check.name = slash == std::string::npos ? recording.name : recording.name.substr(slash + 1);
    check.request.query = recording.query;
    check.request.name = recording.name;
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace holmes
