#include "async/timer_queue.h"

namespace holmes {

TimerId TimerQueue::add(MonoTime when, Callback callback) {
  const TimerId id = ++last_id_;
  timers_.emplace(Key(when, id), std::move(callback));
  times_.emplace(id, when);
  return id;
}

void TimerQueue::cancel(TimerId id) {
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  timers_.erase(Key(found->second, id));
  times_.erase(found);
}

std::optional<MonoTime> TimerQueue::next() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

std::optional<Callback> TimerQueue::take_due(MonoTime now) {
  if (timers_.empty() || timers_.begin()->first.first > now) return std::nullopt;
  auto node = timers_.extract(timers_.begin());
  times_.erase(node.key().second);
  return std::move(node.mapped());
}

}  // namespace holmes
