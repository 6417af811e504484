// How many checks may run at once, and who is next: the oldest. Pure bookkeeping.
#pragma once

#include <cstddef>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kube/core/object.h"

namespace holmes {

class RunSlots {
 public:
  explicit RunSlots(size_t limit) : limit_(limit) {}

  // Takes a slot, or notes that the check waits: when all are taken or an older one waits.
  bool take_or_wait(const kube::ObjectKey& key, WallTime created);
  // Takes a slot also above the limit: for an execution that already runs.
  void take() { ++taken_; }
  void release();
  // The check does not want to run any more (or asks anew).
  void stop_waiting(const kube::ObjectKey& key);

  // The oldest waiting checks that the free slots are enough for.
  [[nodiscard]] std::vector<kube::ObjectKey> next() const;
  [[nodiscard]] size_t taken() const { return taken_; }
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

 private:
  using Place = std::pair<WallTime, kube::ObjectKey>;

  size_t limit_;
  size_t taken_ = 0;
  std::set<Place> waiting_;
  std::unordered_map<kube::ObjectKey, WallTime> places_;
};

}  // namespace holmes
