// A thread for calls that block, such as those of a database: the loop goes on meanwhile.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "async/loop.h"
#include "async/task.h"

namespace holmes {

// Calls are made one at a time in the order of run(), so what only they touch needs no lock. What
// waits is bounded by its users: each has at most one call under way.
class WorkerThread {
 public:
  // The loop is one whose post() other threads may call: not a VirtualLoop.
  explicit WorkerThread(Loop& loop);
  // All calls have ended.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Makes the call on the thread, and returns on the loop's thread what it returned. There is no
  // way to stop a call that blocks: the task is awaited to its end. The call does not throw.
  template <class T>
  Task<T> run(std::move_only_function<T()> call);

 private:
  struct Impl;
  struct Job {
    Callback call;
    std::coroutine_handle<> then;
  };
  struct Running {
    WorkerThread& worker;
    Callback call;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> then) { worker.hand_over({std::move(call), then}); }
    void await_resume() const {}
  };
  void hand_over(Job job);

  std::unique_ptr<Impl> impl_;
};

template <class T>
Task<T> WorkerThread::run(std::move_only_function<T()> call) {
  std::optional<T> value;
  co_await Running{*this, [&value, &call] { value.emplace(call()); }};
  co_return std::move(*value);
}

}  // namespace holmes
