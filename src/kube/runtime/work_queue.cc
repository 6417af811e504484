#include "kube/runtime/work_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holmes::kube {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

WorkQueue::WorkQueue(Loop& loop, Random& random, RuntimeMetrics& metrics, WorkQueueOptions options)
    : loop_(loop),
      random_(random),
      metrics_(metrics),
      options_(std::move(options)),
      labels_{options_.name},
      workers_(loop) {
  report_depth();
}

WorkQueue::~WorkQueue() = default;

void WorkQueue::add(const ObjectKey& key) {
  Slot& slot = *items_.try_emplace(key).first;
  Item& item = slot.second;
  if (item.ready || item.again) return;
  metrics_.queue_adds.add(labels_);
  if (item.in_hand) {
    item.again = true;
  } else {
    make_ready(slot);
  }
}

void WorkQueue::add_after(const ObjectKey& key, std::chrono::nanoseconds delay) {
  if (delay <= std::chrono::nanoseconds::zero()) return add(key);
  const MonoTime due = loop_.mono_now() + std::min(delay, kMaxDelay);
  Item& item = items_[key];
  if (item.due.has_value() && *item.due <= due) return;
  item.due = due;
  item.timer = Timer(loop_, due, [this, key] { came_due(key); });
}

void WorkQueue::retry(const ObjectKey& key) {
  metrics_.queue_retries.add(labels_);
  const unsigned tries = ++items_[key].retries;
  add_after(key, backoff_delay(options_.retry, tries, random_));
}

void WorkQueue::forget(const ObjectKey& key) {
  const auto slot = items_.find(key);
  if (slot == items_.end()) return;
  slot->second.retries = 0;
  drop_if_unused(slot);
}

Task<Result<ObjectKey>> WorkQueue::get(Stop stop) {
  while (!stop.requested() && ready_.empty()) {
    static_cast<void>(co_await workers_.park(stop));
  }
  if (stop.requested()) {
    // This worker may have been the one woken for a key.
    if (!ready_.empty()) workers_.release_one();
    co_return fail(stop.error("wait for work"));
  }
  auto& [key, item] = *ready_.front();
  ready_.pop_front();
  const MonoTime now = loop_.mono_now();
  metrics_.queue_duration.observe(labels_, seconds(now - item.since));
  item.ready = false;
  item.in_hand = true;
  item.since = now;
  ++in_hand_;
  report_depth();
  co_return key;
}

void WorkQueue::done(const ObjectKey& key) {
  const auto slot = items_.find(key);
  HOLMES_ASSERT(slot != items_.end() && slot->second.in_hand);
  Item& item = slot->second;
  metrics_.queue_work_duration.observe(labels_, seconds(loop_.mono_now() - item.since));
  item.in_hand = false;
  --in_hand_;
  if (std::exchange(item.again, false)) return make_ready(*slot);
  drop_if_unused(slot);
}

unsigned WorkQueue::retries(const ObjectKey& key) const {
  const auto slot = items_.find(key);
  return slot == items_.end() ? 0 : slot->second.retries;
}

void WorkQueue::make_ready(Slot& slot) {
  slot.second.ready = true;
  slot.second.since = loop_.mono_now();
  ready_.push_back(&slot);
  report_depth();
  workers_.release_one();
}

// By value: the item, which owns the timer that calls this, may go.
void WorkQueue::came_due(ObjectKey key) {
  items_.at(key).due.reset();
  add(key);
}

void WorkQueue::drop_if_unused(Items::iterator slot) {
  const Item& item = slot->second;
  const bool used = item.ready || item.in_hand || item.due.has_value() || item.retries > 0;
  if (!used) items_.erase(slot);
}

void WorkQueue::report_depth() {
  metrics_.queue_depth.set(labels_, static_cast<double>(ready_.size()));
}

}  // namespace holmes::kube
