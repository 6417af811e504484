#include "kube/client/retry_transport.h"

#include <algorithm>
#include <utility>

#include "async/wait.h"

namespace holmes::kube {

using std::chrono::nanoseconds;

RetryTransport::RetryTransport(Loop& loop, Transport& inner, Logger logger, RequestMetrics* metrics)
    : loop_(loop), inner_(inner), logger_(std::move(logger)), metrics_(metrics) {}

Task<Result<Response>> RetryTransport::send(Request request, Stop stop) {
  std::optional<Error> refusal;
  for (unsigned sends = 1;; ++sends) {
    while (loop_.mono_now() < closed_until_) HOLMES_CO_CHECK(co_await wait_for_lane(refusal, stop));
    const StopSource limit(stop, loop_, loop_.mono_now() + kMaxRequestTime);
    Result<Response> answer = co_await inner_.send(request, limit.stop());
    if (answer || stop.requested()) co_return answer;
    const std::optional<nanoseconds> pause = pause_after(request, answer.error(), sends);
    if (!pause) co_return answer;
    if (metrics_ != nullptr) metrics_->record_retry(request, answer.error().code);
    logger_.debug("the API server asks to come again",
                  {{"target", request.target()},
                   {"seconds", std::chrono::duration<double>(*pause).count()},
                   {"error", answer.error()}});
    const MonoTime again = loop_.mono_now() + *pause;
    if (answer.error().code == ErrorCode::kRefused) {
      closed_until_ = std::max(closed_until_, again);
      refusal = std::move(answer).error();
    } else if (!co_await sleep_until(loop_, again, stop)) {
      co_return answer;
    }
  }
}

Task<Result<std::unique_ptr<HttpStream>>> RetryTransport::open(Request request, Stop stop) {
  return inner_.open(std::move(request), std::move(stop));
}

Task<Status> RetryTransport::wait_for_lane(const std::optional<Error>& refusal, Stop stop) {
  if (co_await sleep_until(loop_, closed_until_, stop)) co_return Status();
  if (stop.reason() != StopReason::kDeadline) co_return fail(stop.error("wait to send again"));
  if (refusal) co_return fail(*refusal);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(nanoseconds::zero(), closed_until_ - loop_.mono_now()));
  co_return fail(
      Error(ErrorCode::kRefused, "not sent: the API server has asked this client to wait", left));
}

std::optional<nanoseconds> RetryTransport::pause_after(const Request& request, const Error& error,
                                                       unsigned sends) const {
  const bool read = request.method == "GET" && error.code == ErrorCode::kUnavailable;
  const bool hinted = error.retry_after.has_value();
  if (!read && !(error.code == ErrorCode::kRefused && hinted)) return std::nullopt;
  if (sends >= (hinted ? kMaxSends : kMaxReadSends)) return std::nullopt;
  const nanoseconds pause = hinted ? nanoseconds(*error.retry_after) : kReadRetryPause;
  if (pause > kMaxRetryPause) return std::nullopt;
  return pause;
}

}  // namespace holmes::kube
