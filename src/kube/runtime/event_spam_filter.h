// EventSpamFilter: an object that is always unhealthy does not fill the API server with events.
// Pure.
//
// As client-go's EventSourceObjectSpamFilter (tools/record/events_cache.go): for each object a
// bucket of kEventBurst tokens, which gets one more every kEventRefill.
#pragma once

#include <chrono>

#include "kube/runtime/event.h"
#include "kube/runtime/lru.h"

namespace holmes::kube {

inline constexpr unsigned kEventBurst = 25;
inline constexpr std::chrono::seconds kEventRefill{300};
// Objects that are remembered; of more, the ones without events for the longest time start anew.
inline constexpr size_t kMaxSpamBuckets = 4096;

class EventSpamFilter {
 public:
  EventSpamFilter() : buckets_(kMaxSpamBuckets) {}

  // Whether another event about this object (in whatever version) may be written; takes a token.
  bool allow(const ObjectReference& object, MonoTime now);

 private:
  // The time at which the bucket was or will be full: each token taken moves it on.
  struct Bucket {
    MonoTime full_at{};
  };
  Lru<Bucket> buckets_;
};

}  // namespace holmes::kube
