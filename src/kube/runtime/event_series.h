// EventSeries: events that repeat are one Event that counts, as in client-go's events recorder.
// Pure.
//
// Events are the same when their type, reason, action and object are, the object in the same
// version; the note of the first stands. The second occurrence begins a series and is written,
// later ones are only counted; the count is written again every kSeriesRefresh, so that the Event
// does not expire, and when the series has ended. (client-go, tools/events/event_broadcaster.go.)
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kube/runtime/event.h"
#include "kube/runtime/lru.h"

namespace holmes::kube {

inline constexpr std::chrono::minutes kSeriesRefresh{30};
inline constexpr std::chrono::minutes kSeriesIdle{6};  // has then ended
// Kinds of events that are remembered; of more, the ones seen the longest time ago have ended.
inline constexpr size_t kMaxEventSeries = 4096;

class EventSeries {
 public:
  EventSeries() : events_(kMaxEventSeries) {}

  // Whether such an event would only be counted.
  [[nodiscard]] bool counts(const EventSpec& spec);
  // Such an event happened. Returns what must be written: nothing, or the event, or its series; and
  // the last count of a series that had to end for it.
  std::vector<EventRecord> observe(EventSpec spec, std::string name, WallTime wall, MonoTime now);
  // Series that must be written as time has passed. Call it now and then.
  std::vector<EventRecord> due(MonoTime now);
  // Ends all series; returns those whose count was not written.
  std::vector<EventRecord> end_all();

  [[nodiscard]] size_t size() const { return events_.size(); }

 private:
  struct Seen {
    EventRecord event;
    MonoTime last_seen{};
    MonoTime written{};
    int64_t written_count = 1;
  };
  void end_oldest(std::vector<EventRecord>& to_write);

  Lru<Seen> events_;
};

}  // namespace holmes::kube
