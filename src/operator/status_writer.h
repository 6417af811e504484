// Writes of a HealthCheck's status, each guarded by resourceVersion and each re-derivable.
//
// A write whose outcome is unknown is never sent again blindly: the object is read and compared.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "api/healthcheck.h"
#include "async/loop.h"
#include "kube/client/api.h"
#include "kube/runtime/informer.h"

namespace holmes {

using CheckSnapshot = std::shared_ptr<const HealthCheck>;

// What to write, given the object as it is; nullopt: nothing any more (the claim is gone, say).
using StatusChange = std::function<std::optional<HealthCheckStatus>(const HealthCheck&)>;

// Servers remember answers this long: afterwards there is nothing better than asking them again.
inline constexpr std::chrono::minutes kMaxWriteTime{10};

class StatusWriter {
 public:
  // All outlive the writer and its calls.
  StatusWriter(Loop& loop, kube::Api<HealthCheck>& api, kube::Informer<HealthCheck>& informer)
      : loop_(loop), api_(api), informer_(informer) {}

  // One write on top of `base`. Returns the object as written; null when the change declined, the
  // object is gone or is another of the same name. kConflict when somebody else was first.
  Task<Result<CheckSnapshot>> write_once(CheckSnapshot base, StatusChange change, Stop stop);

  // For what must not be lost: on conflict the change is made anew on the newest object, and every
  // other failure is tried again with growing pauses until the stop or kMaxWriteTime. Fails with
  // the stop's error, kTimeout, or kInvalid or kTooLarge when the API server will never take it.
  Task<Result<CheckSnapshot>> write(CheckSnapshot base, StatusChange change, Stop stop);

  // Reads live; null when the object is gone or has another UID.
  Task<Result<CheckSnapshot>> read_live(CheckSnapshot known, Stop stop);

 private:
  // One PUT; null when the object is gone.
  Task<Result<CheckSnapshot>> put(CheckSnapshot base, HealthCheckStatus status, Stop stop);

  Loop& loop_;
  kube::Api<HealthCheck>& api_;
  kube::Informer<HealthCheck>& informer_;
};

}  // namespace holmes
