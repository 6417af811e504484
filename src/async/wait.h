// Waiting: events, one-shot values, semaphores, sleep. Everything here belongs to one loop's
// thread.
//
// Every wait takes a Stop and returns its error (kCancelled or kTimeout) when it ends because of
// it. Resumption is always posted, so that setting an event never runs foreign code inside the
// setter. What is waited on must outlive the wait.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"

namespace holmes {

// Parked coroutines in the order of arrival. The building block of the classes below.
class WaitList {
 public:
  explicit WaitList(Loop& loop) : loop_(loop) {}
  ~WaitList();  // asserts that nobody waits any more
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // Suspends until released or stopped: `co_await list.park(stop)` is true when it was released.
  // The awaiter lives in the coroutine frame.
  class Parked {
   public:
    Parked(WaitList& list, Stop stop) : list_(list), stop_(std::move(stop)) {}
    bool await_ready() const { return stop_.requested(); }
    void await_suspend(std::coroutine_handle<> waiting);
    bool await_resume() const { return released_; }

   private:
    friend class WaitList;
    WaitList& list_;
    Stop stop_;
    std::coroutine_handle<> waiting_;
    bool linked_ = false;
    bool released_ = false;
    Parked* previous_ = nullptr;
    Parked* next_ = nullptr;
    std::optional<StopCallback> on_stop_;
  };
  Parked park(Stop stop) { return {*this, std::move(stop)}; }

  // Releases the one that waits longest; false if nobody waits.
  bool release_one();
  void release_all();

 private:
  void unlink(Parked& parked);
  void resume(Parked& parked);

  Loop& loop_;
  Parked* first_ = nullptr;
  Parked* last_ = nullptr;
};

// Once set, every wait returns at once until reset.
class Event {
 public:
  explicit Event(Loop& loop) : waiters_(loop) {}

  void set();
  void reset() { set_ = false; }
  [[nodiscard]] bool is_set() const { return set_; }
  Task<Status> wait(Stop stop);

 private:
  bool set_ = false;
  WaitList waiters_;
};

// A value that arrives once, for one reader.
template <class T>
class OneShot {
 public:
  explicit OneShot(Loop& loop) : arrived_(loop) {}

  // Only the first value counts.
  void set(T value) {
    if (value_.has_value()) return;
    value_.emplace(std::move(value));
    arrived_.set();
  }
  [[nodiscard]] bool is_set() const { return value_.has_value(); }
  Task<Result<T>> get(Stop stop) {
    HOLMES_CO_CHECK(co_await arrived_.wait(std::move(stop)));
    co_return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  Event arrived_;
};

// At most `permits` holders at once; waiters are served oldest first.
class Semaphore {
 public:
  Semaphore(Loop& loop, size_t permits) : available_(permits), waiters_(loop) {}

  // A permit that is given back when it goes, also by an exception. The semaphore outlives it.
  class [[nodiscard]] Permit {
   public:
    explicit Permit(Semaphore& from) : from_(&from) {}  // of one that was acquired
    Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(from_, other.from_);
      return *this;
    }
    ~Permit() {
      if (from_ != nullptr) from_->release();
    }

   private:
    Semaphore* from_;
  };

  Task<Result<Permit>> permit(Stop stop);
  // The same by hand.
  Task<Status> acquire(Stop stop);
  void release();
  [[nodiscard]] size_t available() const { return available_; }

 private:
  size_t available_;
  WaitList waiters_;
};

// `co_await next_turn(loop)` lets everything else that is ready run first.
struct NextTurn {
  Loop& loop;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    loop.post([waiting] { waiting.resume(); });
  }
  void await_resume() const {}
};
inline NextTurn next_turn(Loop& loop) {
  return {loop};
}

// Returns when the time has come, or the stop's error.
Task<Status> sleep_until(Loop& loop, MonoTime when, Stop stop);
Task<Status> sleep_for(Loop& loop, std::chrono::nanoseconds duration, Stop stop);

}  // namespace holmes
