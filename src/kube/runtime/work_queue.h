// WorkQueue: which objects need a look, each at most once and never by two workers at a time.
//
// The rules are those of client-go's workqueue: a key added while it is worked on is handed out
// again after done(). Several wishes for one key are one: at the earliest of their times, in the
// highest of their lanes. All on one loop's thread.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "async/wait.h"
#include "kube/core/object.h"
#include "kube/runtime/backoff.h"
#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {

// Highest first. Within a lane the oldest key is next.
enum class Lane : uint8_t {
  kUrgent,      // something is due
  kNormal,      // something changed
  kBackground,  // the first list: most of it is as it should be
  kSweep,       // nobody asked: a full sweep looks whether something was missed
};
inline constexpr size_t kLanes = 4;

// Keys age: while the oldest key of all has waited for kLanePatience, at least every kLaneTurn-th
// get() hands it out, whatever its lane. So a key that has waited that long is handed out within
// kLaneTurn * (1 + keys that waited longer) further get(), however many arrive in higher lanes, and
// the lower lanes together cost the higher ones one turn of kLaneTurn at most.
inline constexpr std::chrono::seconds kLanePatience{5};
inline constexpr unsigned kLaneTurn = 8;

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

  // A key that waits already keeps its age and moves to this lane if it is the higher one. A delay
  // of the key is over with this. Lane::kSweep adds only what neither waits nor is in hand, and
  // leaves delays alone.
  void add(const ObjectKey& key, Lane lane = Lane::kNormal);
  // Adds the key when the time has come. Of several delays of one key the earliest wins, and a key
  // that waits or will be handed out again anyway has none: a worker must be ready to be called
  // early. A delay <= 0 adds at once, one above kMaxDelay counts as kMaxDelay.
  void add_after(const ObjectKey& key, std::chrono::nanoseconds delay, Lane lane = Lane::kNormal);
  // Adds the key after its own back-off, which doubles with each retry until forget(); a key in
  // hand stays in the lane it came from.
  void retry(const ObjectKey& key);
  void forget(const ObjectKey& key);

  // The next key; waits for one. Only fails when stopped, also when keys wait. The caller must call
  // done(key) afterwards.
  Task<Result<ObjectKey>> get(Stop stop);
  // Precondition: the key was handed out by get().
  void done(const ObjectKey& key);
  // Whether a sweep is the only reason why the key is in hand.
  [[nodiscard]] bool only_swept(const ObjectKey& key) const;

  [[nodiscard]] size_t size() const;  // keys that wait, without delayed ones
  [[nodiscard]] size_t in_hand() const { return hands_.size(); }
  [[nodiscard]] unsigned retries(const ObjectKey& key) const;

 private:
  struct Item {
    bool ready = false;    // stands in its lane
    bool in_hand = false;  // between get() and done()
    bool again = false;    // added while in hand
    Lane lane{};           // where it stands or came from
    Lane next_lane{};      // of `again`
    Lane due_lane{};       // of `due`
    unsigned retries = 0;
    size_t hand = 0;     // its place in hands_
    uint64_t order = 0;  // its place in the lane
    MonoTime since{};    // ready or in hand
    std::optional<MonoTime> due;
    Timer timer;
  };
  // May throw, so to say: the map then keeps the hashes instead of computing its neighbours' anew.
  struct KeyHash {
    size_t operator()(const ObjectKey& key) const { return std::hash<ObjectKey>()(key); }
  };
  using Items = std::unordered_map<ObjectKey, Item, KeyHash>;
  using Slot = Items::value_type;     // its address is stable
  using Waiting = std::deque<Slot*>;  // by order

  void make_ready(Slot& slot, Lane lane);
  void raise(Slot& slot, Lane lane);
  void came_due(ObjectKey key);
  Waiting& next_lane(MonoTime now);
  void drop_if_unused(Items::iterator slot);
  void report();

  Loop& loop_;
  Random& random_;
  WorkQueueOptions options_;
  Items items_;
  std::array<Waiting, kLanes> lanes_;
  std::vector<Slot*> hands_;
  uint64_t last_order_ = 0;
  unsigned turns_passed_over_ = 0;  // in a row, while the oldest key was out of patience
  WaitList workers_;

  std::vector<Gauge> depths_;  // by lane
  Counter adds_;
  Counter retries_;
  Histogram queue_seconds_;
  Histogram work_seconds_;
  Gauge unfinished_seconds_;
  Gauge longest_seconds_;
  MetricsRegistry::Refresh refresh_;
};

}  // namespace holmes::kube
