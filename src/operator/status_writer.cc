#include "operator/status_writer.h"

#include <algorithm>

#include "async/wait.h"

namespace holmes {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::milliseconds kMaxPause{30000};
constexpr std::chrono::seconds kWriteTimeout{10};

}  // namespace

Task<Result<CheckSnapshot>> StatusWriter::write_once(CheckSnapshot base, StatusChange change,
                                                     Stop stop) {
  std::optional<HealthCheckStatus> status = change(*base);
  if (!status) co_return nullptr;
  HealthCheck next = *base;
  next.status = std::move(*status);
  const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
  Result<HealthCheck> written =
      co_await api_.replace_status(base->meta.key(), status_update(next), limit.stop());
  if (!written) {
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::kNotFound) co_return nullptr;
    const bool unknown = code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout ||
                         code == ErrorCode::kProtocol;
    if (!unknown || stop.requested()) co_return fail(written.error());
    // It may have been written: only the object itself can tell.
    HOLMES_CO_TRY(CheckSnapshot live, co_await read_live(base, stop));
    if (live != nullptr && live->status != next.status) co_return fail(written.error());
    co_return live;
  }
  informer_.note_write(*written);
  co_return std::make_shared<const HealthCheck>(std::move(*written));
}

Task<Result<CheckSnapshot>> StatusWriter::write(CheckSnapshot base, StatusChange change,
                                                Stop stop) {
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    Result<CheckSnapshot> written = co_await write_once(base, change, stop);
    if (written || written.error().code == ErrorCode::kInvalid) co_return written;
    if (stop.requested()) co_return fail(stop.error("write the status"));
    if (written.error().code != ErrorCode::kConflict) {
      HOLMES_CO_CHECK(co_await sleep_for(loop_, pause, stop));
      pause = std::min(pause * 2, kMaxPause);
    }
    const Result<CheckSnapshot> live = co_await read_live(base, stop);
    if (!live) {
      // A read that failed changes nothing: the next write on the old version will conflict.
      HOLMES_CO_CHECK(co_await sleep_for(loop_, pause, stop));
      pause = std::min(pause * 2, kMaxPause);
      continue;
    }
    if (*live == nullptr) co_return nullptr;
    base = *live;
  }
}

Task<Result<CheckSnapshot>> StatusWriter::read_live(CheckSnapshot known, Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
  Result<HealthCheck> live = co_await api_.get(known->meta.key(), limit.stop());
  if (!live) {
    if (live.error().code == ErrorCode::kNotFound) co_return nullptr;
    co_return fail(live.error());
  }
  informer_.note_write(*live);
  if (live->meta.uid != known->meta.uid) co_return nullptr;
  co_return std::make_shared<const HealthCheck>(std::move(*live));
}

}  // namespace holmes
