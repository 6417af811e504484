// WorkQueue: which objects need a look, each at most once and never by two workers at a time.
//
// The rules are those of client-go's workqueue: a key added while it is worked on is handed out
// again after done(); adding a key that already waits does nothing. FIFO. All on one loop's thread.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "async/loop.h"
#include "async/random.h"
#include "async/wait.h"
#include "kube/core/object.h"
#include "kube/runtime/backoff.h"
#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {

struct WorkQueueOptions {
  std::string name;  // the label of its metrics
  BackoffOptions retry{.first = std::chrono::milliseconds(50), .cap = std::chrono::seconds(60)};
};

inline constexpr std::chrono::nanoseconds kMaxDelay = std::chrono::hours(24);

class WorkQueue {
 public:
  WorkQueue(Loop& loop, Random& random, RuntimeMetrics& metrics, WorkQueueOptions options);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void add(const ObjectKey& key);
  // Adds the key when the time has come. Of several pending delays of one key the earliest wins, so
  // a worker must be ready to be called early. A delay <= 0 adds at once, one above kMaxDelay
  // counts as kMaxDelay.
  void add_after(const ObjectKey& key, std::chrono::nanoseconds delay);
  // Adds the key after its own back-off, which doubles with each retry until forget().
  void retry(const ObjectKey& key);
  void forget(const ObjectKey& key);

  // The key that waited longest; waits for one. Only fails when stopped, also when keys wait.
  // The caller must call done(key) afterwards.
  Task<Result<ObjectKey>> get(Stop stop);
  // Precondition: the key was handed out by get().
  void done(const ObjectKey& key);

  [[nodiscard]] size_t size() const { return ready_.size(); }  // without delayed ones
  [[nodiscard]] size_t in_hand() const { return in_hand_; }
  [[nodiscard]] unsigned retries(const ObjectKey& key) const;

 private:
  struct Item {
    bool ready = false;    // stands in ready_
    bool in_hand = false;  // between get() and done()
    bool again = false;    // added while in hand
    unsigned retries = 0;
    MonoTime since{};  // ready or in hand
    std::optional<MonoTime> due;
    Timer timer;
  };
  using Items = std::unordered_map<ObjectKey, Item>;
  using Slot = Items::value_type;  // its address is stable

  void make_ready(Slot& slot);
  void came_due(ObjectKey key);
  void drop_if_unused(Items::iterator slot);
  void report_depth();

  Loop& loop_;
  Random& random_;
  RuntimeMetrics& metrics_;
  WorkQueueOptions options_;
  LabelValues labels_;
  Items items_;
  std::deque<Slot*> ready_;
  size_t in_hand_ = 0;
  WaitList workers_;
};

}  // namespace holmes::kube
