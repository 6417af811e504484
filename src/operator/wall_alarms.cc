#include "operator/wall_alarms.h"

#include <algorithm>

namespace holmes {

void WallAlarms::set(const kube::ObjectKey& key, std::optional<WallTime> when) {
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
  const WallTime now = loop_.wall_now();
  while (!order_.empty() && order_.begin()->first <= now) {
    const kube::ObjectKey key = order_.begin()->second;
    order_.erase(order_.begin());
    times_.erase(key);
    on_due_(key);
  }
  arm();
}

}  // namespace holmes
