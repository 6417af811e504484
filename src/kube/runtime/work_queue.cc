#include "kube/runtime/work_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holmes::kube {
namespace {

// As controller-runtime's priorities: what changed has 0, the first list -100.
constexpr std::array<const char*, kLanes> kPriorities{"100", "0", "-100", "-200"};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

Lane higher(Lane a, Lane b) {
  return std::min(a, b);
}

}  // namespace

WorkQueue::WorkQueue(Loop& loop, Random& random, RuntimeMetrics& metrics, WorkQueueOptions options)
    : loop_(loop),
      random_(random),
      options_(std::move(options)),
      workers_(loop),
      adds_(metrics.queue_adds.bind({options_.name, options_.name})),
      retries_(metrics.queue_retries.bind({options_.name, options_.name})),
      queue_seconds_(metrics.queue_duration.bind({options_.name, options_.name})),
      work_seconds_(metrics.queue_work_duration.bind({options_.name, options_.name})),
      unfinished_seconds_(metrics.queue_unfinished_work.bind({options_.name, options_.name})),
      longest_seconds_(metrics.queue_longest_running.bind({options_.name, options_.name})),
      refresh_(metrics.registry, [this] { report(); }) {
  for (const char* priority : kPriorities) {
    depths_.push_back(metrics.queue_depth.bind({options_.name, options_.name, priority}));
  }
}

WorkQueue::~WorkQueue() = default;

void WorkQueue::add(const ObjectKey& key, Lane lane) {
  Slot& slot = *items_.try_emplace(key).first;
  Item& item = slot.second;
  if (lane == Lane::kSweep) {
    if (item.ready || item.in_hand) return;
  } else if (item.due.has_value()) {
    lane = higher(lane, item.due_lane);
    item.due.reset();
    item.timer.cancel();
  }
  if (item.ready) return raise(slot, lane);
  if (item.again) {
    item.next_lane = higher(item.next_lane, lane);
    return;
  }
  adds_.add();
  if (!item.in_hand) return make_ready(slot, lane);
  item.again = true;
  item.next_lane = lane;
}

void WorkQueue::add_after(const ObjectKey& key, std::chrono::nanoseconds delay, Lane lane) {
  if (delay <= std::chrono::nanoseconds::zero()) return add(key, lane);
  Slot& slot = *items_.try_emplace(key).first;
  Item& item = slot.second;
  if (item.again || (item.ready && item.lane != Lane::kSweep)) return add(key, lane);
  const MonoTime due = loop_.mono_now() + std::min(delay, kMaxDelay);
  item.due_lane = item.due.has_value() ? higher(item.due_lane, lane) : lane;
  if (item.due.has_value() && *item.due <= due) return;
  item.due = due;
  item.timer = Timer(loop_, due, [this, key] { came_due(key); });
}

void WorkQueue::retry(const ObjectKey& key) {
  retries_.add();
  Item& item = items_[key];
  const unsigned tries = ++item.retries;
  add_after(key, backoff_delay(options_.retry, tries, random_),
            item.in_hand ? item.lane : Lane::kNormal);
}

void WorkQueue::forget(const ObjectKey& key) {
  const auto slot = items_.find(key);
  if (slot == items_.end()) return;
  slot->second.retries = 0;
  drop_if_unused(slot);
}

Task<Result<ObjectKey>> WorkQueue::get(Stop stop) {
  while (!stop.requested() && size() == 0) {
    static_cast<void>(co_await workers_.park(stop));
  }
  if (stop.requested()) {
    // This worker may have been the one woken for a key.
    if (size() > 0) workers_.release_one();
    co_return fail(stop.error("wait for work"));
  }
  const MonoTime now = loop_.mono_now();
  Waiting& lane = next_lane(now);
  Slot& slot = *lane.front();
  lane.pop_front();
  Item& item = slot.second;
  queue_seconds_.observe(seconds(now - item.since));
  item.ready = false;
  item.in_hand = true;
  item.since = now;
  item.hand = hands_.size();
  hands_.push_back(&slot);
  co_return slot.first;
}

void WorkQueue::done(const ObjectKey& key) {
  const auto slot = items_.find(key);
  HOLMES_ASSERT(slot != items_.end() && slot->second.in_hand);
  Item& item = slot->second;
  work_seconds_.observe(seconds(loop_.mono_now() - item.since));
  item.in_hand = false;
  hands_[item.hand] = hands_.back();
  hands_[item.hand]->second.hand = item.hand;
  hands_.pop_back();
  if (std::exchange(item.again, false)) return make_ready(*slot, item.next_lane);
  drop_if_unused(slot);
}

bool WorkQueue::only_swept(const ObjectKey& key) const {
  const auto slot = items_.find(key);
  return slot != items_.end() && slot->second.in_hand && slot->second.lane == Lane::kSweep;
}

size_t WorkQueue::size() const {
  size_t all = 0;
  for (const Waiting& lane : lanes_) all += lane.size();
  return all;
}

unsigned WorkQueue::retries(const ObjectKey& key) const {
  const auto slot = items_.find(key);
  return slot == items_.end() ? 0 : slot->second.retries;
}

void WorkQueue::make_ready(Slot& slot, Lane lane) {
  Item& item = slot.second;
  item.ready = true;
  item.lane = lane;
  item.since = loop_.mono_now();
  item.order = ++last_order_;
  lanes_[static_cast<size_t>(lane)].push_back(&slot);
  workers_.release_one();
}

void WorkQueue::raise(Slot& slot, Lane lane) {
  Item& item = slot.second;
  if (higher(item.lane, lane) == item.lane) return;
  const auto place_in = [&item](Waiting& waiting) {
    return std::ranges::lower_bound(waiting, item.order, {},
                                    [](const Slot* other) { return other->second.order; });
  };
  Waiting& from = lanes_[static_cast<size_t>(item.lane)];
  Waiting& to = lanes_[static_cast<size_t>(lane)];
  from.erase(place_in(from));
  to.insert(place_in(to), &slot);
  item.lane = lane;
}

// By value: the item, which owns the timer that calls this, may go.
void WorkQueue::came_due(ObjectKey key) {
  const auto slot = items_.find(key);
  slot->second.due.reset();
  add(key, slot->second.due_lane);
}

// Precondition: a key waits.
WorkQueue::Waiting& WorkQueue::next_lane(MonoTime now) {
  Waiting* highest = nullptr;
  Waiting* oldest = nullptr;
  for (Waiting& lane : lanes_) {
    if (lane.empty()) continue;
    if (highest == nullptr) highest = &lane;
    if (oldest == nullptr || lane.front()->second.order < oldest->front()->second.order) {
      oldest = &lane;
    }
  }
  const bool passed_over =
      oldest != highest && now - oldest->front()->second.since >= kLanePatience;
  turns_passed_over_ = passed_over ? turns_passed_over_ + 1 : 0;
  if (turns_passed_over_ < kLaneTurn) return *highest;
  turns_passed_over_ = 0;
  return *oldest;
}

void WorkQueue::drop_if_unused(Items::iterator slot) {
  const Item& item = slot->second;
  const bool used = item.ready || item.in_hand || item.due.has_value() || item.retries > 0;
  if (!used) items_.erase(slot);
}

void WorkQueue::report() {
  for (size_t i = 0; i < kLanes; ++i) depths_[i].set(static_cast<double>(lanes_[i].size()));
  std::chrono::nanoseconds unfinished{0};
  std::chrono::nanoseconds longest{0};
  const MonoTime now = loop_.mono_now();
  for (const Slot* slot : hands_) {
    const std::chrono::nanoseconds age = now - slot->second.since;
    unfinished += age;
    longest = std::max(longest, age);
  }
  unfinished_seconds_.set(seconds(unfinished));
  longest_seconds_.set(seconds(longest));
}

}  // namespace holmes::kube
