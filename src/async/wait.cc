#include "async/wait.h"

#include "base/assert.h"

namespace holmes {

WaitList::~WaitList() {
  HOLMES_ASSERT(first_ == nullptr);
}

void WaitList::Parked::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  linked_ = true;
  previous_ = list_.last_;
  (previous_ != nullptr ? previous_->next_ : list_.first_) = this;
  list_.last_ = this;
  on_stop_.emplace(stop_, [this](StopReason) {
    if (!linked_) return;
    list_.unlink(*this);
    list_.resume(*this);
  });
}

bool WaitList::release_one() {
  if (first_ == nullptr) return false;
  Parked& parked = *first_;
  unlink(parked);
  parked.released_ = true;
  resume(parked);
  return true;
}

void WaitList::release_all() {
  while (release_one()) {
  }
}

void WaitList::unlink(Parked& parked) {
  (parked.previous_ != nullptr ? parked.previous_->next_ : first_) = parked.next_;
  (parked.next_ != nullptr ? parked.next_->previous_ : last_) = parked.previous_;
  parked.linked_ = false;
}

void WaitList::resume(Parked& parked) {
  loop_.post([waiting = parked.waiting_] { waiting.resume(); });
}

void Event::set() {
  set_ = true;
  waiters_.release_all();
}

Task<Status> Event::wait(Stop stop) {
  if (set_) co_return Status();
  const bool released = co_await waiters_.park(stop);
  if (!released) co_return fail(stop.error("wait"));
  co_return Status();
}

Task<Result<Semaphore::Permit>> Semaphore::permit(Stop stop) {
  HOLMES_CO_CHECK(co_await acquire(std::move(stop)));
  co_return Permit(*this);
}

Task<Status> Semaphore::acquire(Stop stop) {
  if (stop.requested()) co_return fail(stop.error("wait for a permit"));
  if (available_ > 0) {
    --available_;
    co_return Status();
  }
  const bool released = co_await waiters_.park(stop);
  if (!released) co_return fail(stop.error("wait for a permit"));
  co_return Status();
}

void Semaphore::release() {
  // The permit goes straight to the waiter, so that a newcomer cannot overtake.
  if (!waiters_.release_one()) ++available_;
}

Task<Status> sleep_until(Loop& loop, MonoTime when, Stop stop) {
  Event due(loop);
  const Timer timer(loop, when, [&due] { due.set(); });
  if (const Status waited = co_await due.wait(stop); !waited) co_return fail(stop.error("sleep"));
  co_return Status();
}

Task<Status> sleep_for(Loop& loop, std::chrono::nanoseconds duration, Stop stop) {
  return sleep_until(loop, loop.mono_now() + duration, std::move(stop));
}

}  // namespace holmes
