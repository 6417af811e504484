#include "kube/store/store_feed.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace holmes::kube {

StoreFeed::StoreFeed(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoreFeed::~StoreFeed() = default;

Task<Result<std::vector<StoredChange>>> StoreFeed::next(Stop stop) {
  using Changes = std::vector<StoredChange>;
  while (!stop.requested()) {
    if (impl_->position < impl_->trail.compacted) {
      co_return fail(ErrorCode::kGone,
                     fmt::format("the changes after version {} are compacted", impl_->position));
    }
    Changes changes = impl_->history.read(impl_->trail, impl_->position);
    if (!changes.empty()) {
      impl_->position = changes.back().version;
      co_return changes;
    }
    if (impl_->history.failure()) co_return fail(*impl_->history.failure());
    (void)co_await impl_->trail.waiters.park(stop);
  }
  co_return Changes();
}

int64_t StoreFeed::version() const {
  const bool behind = impl_->history.has_after(impl_->trail, impl_->position);
  return behind ? impl_->position : std::max(impl_->position, impl_->history.durable());
}

}  // namespace holmes::kube
