#include "kube/client/lease_client.h"

#include <utility>

#include "base/assert.h"
#include "kube/core/status.h"

namespace holmes::kube {

LeaseClient::LeaseClient(Loop& loop, std::unique_ptr<Transport> transport,
                         LeaseClientOptions options)
    : loop_(loop), transport_(std::move(transport)), api_(*transport_), options_(options) {}

Task<Result<Lease>> LeaseClient::get(ObjectKey key, Stop stop) {
  const StopSource limit(stop, loop_, deadline());
  co_return co_await api_.get(std::move(key), limit.stop());
}

Task<Result<Lease>> LeaseClient::create(Lease lease, Stop stop) {
  const StopSource limit(stop, loop_, deadline());
  Result<Lease> made = co_await api_.create(lease.meta.ns, lease.to_json(), limit.stop());
  if (made) co_return made;
  co_return co_await settle(std::move(lease), made.error(), ErrorCode::kAlreadyExists, stop);
}

Task<Result<Lease>> LeaseClient::update(Lease lease, Stop stop) {
  HOLMES_ASSERT(!lease.meta.resource_version.empty());
  const StopSource limit(stop, loop_, deadline());
  Result<Lease> written = co_await api_.replace(lease.meta.key(), lease.to_json(), limit.stop());
  if (written) co_return written;
  co_return co_await settle(std::move(lease), written.error(), ErrorCode::kConflict, stop);
}

// What became of a write that failed. An error that leaves it open stays: the write may still be on
// its way, and the next one, guarded by the same version, then loses against it.
Task<Result<Lease>> LeaseClient::settle(Lease wanted, Error error, ErrorCode lost, Stop stop) {
  if (!may_have_happened(error) || stop.requested()) co_return fail(std::move(error));
  Result<Lease> live = co_await get(wanted.meta.key(), stop);
  if (!live && live.error().code == ErrorCode::kNotFound && lost == ErrorCode::kConflict) {
    co_return fail(live.error());
  }
  if (!live) co_return fail(std::move(error));
  if (live->same_record(wanted)) co_return live;
  const bool unchanged = live->meta.resource_version == wanted.meta.resource_version;
  if (unchanged) co_return fail(std::move(error));
  co_return fail(lost, "lease " + wanted.meta.key().to_text() + " is held by \"" + live->holder +
                           "\" now, after: " + error.message);
}

}  // namespace holmes::kube
