#include "operator/run_slots.h"

#include <utility>

#include "base/assert.h"

namespace holmes {

bool RunSlots::take_or_wait(const HealthCheck& check, bool held) {
  const CheckAge place(check);
  stop_waiting(place.key);
  const bool is_next = waiting_.empty() || place < waiting_.begin()->first;
  if (!held && taken_ < limit_ && is_next) {
    ++taken_;
    return true;
  }
  places_.emplace(place.key, waiting_.emplace(place, false).first);
  return false;
}

void RunSlots::release() {
  HOLMES_ASSERT(taken_ > 0);
  --taken_;
}

void RunSlots::stop_waiting(const kube::ObjectKey& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  if (found->second->second) --returned_;
  waiting_.erase(found->second);
  places_.erase(found);
}

std::vector<kube::ObjectKey> RunSlots::next() {
  std::vector<kube::ObjectKey> keys;
  if (taken_ >= limit_) return keys;
  size_t free = limit_ - taken_;
  if (returned_ >= free) return keys;  // the usual case: this is asked often
  for (auto it = waiting_.begin(); it != waiting_.end() && free > 0; ++it, --free) {
    if (std::exchange(it->second, true)) continue;
    ++returned_;
    keys.push_back(it->first.key);
  }
  return keys;
}

}  // namespace holmes
