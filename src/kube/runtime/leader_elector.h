// LeaderElector: of several processes one at a time leads, as long as its Lease says so.
//
// The rules are those of client-go's leader election (tools/leaderelection), sharper where it
// leaves a gap:
// - A term ends at its renew deadline, counted from before the last renewal that succeeded was
//   *sent*. leads() reads the clock at the call: a process that was stopped, or suspended with its
//   machine, knows in the first turn after it comes back, before it does anything. A term that is
//   over never comes back.
// - Each term has an epoch of its own: leaseTransitions grows whenever the lease is taken, also
// when
//   its last holder takes it again, and a lease that was deleted and made anew has another UID.
// - A candidate that waits for a lease to expire takes it at that time, not at its next look.
// Another holder's term counts from when a change of the record was *seen* here, so clocks may
// differ between machines; only their rates must agree, well enough for the time between the renew
// deadline and the lease's end.
//
// What it cannot promise, nor can anybody: that a request which left before the term ended is not
// carried out afterwards. Whoever acts for the leader guards writes by resourceVersion.
//
// The clock is Loop::mono_now(), which counts suspend (CLOCK_BOOTTIME in AsioLoop). On the loop's
// thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "async/loop.h"
#include "async/random.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "kube/client/lease_client.h"
#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {

// A candidate looks at the lease after the retry period, up to so many times as long.
inline constexpr double kLeaseRetryJitter = 1.2;

struct LeaderElectorOptions {
  ObjectKey lease;       // its namespace exists
  std::string identity;  // no other process ever has the same, not even the next one of this host
  std::chrono::seconds lease_duration{15};
  std::chrono::seconds renew_deadline{10};
  std::chrono::seconds retry_period{2};
};

// "<host>_<uuid>", as client-go's.
std::string leader_identity(const std::string& host, Random& random);

class LeaderElector {
 public:
  // Everything handed in outlives it. Asserts lease_duration > renew_deadline > retry_period *
  // kLeaseRetryJitter.
  LeaderElector(Loop& loop, Random& random, LeaseClient& client, Logger logger,
                RuntimeMetrics& metrics, LeaderElectorOptions options);
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  // Competes until this process leads; creates the lease when there is none. Fails with the stop's
  // error only. May be called again after a term.
  Task<Status> acquire(Stop stop);
  // Renews until the term is over, and says why: kTimeout at the renew deadline, kConflict when
  // somebody else has the lease, kNotFound when it was deleted; or the stop's error, and then it
  // leads still. Call it after acquire().
  Task<Error> hold(Stop stop);
  // Ends the term, at once for leads(), and writes that nobody holds the lease, so that the next
  // candidate need not wait for its end. Best effort, at most three requests' timeouts; a term that
  // is over is left as it is. Not while hold() runs.
  Task<> release();

  // Whether the term still goes on at this moment.
  [[nodiscard]] bool leads() const { return leading_ && loop_.mono_now() < term_end_; }
  // Of the last term: "<UID of the lease>/<leaseTransitions>"; "" before the first one.
  [[nodiscard]] const std::string& epoch() const { return epoch_; }

 private:
  Task<Status> try_acquire(Stop stop);
  Task<Status> renew(Stop stop);
  Task<Result<Lease>> write_renewal(Lease lease, Stop stop);
  // The newest version of a lease that is still this term's; else the error that ends the term.
  Task<Result<Lease>> reread(Stop stop);
  void observe(const Lease& lease);
  void begin_term(Lease lease, MonoTime sent);
  void end_term();
  void note(const Status& tried);
  [[nodiscard]] bool is_free(const Lease& lease) const;
  [[nodiscard]] MonoTime expiry() const;
  [[nodiscard]] MonoTime next_look();
  static std::string epoch_of(const Lease& lease);

  Loop& loop_;
  Random& random_;
  LeaseClient& client_;
  Logger logger_;
  LeaderElectorOptions options_;
  Lease lease_;            // as last seen; its uid is empty before that
  MonoTime changed_at_{};  // when a change of its record was last seen
  MonoTime tried_at_{};    // when the last write of it was sent
  MonoTime term_end_{};    // the renew deadline
  std::string epoch_;
  bool leading_ = false;      // until the end of the term is noticed
  std::string last_failure_;  // logged already

  Gauge leader_;
  Counter slow_renewals_;
  MetricsRegistry::Refresh refresh_;
};

}  // namespace holmes::kube
