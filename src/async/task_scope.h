// TaskScope: the owner of background tasks. It outlives them and proves it.
//
// Tasks get their Stop from the scope. close() asks them to stop and waits for the last; destroying
// a scope that still has tasks is a programmer error. Declare a scope after what its tasks use.
#pragma once

#include <cstddef>
#include <vector>

#include "async/detached.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "async/wait.h"

namespace holmes {

class TaskScope {
 public:
  explicit TaskScope(Loop& loop, const Stop& parent = {});
  ~TaskScope();  // asserts that it is empty
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Starts the task at the loop's next turn. A spawn after close() began is allowed: the task finds
  // its stop requested.
  void spawn(Task<> task);

  [[nodiscard]] Stop stop() const { return source_.stop(); }
  [[nodiscard]] size_t size() const { return running_; }
  void request_stop() { source_.request_stop(); }

  // Waits until no task runs, without stopping them; returns early with the stop's error.
  Task<Status> drain(Stop stop);
  // Asks all to stop and waits for the last.
  Task<> close();

 private:
  static Detached run(TaskScope& scope, Task<> task);

  Loop& loop_;
  StopSource source_;
  size_t running_ = 0;
  Event empty_;
};

// Runs all tasks concurrently and returns their values in the order of the tasks.
template <class T>
Task<std::vector<T>> when_all(Loop& loop, std::vector<Task<T>> tasks);

namespace task_scope_internal {
template <class T>
Task<> store(Task<T> task, std::optional<T>& slot) {
  slot.emplace(co_await std::move(task));
}
}  // namespace task_scope_internal

template <class T>
Task<std::vector<T>> when_all(Loop& loop, std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> slots(tasks.size());
  TaskScope scope(loop);
  for (size_t i = 0; i < tasks.size(); ++i) {
    scope.spawn(task_scope_internal::store(std::move(tasks[i]), slots[i]));
  }
  const Status drained = co_await scope.drain({});
  HOLMES_ASSERT(drained.has_value());
  std::vector<T> values;
  values.reserve(slots.size());
  for (auto& slot : slots) values.push_back(std::move(*slot));
  co_return values;
}

}  // namespace holmes
