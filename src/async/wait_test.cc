#include "async/wait.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"

namespace holmes {
namespace {

using std::chrono::seconds;

Task<> hold(VirtualLoop& loop, Semaphore& semaphore, int id, std::vector<int>* order) {
  const Status got = co_await semaphore.acquire({});
  HOLMES_ASSERT(got.has_value());
  order->push_back(id);
  (void)co_await sleep_for(loop, seconds(1), {});
  semaphore.release();
}

Task<> hold_and_throw(Semaphore& semaphore) {
  const Result<Semaphore::Permit> permit = co_await semaphore.permit({});
  HOLMES_ASSERT(permit.has_value() && semaphore.available() == 0);
  throw std::runtime_error("of a library");
}

Task<> catch_of(Task<> task, bool* caught) {
  try {
    co_await std::move(task);
  } catch (const std::runtime_error&) {
    *caught = true;
  }
}

Task<> wait_for(Event& event, Stop stop, std::vector<ErrorCode>* errors) {
  const Status waited = co_await event.wait(std::move(stop));
  if (!waited) errors->push_back(waited.error().code);
}

TEST(Event, AWaitEndsWithTheStopAndTheOthersGoOnWaiting) {
  VirtualLoop loop;
  Event event(loop);
  StopSource source;
  std::vector<ErrorCode> errors;
  TaskScope scope(loop);
  scope.spawn(wait_for(event, source.stop(), &errors));
  scope.spawn(wait_for(event, {}, &errors));
  loop.run_until_idle();
  source.request_stop();
  loop.run_until_idle();
  EXPECT_EQ(errors, std::vector<ErrorCode>{ErrorCode::kCancelled});
  EXPECT_EQ(scope.size(), 1U);
  event.set();
  loop.run_until_idle();
  EXPECT_EQ(scope.size(), 0U);
  EXPECT_EQ(errors.size(), 1U);
}

TEST(Event, SetAndStopInTheSameTurnResumeOnce) {
  VirtualLoop loop;
  Event event(loop);
  StopSource source;
  std::vector<ErrorCode> errors;
  TaskScope scope(loop);
  scope.spawn(wait_for(event, source.stop(), &errors));
  loop.run_until_idle();
  event.set();
  source.request_stop();
  loop.run_until_idle();
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(scope.size(), 0U);
}

TEST(Semaphore, APermitGoesBackAlsoByAnException) {
  VirtualLoop loop;
  Semaphore semaphore(loop, 1);
  bool caught = false;
  loop.run(catch_of(hold_and_throw(semaphore), &caught));
  EXPECT_TRUE(caught);
  EXPECT_EQ(semaphore.available(), 1U);
  StopSource stop;
  stop.request_stop();
  EXPECT_FALSE(loop.run(semaphore.permit(stop.stop())));
  EXPECT_EQ(semaphore.available(), 1U) << "a wait that failed has nothing to give back";
}

TEST(Semaphore, ServesTheOldestFirstAndNeverMoreThanItsPermits) {
  VirtualLoop loop;
  Semaphore semaphore(loop, 2);
  std::vector<int> order;
  TaskScope scope(loop);
  for (int id = 0; id < 5; ++id) scope.spawn(hold(loop, semaphore, id, &order));
  loop.run_until_idle();
  EXPECT_EQ(order, (std::vector<int>{0, 1}));
  EXPECT_TRUE(loop.run(scope.drain({})).has_value());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(semaphore.available(), 2U);
}

TEST(OneShot, KeepsTheFirstValueForALateReader) {
  VirtualLoop loop;
  OneShot<int> value(loop);
  value.set(1);
  value.set(2);
  EXPECT_EQ(loop.run(value.get({})).value(), 1);
}

TEST(Sleep, EndsAtItsDeadlineWithTimeoutAndOnTimeWithout) {
  VirtualLoop loop;
  const StopSource source({}, loop, loop.mono_now() + seconds(2));
  EXPECT_EQ(loop.run(sleep_for(loop, seconds(9), source.stop())).error().code, ErrorCode::kTimeout);
  const MonoTime begin = loop.mono_now();
  EXPECT_TRUE(loop.run(sleep_for(loop, seconds(9), {})).has_value());
  EXPECT_EQ(loop.mono_now() - begin, seconds(9));
}

}  // namespace
}  // namespace holmes
