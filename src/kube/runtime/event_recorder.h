// EventRecorder: tells people what happened to an object, as events.k8s.io/v1 Events.
//
// Best effort and never in the way: record() only puts the event into a bounded queue, senders in
// the background write it. Nothing may depend on an event having been written. One loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "async/loop.h"
#include "async/random.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "base/log.h"
#include "kube/client/transport.h"
#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {

inline constexpr size_t kMaxQueuedEvents = 10'000;
inline constexpr unsigned kMaxEventTries = 8;       // about 30 s
inline constexpr size_t kMaxEventNoteBytes = 1024;  // the API's limit
inline constexpr size_t kMaxEventFieldBytes = 128;  // reason, action, instance: likewise
inline constexpr std::chrono::seconds kEventSendTimeout{10};
inline constexpr std::chrono::seconds kMaxEventRetryAfter{30};
// Events that yield wait at most this long, and only while less than half of the queue is full.
inline constexpr std::chrono::seconds kMaxEventYield{30};
inline constexpr size_t kMaxYieldingEvents = kMaxQueuedEvents / 2;

struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;
};
ObjectReference reference_to(const ResourceType& type, const ObjectMeta& meta);

enum class EventType { kNormal, kWarning };

struct EventSpec {
  ObjectReference regarding;
  EventType type = EventType::kNormal;
  std::string reason;  // why, in CamelCase: "Completed"
  std::string action;  // what was done: "RunCheck"; the reason when empty
  std::string note;    // for people; cut at kMaxEventNoteBytes
};

struct EventRecorderOptions {
  std::string reporting_controller;  // "holmesgpt.dev/operator"
  std::string reporting_instance;    // "holmes-operator-5d9c7b-x2x9k"
  size_t senders = 4;
  // True while writes that matter more are under way: events then wait in the queue (within the
  // limits above), as they would only make those writes late. Empty: never.
  std::function<bool()> yield{};
};

class EventRecorder {
 public:
  // Everything handed in outlives the recorder.
  EventRecorder(Loop& loop, Random& random, Transport& transport, Logger logger,
                RuntimeMetrics& metrics, EventRecorderOptions options);

  // Returns at once. Dropped and counted when kMaxQueuedEvents already wait.
  void record(EventSpec spec);

  // Sends until stopped; then gives up what is still queued. Call it once.
  Task<> run(Stop stop);
  // Waits until everything recorded was sent or given up. Needs run() to be running.
  Task<Status> flush(Stop stop);

  [[nodiscard]] size_t queued() const { return queue_.size(); }

 private:
  struct Pending {
    std::string ns;
    std::string name;
    WallTime time{};
    MonoTime since{};
    EventSpec spec;
  };

  [[nodiscard]] json::object to_object(const Pending& event) const;
  Task<> send_all(Stop stop);
  [[nodiscard]] bool yields() const;
  Task<> send(Pending event, Stop stop);
  std::string unique_name(std::string_view regarding);
  void give_up(const char* reason, const Pending& event, LogFields fields);

  Loop& loop_;
  Random& random_;
  Transport& transport_;
  Logger logger_;
  RuntimeMetrics& metrics_;
  EventRecorderOptions options_;
  std::deque<Pending> queue_;
  size_t in_flight_ = 0;
  int64_t last_micros_ = 0;
  WaitList senders_;
  Event idle_;
};

}  // namespace holmes::kube
