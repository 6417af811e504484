#include "operator/status_writer.h"

#include <algorithm>

#include "async/wait.h"
#include "kube/core/status.h"

namespace holmes {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::milliseconds kMaxPause{30000};
constexpr std::chrono::milliseconds kLongPause{5000};  // to be told of
constexpr std::chrono::seconds kWriteTimeout{10};

}  // namespace

template <class Object>
auto StatusWriter<Object>::write_once(Snapshot base, Change change, Stop stop)
    -> Task<Result<Snapshot>> {
  std::optional<Status> status = change(*base);
  if (!status) co_return nullptr;
  Result<Snapshot> written = co_await put(base, *status, stop);
  if (written || !kube::may_have_happened(written.error()) || stop.requested()) co_return written;
  // It may have been written: only the object itself can tell.
  HOLMES_CO_TRY(Snapshot live, co_await read_live(base, stop));
  if (live != nullptr && live->status != *status) co_return written;
  co_return live;
}

template <class Object>
auto StatusWriter<Object>::write(Snapshot base, Change change, Stop stop)
    -> Task<Result<Snapshot>> {
  std::optional<Status> sent;  // what an earlier try may have written
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    if (sent && base->status == *sent) co_return base;
    std::optional<Status> status = change(*base);
    if (!status) co_return nullptr;
    Result<Snapshot> written = co_await put(base, *status, stop);
    if (written) co_return written;
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::kInvalid || code == ErrorCode::kTooLarge) co_return written;
    if (kube::may_have_happened(written.error())) sent = std::move(status);
    if (code != ErrorCode::kConflict) {
      HOLMES_CO_CHECK(co_await wait_after(written.error(), pause, base->meta.key(), stop));
    }
    Result<Snapshot> live = co_await read_live(base, stop);
    while (!live) {
      HOLMES_CO_CHECK(co_await wait_after(live.error(), pause, base->meta.key(), stop));
      live = co_await read_live(base, stop);
    }
    if (*live == nullptr) co_return nullptr;
    base = *live;
  }
}

template <class Object>
Task<Status> StatusWriter<Object>::wait_after(Error error, std::chrono::milliseconds& pause,
                                              kube::ObjectKey key, Stop stop) {
  if (pause < kLongPause && pause * 2 >= kLongPause) {
    log_.warning("a status cannot be written yet; it is kept and tried again until it can",
                 {{"object", key.to_text()}, {"error", error}});
  }
  const std::chrono::milliseconds now = pause;
  pause = std::min(pause * 2, kMaxPause);
  co_return co_await sleep_for(loop_, now, std::move(stop));
}

template <class Object>
auto StatusWriter<Object>::put(Snapshot base, Status status, Stop stop) -> Task<Result<Snapshot>> {
  auto next = std::make_shared<Object>(*base);
  next->status = std::move(status);
  const StopSource limit(stop, loop_, loop_.mono_now() + kWriteTimeout);
  Result<std::string> version =
      co_await api_.write_status(base->meta.key(), status_update(*next), limit.stop());
  if (!version) {
    const Error& error = version.error();
    const bool gone = error.code == ErrorCode::kNotFound;
    if (gone || error.code == ErrorCode::kConflict || kube::may_have_happened(error)) {
      informer_.doubt(base->meta.key());
    }
    if (gone) co_return nullptr;
    co_return fail(error);
  }
  // Guarded by the version before: nothing else of the object can have changed.
  next->meta.resource_version = std::move(*version);
  informer_.note_write(next);
  co_return next;
}

template <class Object>
auto StatusWriter<Object>::read_live(Snapshot known, Stop stop) -> Task<Result<Snapshot>> {
  HOLMES_CO_TRY(Snapshot live, co_await informer_.read_live(known->meta.key(), std::move(stop)));
  if (live != nullptr && live->meta.uid != known->meta.uid) co_return nullptr;
  co_return live;
}

template class StatusWriter<HealthCheck>;
template class StatusWriter<ScheduledHealthCheck>;

}  // namespace holmes
