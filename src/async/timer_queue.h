// The timers of a loop, ordered by time and then by creation. Shared by both loops.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "async/loop.h"

namespace holmes {

class TimerQueue {
 public:
  TimerId add(MonoTime when, Callback callback);
  void cancel(TimerId id);
  [[nodiscard]] std::optional<MonoTime> next() const;
  // Takes out the first timer that is due at `now`.
  std::optional<Callback> take_due(MonoTime now);

 private:
  using Key = std::pair<MonoTime, TimerId>;

  TimerId last_id_ = 0;
  std::map<Key, Callback> timers_;
  std::unordered_map<TimerId, MonoTime> times_;
};

}  // namespace holmes
