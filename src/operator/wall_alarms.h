// Wakes objects at wall-clock times. Follows the clock when it is set, and wakes late ones after
// the machine was suspended: no wait is longer than kAlarmHeartbeat, after which the clock is read
// again. When the clock was set back far, all alarms ring: times that were computed before mean
// little now.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "async/loop.h"
#include "kube/core/object.h"

namespace holmes {

// Timers count monotonic time, which knows neither of a clock that is set nor of a suspended
// machine: this is how late an alarm can be after either.
inline constexpr std::chrono::seconds kAlarmHeartbeat{1};
// A clock that is set back by less is waited for.
inline constexpr std::chrono::minutes kFarBack{1};

class WallAlarms {
 public:
  // `on_due` is called on the loop's thread, once for each alarm; the loop outlives this.
  WallAlarms(Loop& loop, std::function<void(const kube::ObjectKey&)> on_due)
      : loop_(loop), on_due_(std::move(on_due)) {}

  // One alarm a key: replaces the one before; nullopt clears it.
  void set(const kube::ObjectKey& key, std::optional<WallTime> when);
  [[nodiscard]] size_t size() const { return times_.size(); }

 private:
  void arm();
  void ring();
  void ring_all();
  // How far the wall clock is ahead of the monotonic one: changes only when it is set.
  [[nodiscard]] std::chrono::microseconds lead() const;

  Loop& loop_;
  std::function<void(const kube::ObjectKey&)> on_due_;
  std::set<std::pair<WallTime, kube::ObjectKey>> order_;
  std::unordered_map<kube::ObjectKey, WallTime> times_;
  std::chrono::microseconds lead_{0};
  std::optional<MonoTime> armed_;
  Timer timer_;
};

}  // namespace holmes
