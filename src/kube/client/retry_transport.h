// A transport that does what the API server asks of a refused client: to wait and come again.
//
// Sent again is only what cannot have happened: requests that were refused with a Retry-After (429
// of priority and fairness, 503 of a server that starts or stops), and reads, whose answer may
// simply be asked for again. A write whose outcome is unknown never is: its caller has to look.
// Rules: API Priority and Fairness (KEP-1040), and the ten tries of client-go's rest client.
#pragma once

#include <chrono>
#include <optional>

#include "async/loop.h"
#include "base/log.h"
#include "kube/client/request_metrics.h"
#include "kube/client/transport.h"

namespace holmes::kube {

inline constexpr unsigned kMaxSends = 10;  // of one request
// A server that wants to be left alone for longer is not waited for: the caller gets the error.
inline constexpr std::chrono::seconds kMaxRetryPause{60};
// Reads whose answer broke off, or was a 5xx without a hint: once more, after a moment.
inline constexpr unsigned kMaxReadSends = 2;
inline constexpr std::chrono::milliseconds kReadRetryPause{100};
// For who forgot to set a limit; the API server's own is the same.
inline constexpr std::chrono::seconds kMaxRequestTime{60};

// On the loop's thread. What is given by reference or pointer outlives it and its requests.
class RetryTransport final : public Transport {
 public:
  // `metrics` may be nullptr.
  RetryTransport(Loop& loop, Transport& inner, Logger logger, RequestMetrics* metrics);

  // As Transport::send, and: a refusal with a hint holds back every request of this transport until
  // its time has come, as all of them count as one flow at the server. When the stop's deadline
  // comes first, the refusal is the error (kRefused: nothing happened). A single sending lasts at
  // most kMaxRequestTime (kTimeout).
  Task<Result<Response>> send(Request request, Stop stop) override;
  // Passed on: whoever keeps a stream open has a back-off of its own.
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override;

 private:
  Task<Status> wait_for_lane(const std::optional<Error>& refusal, Stop stop);
  [[nodiscard]] std::optional<std::chrono::nanoseconds> pause_after(const Request& request,
                                                                    const Error& error,
                                                                    unsigned sends) const;

  Loop& loop_;
  Transport& inner_;
  Logger logger_;
  RequestMetrics* metrics_;
  MonoTime closed_until_{};  // no request is sent before
};

}  // namespace holmes::kube
