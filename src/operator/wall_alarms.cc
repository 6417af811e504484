#include "operator/wall_alarms.h"

#include <algorithm>

namespace holmes {

void WallAlarms::set(const kube::ObjectKey& key, std::optional<WallTime> when) {
  if (times_.empty()) lead_ = lead();
  if (const auto old = times_.find(key); old != times_.end()) {
    if (when == old->second) return;
    order_.erase({old->second, key});
    times_.erase(old);
  }
  if (when) {
    times_.emplace(key, *when);
    order_.emplace(*when, key);
  }
  arm();
}

void WallAlarms::arm() {
  if (order_.empty()) {
    armed_.reset();
    timer_.cancel();
    return;
  }
  const auto left = std::clamp<std::chrono::microseconds>(
      order_.begin()->first - loop_.wall_now(), std::chrono::microseconds(0), kAlarmHeartbeat);
  const MonoTime when = loop_.mono_now() + left;
  if (armed_ && *armed_ <= when) return;  // rings earlier, and then arms anew
  armed_ = when;
  timer_ = Timer(loop_, when, [this] { ring(); });
}

void WallAlarms::ring() {
  armed_.reset();
  const auto lead_before = std::exchange(lead_, lead());
  if (lead_ < lead_before - kFarBack) ring_all();
  const WallTime now = loop_.wall_now();
  while (!order_.empty() && order_.begin()->first <= now) {
    const kube::ObjectKey key = order_.begin()->second;
    order_.erase(order_.begin());
    times_.erase(key);
    on_due_(key);
  }
  arm();
}

void WallAlarms::ring_all() {
  const auto order = std::exchange(order_, {});
  times_.clear();
  for (const auto& [when, key] : order) on_due_(key);
}

std::chrono::microseconds WallAlarms::lead() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(loop_.wall_now().time_since_epoch() -
                                                               loop_.mono_now().time_since_epoch());
}

}  // namespace holmes
