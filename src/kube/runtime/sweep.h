// sweep: now and then has every object of a cache looked at, in the lowest lane of its queue.
//
// A safety net: a reconciler is told of each change, so a sweep should find nothing to do. What it
// does find is counted (Done::changed) as holmes_sweep_repairs_total{controller}.
#pragma once

#include <chrono>

#include "async/random.h"
#include "async/wait.h"
#include "kube/runtime/work_queue.h"

namespace holmes::kube {

inline constexpr double kSweepJitter = 0.1;  // either way, so that operators do not sweep as one

// Sweeps about every `interval` until the stop. Cache: Informer<T>, or what has its for_each().
// Everything handed in outlives the task. Start it with the controller.
template <class Cache>
Task<> sweep(Loop& loop, Random& random, const Cache& cache, WorkQueue& queue,
             std::chrono::nanoseconds interval, Stop stop) {
  while (true) {
    const double part = 1 - kSweepJitter + 2 * kSweepJitter * random.unit();
    const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(interval * part);
    if (!co_await sleep_for(loop, pause, stop)) co_return;
    cache.for_each([&queue](const auto& object) { queue.add(object->meta.key(), Lane::kSweep); });
  }
}

}  // namespace holmes::kube
