// EventRecorder: tells people what happened to an object, as events.k8s.io/v1 Events.
//
// Best effort and never in the way: record() only puts the event into a bounded queue, it is
// written in the background. Events that repeat become one that counts (event_series.h), an object
// with too many has the rest dropped (event_spam_filter.h); whatever is dropped is counted, by
// reason: queue_full, spam, rejected, stopped. Nothing may depend on an event having been written.
// One loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "base/log.h"
#include "kube/client/transport.h"
#include "kube/runtime/event.h"
#include "kube/runtime/event_series.h"
#include "kube/runtime/event_spam_filter.h"
#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {

inline constexpr size_t kMaxQueuedEvents = 10'000;
inline constexpr unsigned kMaxEventTries = 8;  // about 30 s
inline constexpr std::chrono::seconds kEventSendTimeout{10};
inline constexpr std::chrono::seconds kMaxEventRetryAfter{30};
// Events that yield wait at most this long, and only while less than half of the queue is full.
inline constexpr std::chrono::seconds kMaxEventYield{30};
inline constexpr size_t kMaxYieldingEvents = kMaxQueuedEvents / 2;

struct EventRecorderOptions {
  EventSource source;
  // More at once cost this process less: one wake-up then serves many answers.
  size_t in_flight_max = 16;
  // True while writes that matter more are under way: events then wait in the queue (within the
  // limits above), as they would only make those writes late; those on their way go on. Empty:
  // never.
  std::function<bool()> yield{};
};

class EventRecorder {
 public:
  // Everything handed in outlives the recorder.
  EventRecorder(Loop& loop, Random& random, Transport& transport, Logger logger,
                RuntimeMetrics& metrics, EventRecorderOptions options);

  // Returns at once.
  void record(EventSpec spec);

  // Sends until stopped; then gives up what is still queued. Call it once.
  Task<> run(Stop stop);
  // Ends all series and waits until everything recorded was sent or given up. Needs run() to be
  // running.
  Task<Status> flush(Stop stop);

  // Those that wait and those that are on their way.
  [[nodiscard]] size_t unsent() const { return queue_.size() + in_flight_; }

 private:
  struct Pending {
    EventRecord event;
    MonoTime since{};
  };

  void enqueue(std::vector<EventRecord> events);
  Task<> send_all(TaskScope& tasks);
  Task<> send_one(EventRecord event, Stop stop);
  Task<> keep_series(Stop stop);
  [[nodiscard]] bool yields() const;
  Task<> send(EventRecord event, Stop stop);
  Task<Result<Response>> write(const EventRecord& event, Stop stop);
  Task<Result<Response>> request(Request request, Stop stop);
  std::string unique_name(std::string_view regarding);
  void give_up(const char* reason, const EventRecord& event, LogFields fields = {});

  Loop& loop_;
  Random& random_;
  Transport& transport_;
  Logger logger_;
  CounterFamily& dropped_;
  Counter sent_;
  EventRecorderOptions options_;
  EventSeries series_;
  EventSpamFilter spam_;
  std::deque<Pending> queue_;
  size_t in_flight_ = 0;
  int64_t last_micros_ = 0;
  Event may_send_;
  Event idle_;
};

}  // namespace holmes::kube
