// How many checks may run at once, and who is next: the oldest. Pure bookkeeping.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/healthcheck.h"

namespace holmes {

// Orders checks by age. Creation times have whole seconds; within one, the version that the API
// server gave decides, which grows with each write.
struct CheckAge {
  WallTime created{};
  size_t version_length = 0;
  std::string version;
  kube::ObjectKey key;

  explicit CheckAge(const HealthCheck& check)
      : created(check.meta.creation_timestamp),
        version_length(check.meta.resource_version.size()),
        version(check.meta.resource_version),
        key(check.meta.key()) {}
  auto operator<=>(const CheckAge&) const = default;
};

class RunSlots {
 public:
  explicit RunSlots(size_t limit) : limit_(limit) {}

  // Takes a slot, or notes that the check waits: when all are taken, an older one waits, or `held`.
  bool take_or_wait(const HealthCheck& check, bool held = false);
  // Takes a slot also above the limit: for an execution that already runs.
  void take() { ++taken_; }
  void release();
  // The check does not want to run any more (or asks anew).
  void stop_waiting(const kube::ObjectKey& key);

  // The oldest waiting checks that the free slots are enough for, but those that were returned
  // before: they are to be looked at, and then wait anew or not at all.
  [[nodiscard]] std::vector<kube::ObjectKey> next();
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

 private:
  using Waiting = std::map<CheckAge, bool>;  // whether next() returned it

  size_t limit_;
  size_t taken_ = 0;
  Waiting waiting_;
  size_t returned_ = 0;  // how many of them next() did
  std::unordered_map<kube::ObjectKey, Waiting::iterator> places_;
};

}  // namespace holmes
