// How the status of a HealthCheck moves: the table "How a run ends" of the contract as functions.
//
// Pure: each takes the object as it is and the time, and returns the status to write. Nothing else
// in the operator composes a status.
#pragma once

#include <string>
#include <string_view>

#include "api/healthcheck.h"

namespace holmes {

// An execution may take its timeout; the rest is for the answer and the alert (10 s).
inline constexpr std::chrono::seconds kClaimMargin{15};
// How long a check that no server takes is tried again before it fails.
inline constexpr std::chrono::seconds kMaxRefusedTime{3600};
inline constexpr std::chrono::seconds kMaxRetryDelay{60};

struct Claimant {
  std::string epoch;   // compared for equality only
  std::string holder;  // for people: the pod's or host's name
};

// The idempotency key of one attempt: the same for the same (object, run, number), for ever.
std::string attempt_id(std::string_view uid, int64_t run, int64_t number);

// Pending -> Running, with the next attempt claimed.
HealthCheckStatus claim(const HealthCheck& check, const Claimant& claimant, WallTime now);

// Running -> Completed: the server answered.
HealthCheckStatus complete(const HealthCheck& check, const CheckResponse& response, WallTime now);

enum class FailReason {
  kCancelled,
  kInvalidRequest,
  kServerUnauthorized,
  kInterrupted,
  kServerUnavailable
};
std::string_view to_string(FailReason reason);

// Any unfinished phase -> Failed: there is no answer and none will come.
HealthCheckStatus give_up(const HealthCheck& check, FailReason reason, std::string_view why,
                          WallTime now);

// Running -> Pending, or Failed when the attempts are used up: nobody knows what became of it.
HealthCheckStatus interrupt(const HealthCheck& check, std::string_view why, WallTime now);

// Running -> Pending, or Failed after kMaxRefusedTime: nothing ran, no attempt is used up.
HealthCheckStatus refuse(const HealthCheck& check, std::string_view why, WallTime now);

// Finished -> Pending as the next run; an unfinished run just notes that the wish was seen.
HealthCheckStatus accept_rerun(const HealthCheck& check, WallTime now);

// New or Pending -> Pending, with the reason why it does not start.
HealthCheckStatus suspend(const HealthCheck& check, WallTime now);

// When the next attempt of a pending check may be claimed; nullopt: at once.
std::optional<WallTime> next_attempt_time(const HealthCheckStatus& status);

}  // namespace holmes
