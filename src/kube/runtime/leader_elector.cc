#include "kube/runtime/leader_elector.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "async/wait.h"
#include "base/assert.h"

namespace holmes::kube {
namespace {

constexpr int kReleaseTries = 3;
// What the lease says of its length while nobody holds it; the API asks for at least this.
constexpr std::chrono::seconds kReleasedDuration{1};

}  // namespace

std::string leader_identity(const std::string& host, Random& random) {
  return host + "_" + random.uuid4();
}

LeaderElector::LeaderElector(Loop& loop, Random& random, LeaseClient& client, Logger logger,
                             RuntimeMetrics& metrics, LeaderElectorOptions options)
    : loop_(loop),
      random_(random),
      client_(client),
      options_(std::move(options)),
      leader_(metrics.leader.bind({options_.lease.name})),
      slow_renewals_(metrics.leader_slow_renewals.bind({options_.lease.name})),
      refresh_(metrics.registry, [this] { leader_.set(leads() ? 1 : 0); }) {
  HOLMES_ASSERT(!options_.identity.empty());
  HOLMES_ASSERT(options_.lease_duration > options_.renew_deadline);
  HOLMES_ASSERT(options_.renew_deadline > options_.retry_period * kLeaseRetryJitter);
  logger_ = logger.with({{"lease", options_.lease.to_text()}, {"identity", options_.identity}});
}

Task<Status> LeaderElector::acquire(Stop stop) {
  end_term();
  while (true) {
    const Status tried = co_await try_acquire(stop);
    if (leads()) co_return Status();
    end_term();
    if (stop.requested()) co_return fail(stop.error("acquire the lease"));
    note(tried);
    HOLMES_CO_CHECK(co_await sleep_until(loop_, next_look(), stop));
  }
}

// One look, and one write when the lease is free.
Task<Status> LeaderElector::try_acquire(Stop stop) {
  Result<Lease> seen = co_await client_.get(options_.lease, stop);
  Lease lease;
  if (seen) {
    observe(*seen);
    if (!is_free(*seen)) co_return Status();
    lease = *std::move(seen);
    ++lease.transitions;
  } else if (seen.error().code != ErrorCode::kNotFound) {
    co_return fail(seen.error());
  }
  lease.meta.ns = options_.lease.ns;
  lease.meta.name = options_.lease.name;
  lease.holder = options_.identity;
  lease.duration = options_.lease_duration;
  lease.acquired = lease.renewed = loop_.wall_now();
  const MonoTime sent = loop_.mono_now();
  // Not cut short by the stop: a lease that was taken unnoticed would be held up for its whole
  // length.
  Result<Lease> taken = fail(ErrorCode::kInternal, "");
  if (lease.meta.resource_version.empty()) {
    taken = co_await client_.create(std::move(lease), {});
  } else {
    taken = co_await client_.update(std::move(lease), {});
  }
  if (!taken) co_return fail(taken.error());
  begin_term(*std::move(taken), sent);
  co_return Status();
}

Task<Error> LeaderElector::hold(Stop stop) {
  std::string why = "this process stood still";
  while (leads()) {
    const StopSource term(stop, loop_, term_end_);
    const Status slept =
        co_await sleep_until(loop_, tried_at_ + options_.retry_period, term.stop());
    if (stop.requested()) co_return stop.error("hold the lease");
    if (!slept || !leads()) break;
    const Status renewed = co_await renew(term.stop());
    if (stop.requested()) co_return stop.error("hold the lease");
    if (renewed) continue;
    why = renewed.error().message;
    const ErrorCode code = renewed.error().code;
    if (code == ErrorCode::kConflict || code == ErrorCode::kNotFound) {
      end_term();
      co_return renewed.error();
    }
    logger_.warning("the lease could not be renewed", {{"error", why}});
  }
  end_term();
  co_return Error(ErrorCode::kTimeout, fmt::format("the lease was not renewed within {} s: {}",
                                                   options_.renew_deadline.count(), why));
}

Task<Status> LeaderElector::renew(Stop stop) {
  const MonoTime sent = loop_.mono_now();
  tried_at_ = sent;
  Result<Lease> renewed = co_await write_renewal(lease_, stop);
  if (!renewed && renewed.error().code == ErrorCode::kConflict) {
    // An annotation, say; or an earlier renewal whose answer was lost.
    slow_renewals_.add();
    HOLMES_CO_TRY(const Lease live, co_await reread(stop));
    renewed = co_await write_renewal(live, stop);
    if (!renewed && renewed.error().code == ErrorCode::kConflict) {
      co_return fail(ErrorCode::kUnavailable, renewed.error().message);
    }
  }
  if (!renewed) co_return fail(renewed.error());
  if (!leads()) co_return fail(ErrorCode::kTimeout, "the answer came too late");
  observe(*renewed);
  term_end_ = sent + options_.renew_deadline;
  co_return Status();
}

Task<Result<Lease>> LeaderElector::write_renewal(Lease lease, Stop stop) {
  lease.renewed = loop_.wall_now();
  return client_.update(std::move(lease), std::move(stop));
}

Task<Result<Lease>> LeaderElector::reread(Stop stop) {
  Result<Lease> live = co_await client_.get(options_.lease, stop);
  if (live && (live->holder != options_.identity || epoch_of(*live) != epoch_)) {
    co_return fail(ErrorCode::kConflict, "the lease is held by \"" + live->holder + "\" now");
  }
  co_return live;
}

Task<> LeaderElector::release() {
  const bool led = leads();
  end_term();
  if (!led) co_return;
  Result<Lease> written = lease_;
  for (int tries = 0; written && tries < kReleaseTries; ++tries) {
    Lease free = *written;
    free.holder.clear();
    free.duration = kReleasedDuration;
    free.acquired = free.renewed = loop_.wall_now();
    written = co_await client_.update(std::move(free), {});
    if (written) co_return logger_.info("the lease is released", {{"epoch", epoch_}});
    if (written.error().code == ErrorCode::kConflict) written = co_await reread({});
  }
  logger_.warning("the lease could not be released; the next leader waits for its end",
                  {{"error", written ? "it changes all the time" : written.error().message}});
}

void LeaderElector::observe(const Lease& lease) {
  const bool known = !lease_.meta.uid.empty();
  if (known && lease_.same_record(lease)) {
    lease_ = lease;  // its version may be another
    return;
  }
  changed_at_ = loop_.mono_now();
  if ((!known || lease_.holder != lease.holder) && !lease.holder.empty() &&
      lease.holder != options_.identity) {
    logger_.info("standing by: another process leads", {{"holder", lease.holder}});
  }
  lease_ = lease;
}

void LeaderElector::begin_term(Lease lease, MonoTime sent) {
  observe(lease);
  epoch_ = epoch_of(lease_);
  tried_at_ = sent;
  term_end_ = sent + options_.renew_deadline;
  leading_ = true;
  last_failure_.clear();
  logger_.info("this process leads", {{"epoch", epoch_}});
}

void LeaderElector::end_term() {
  leading_ = false;
}

std::string LeaderElector::epoch_of(const Lease& lease) {
  return fmt::format("{}/{}", lease.meta.uid, lease.transitions);
}

bool LeaderElector::is_free(const Lease& lease) const {
  return lease.holder.empty() || lease.holder == options_.identity || loop_.mono_now() >= expiry();
}

MonoTime LeaderElector::expiry() const {
  return changed_at_ + (lease_.duration.count() > 0 ? lease_.duration : options_.lease_duration);
}

MonoTime LeaderElector::next_look() {
  const double factor = 1 + (kLeaseRetryJitter - 1) * random_.unit();
  const MonoTime now = loop_.mono_now();
  const MonoTime look =
      now + std::chrono::duration_cast<std::chrono::nanoseconds>(options_.retry_period * factor);
  const bool held = !lease_.meta.uid.empty() && !is_free(lease_);
  return held ? std::min(look, expiry()) : look;
}

// One line for each kind of failure, not one for each look.
void LeaderElector::note(const Status& tried) {
  const std::string failure = tried ? "" : tried.error().message;
  if (failure == std::exchange(last_failure_, failure) || failure.empty()) return;
  logger_.warning("the lease could not be read or taken", {{"error", failure}});
}

}  // namespace holmes::kube
