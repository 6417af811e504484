// Writes of an object's status, each guarded by resourceVersion and each re-derivable.
//
// A write whose outcome is unknown is never sent again blindly: the object is read and compared.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "api/scheduled_healthcheck.h"
#include "async/loop.h"
#include "base/log.h"
#include "kube/client/api.h"
#include "kube/runtime/informer.h"

namespace holmes {

using CheckSnapshot = std::shared_ptr<const HealthCheck>;

using ScheduleSnapshot = std::shared_ptr<const ScheduledHealthCheck>;

// Object: HealthCheck or ScheduledHealthCheck.
template <class Object>
class StatusWriter {
 public:
  using Snapshot = std::shared_ptr<const Object>;
  using Status = decltype(Object::status);
  // What to write, given the object as it is; nullopt: nothing any more (the claim is gone, say).
  using Change = std::function<std::optional<Status>(const Object&)>;

  // All outlive the writer and its calls.
  StatusWriter(Loop& loop, kube::Api<Object>& api, kube::Informer<Object>& informer, Logger log)
      : loop_(loop), api_(api), informer_(informer), log_(std::move(log)) {}

  // One write on top of `base`. Returns the object as written; null when the change declined, the
  // object is gone or is another of the same name. kConflict when somebody else was first.
  Task<Result<Snapshot>> write_once(Snapshot base, Change change, Stop stop);

  // For what must not be lost: on conflict the change is made anew on the newest object, and every
  // other failure is tried again with growing pauses, of at most 30 s, until the stop, which
  // comes when this process leads no more: whoever has an answer keeps it longer than the 10
  // minutes for which servers do. Fails with the stop's error, or with kInvalid or kTooLarge when
  // the API server will never take it.
  Task<Result<Snapshot>> write(Snapshot base, Change change, Stop stop);

  // Reads live; null when the object is gone or has another UID.
  Task<Result<Snapshot>> read_live(Snapshot known, Stop stop);

 private:
  // One PUT; null when the object is gone.
  Task<Result<Snapshot>> put(Snapshot base, Status status, Stop stop);
  // Waits before the next try and makes the pause longer; says once that it takes long.
  Task<holmes::Status> wait_after(Error error, std::chrono::milliseconds& pause,
                                  kube::ObjectKey key, Stop stop);

  Loop& loop_;
  kube::Api<Object>& api_;
  kube::Informer<Object>& informer_;
  Logger log_;
};

using StatusChange = StatusWriter<HealthCheck>::Change;

}  // namespace holmes
