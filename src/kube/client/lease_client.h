// LeaseClient: reads and writes of a Lease that nothing else can hold up.
//
// It owns its Transport, and so its connection and its back-off: thousands of writes of the same
// process, or a 429 that they met, do not delay a renewal. Writes are guarded by resourceVersion. A
// write whose outcome is unknown (a broken connection, a timeout) is never sent again: the lease is
// read, and what is there decides.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>

#include "async/loop.h"
#include "kube/client/api.h"
#include "kube/core/lease.h"

namespace holmes::kube {

// As client-go's leader election: half of the deadline for a renewal, at least a second.
inline constexpr std::chrono::nanoseconds lease_request_timeout(
    std::chrono::nanoseconds renew_deadline) {
  return std::max<std::chrono::nanoseconds>(std::chrono::seconds(1), renew_deadline / 2);
}

struct LeaseClientOptions {
  // Of each request; client-go's renew deadline is 10 s.
  std::chrono::nanoseconds request_timeout = lease_request_timeout(std::chrono::seconds(10));
};

// On the loop's thread. All requests have ended when it is destroyed.
class LeaseClient {
 public:
  // The loop outlives it. In production `transport` is a make_cluster_transport() of its own.
  LeaseClient(Loop& loop, std::unique_ptr<Transport> transport, LeaseClientOptions options = {});

  // kNotFound when there is none.
  Task<Result<Lease>> get(ObjectKey key, Stop stop);
  // Returns the lease as it is stored. kAlreadyExists when somebody else was first.
  Task<Result<Lease>> create(Lease lease, Stop stop);
  // The same; kConflict when somebody else wrote since `lease` was read, kNotFound when it is gone.
  // Precondition: it was read, so that it has a resourceVersion.
  Task<Result<Lease>> update(Lease lease, Stop stop);

 private:
  Task<Result<Lease>> settle(Lease wanted, Error error, ErrorCode lost, Stop stop);
  [[nodiscard]] MonoTime deadline() const { return loop_.mono_now() + options_.request_timeout; }

  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  Api<Lease> api_;
  LeaseClientOptions options_;
};

}  // namespace holmes::kube
