#include "kube/store/history.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holmes::kube {
namespace {

void drop_first(Trail& trail) {
  trail.compacted = trail.versions.front();
  trail.versions.pop_front();
}

}  // namespace

void History::start(int64_t version) {
  HOLMES_ASSERT(this->version() == 0 && version >= 0);
  compacted_ = version;
  durable_ = version;
}

// What is kept for the sake of the history alone.
size_t History::own_bytes(const Change& change) {
  return (change.before ? change.before->bytes.size() : 0) +
         (change.removed ? change.after->bytes.size() : 0);
}

void History::add(Trail& trail, Stored before, Stored after, bool removed) {
  HOLMES_ASSERT(after->version == version() + 1);
  trail.versions.push_back(after->version);
  all_.versions.push_back(after->version);
  changes_.push_back({&trail, std::move(before), std::move(after), removed});
  bytes_ += own_bytes(changes_.back());
}

void History::make_durable(int64_t version) {
  HOLMES_ASSERT(version > durable_ && version <= this->version() && !failure_);
  while (durable_ < version) at(++durable_).trail->waiters.release_all();
  all_.waiters.release_all();
  int64_t last = compacted_;
  size_t bytes = bytes_;
  size_t count = changes_.size();
  while (last < durable_ && (count > limits_.history_changes || bytes > limits_.history_bytes)) {
    bytes -= own_bytes(at(++last));
    --count;
  }
  compact(last);
}

void History::stop(Error failure) {
  failure_ = std::move(failure);
  for (const Change& change : changes_) change.trail->waiters.release_all();
  all_.waiters.release_all();
}

void History::compact(int64_t version) {
  while (compacted_ < std::min(version, durable_)) {
    const Change& first = changes_.front();
    bytes_ -= own_bytes(first);
    drop_first(*first.trail);
    drop_first(all_);
    changes_.pop_front();
    ++compacted_;
  }
}

std::vector<StoredChange> History::read(const Trail& trail, int64_t after) const {
  std::vector<StoredChange> changes;
  const auto end = std::ranges::upper_bound(trail.versions, durable_);
  auto next = std::upper_bound(trail.versions.begin(), end, after);
  changes.reserve(std::min<size_t>(static_cast<size_t>(end - next), kMaxFeedBatch));
  for (; next != end && changes.size() < kMaxFeedBatch; ++next) {
    const Change& change = at(*next);
    if (change.removed) {
      changes.push_back({*next, change.after, nullptr});
    } else {
      changes.push_back({*next, change.before, change.after});
    }
  }
  return changes;
}

bool History::has_after(const Trail& trail, int64_t after) const {
  const auto next = std::ranges::upper_bound(trail.versions, after);
  return after < trail.compacted || (next != trail.versions.end() && *next <= durable_);
}

std::map<ObjectKey, Stored> History::undo(const Trail& trail, int64_t version) const {
  HOLMES_ASSERT(version >= compacted_);
  std::map<ObjectKey, Stored> undone;
  for (auto last = trail.versions.rbegin(); last != trail.versions.rend() && *last > version;
       ++last) {
    const Change& change = at(*last);
    undone[change.after->key] = change.before;
  }
  return undone;
}

}  // namespace holmes::kube
