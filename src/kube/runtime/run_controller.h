// run_controller: a cache, a queue and a controller as most operators put them together.
#pragma once

#include <chrono>

#include "async/task_scope.h"
#include "kube/runtime/controller.h"
#include "kube/runtime/informer.h"
#include "kube/runtime/sweep.h"

namespace holmes::kube {

// The controller, and a sweep of the cache about every `interval` beside it, until the stop and all
// in hand is done, or given up (Controller::run). Everything handed in outlives the task.
template <class T>
Task<> work_and_sweep(Loop& loop, Random& random, const Informer<T>& cache, WorkQueue& queue,
                      Controller& controller, std::chrono::nanoseconds interval, Stop stop,
                      Stop give_up = {}) {
  TaskScope sweeping(loop);
  sweeping.spawn(sweep(loop, random, cache, queue, interval, sweeping.stop()));
  co_await controller.run(stop, give_up);
  co_await sweeping.close();
}

// Keeps the cache and has each object reconciled: all of them once the first list is complete, each
// one that changes (or goes) from then on, and all again about every `sweep_interval`. Returns
// after the stop, when nothing is in hand any more. Everything handed in outlives the task; call it
// once.
template <class T>
Task<> run_controller(Loop& loop, Random& random, Informer<T>& cache, WorkQueue& queue,
                      Controller& controller, Stop stop,
                      std::chrono::nanoseconds sweep_interval = std::chrono::minutes(10)) {
  cache.on_change([&cache, &queue](const auto& change) {
    queue.add((change.now != nullptr ? change.now : change.before)->meta.key(),
              cache.synced() ? Lane::kNormal : Lane::kBackground);
  });
  TaskScope tasks(loop);
  tasks.spawn(cache.run(tasks.stop()));
  if (co_await cache.wait_synced(stop)) {
    co_await work_and_sweep(loop, random, cache, queue, controller, sweep_interval, stop);
  }
  co_await tasks.close();
}

}  // namespace holmes::kube
