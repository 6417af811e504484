// What a HealthCheck needs next, decided from the object and the time alone. Pure.
#pragma once

#include <variant>

#include "api/healthcheck.h"

namespace holmes {

struct DoNothing {
  bool operator==(const DoNothing&) const = default;
};
struct WaitUntil {
  WallTime time;
  bool operator==(const WaitUntil&) const = default;
};
struct Start {  // claim the next attempt and execute it
  bool operator==(const Start&) const = default;
};
struct Recover {  // a claim exists that this process does not execute: fetch its answer
  bool operator==(const Recover&) const = default;
};
struct WriteSuspended {
  bool operator==(const WriteSuspended&) const = default;
};
struct AcceptRerun {
  bool operator==(const AcceptRerun&) const = default;
};
struct RemoveRerunAnnotation {
  bool operator==(const RemoveRerunAnnotation&) const = default;
};
struct FinishCancelled {  // nothing runs, and nothing shall
  bool operator==(const FinishCancelled&) const = default;
};
struct DeleteFinished {  // its time to live is over
  bool operator==(const DeleteFinished&) const = default;
};

using Decision = std::variant<DoNothing, WaitUntil, Start, Recover, WriteSuspended, AcceptRerun,
                              RemoveRerunAnnotation, FinishCancelled, DeleteFinished>;

// For an object that this process has no execution for.
Decision decide(const HealthCheck& check, WallTime now);

}  // namespace holmes
