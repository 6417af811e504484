#include "async/task_scope.h"

#include <memory>

#include "base/assert.h"

namespace holmes {

TaskScope::TaskScope(Loop& loop, const Stop& parent) : loop_(loop), source_(parent), empty_(loop) {
  empty_.set();
}

TaskScope::~TaskScope() {
  HOLMES_ASSERT(running_ == 0);
}

void TaskScope::spawn(Task<> task) {
  ++running_;
  empty_.reset();
  loop_.post([this, task = std::move(task)]() mutable { run(*this, std::move(task)); });
}

Detached TaskScope::run(TaskScope& scope, Task<> task) {
  {
    // The task's own frame goes before the scope is told, as the scope's owner may go then.
    Task<> owned = std::move(task);
    co_await std::move(owned);
  }
  if (--scope.running_ == 0) scope.empty_.set();
}

Task<Status> TaskScope::drain(Stop stop) {
  return empty_.wait(std::move(stop));
}

Task<> TaskScope::close() {
  source_.request_stop();
  const Status drained = co_await empty_.wait({});
  HOLMES_ASSERT(drained.has_value());
}

}  // namespace holmes
