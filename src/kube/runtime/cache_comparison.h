// A test's oracle: what a cache and the API server say differently of one version.
//
// A version stands for one state of all objects, so there is nothing to wait for: what the cache
// holds now is compared with a list of exactly the version that its watch has reached now. On the
// loop's thread, like the cache.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "kube/client/transport.h"
#include "kube/core/object.h"
#include "kube/core/request.h"
#include "kube/runtime/informer_index.h"

namespace holmes::kube {

inline constexpr size_t kMaxDifferences = 100;  // told of one comparison

// What a cache holds at the version that its watch has reached.
struct CachedStates {
  std::map<ObjectKey, std::string> states;  // as state_text() tells them
  std::set<ObjectKey> ahead;                // own writes that the watch has not shown: left out
};
// "7 of UID"
std::string state_text(const ObjectMeta& meta);

class CacheComparison {
 public:
  // Fails for what the cache cannot read: that must not be in it.
  using Read = std::function<Result<ErasedObject>(const json::object& object)>;

  // Everything handed in outlives the comparison.
  CacheComparison(Loop& loop, Transport& transport, const ResourceType& type, Read read)
      : loop_(loop), transport_(transport), type_(type), read_(std::move(read)) {}

  // One line for each object. `options` says which objects the cache holds, at which version. What
  // is listed and not cached counts when it is still in that state: a cache that read of an
  // object's end, or of a change that makes it unreadable, is right before its watch tells of it.
  // Fails like Transport::send; kGone when that version is no longer kept.
  Task<Result<std::vector<std::string>>> run(CachedStates cached, ListOptions options, Stop stop);

 private:
  Task<Result<Response>> send(Request request, Stop stop);
  // Whether the object is still in this very state.
  Task<Result<bool>> is_still(ObjectMeta listed, Stop stop);

  Loop& loop_;
  Transport& transport_;
  const ResourceType& type_;
  Read read_;
};

}  // namespace holmes::kube
