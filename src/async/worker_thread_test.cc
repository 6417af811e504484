#include "async/worker_thread.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/asio_loop.h"
#include "async/task_scope.h"
#include "async/wait.h"

namespace holmes {
namespace {

TEST(WorkerThread, CallsElsewhereAndReturnsHere) {
  AsioLoop loop;
  WorkerThread worker(loop);
  const std::thread::id called =
      loop.run(worker.run<std::thread::id>([] { return std::this_thread::get_id(); }));
  EXPECT_NE(called, std::this_thread::get_id());
  EXPECT_NE(called, std::thread::id());
}

TEST(WorkerThread, HandsOverWhatCanOnlyBeMoved) {
  AsioLoop loop;
  WorkerThread worker(loop);
  auto seven = std::make_unique<int>(7);
  const auto returned = loop.run(worker.run<std::unique_ptr<int>>(
      [seven = std::move(seven)]() mutable { return std::move(seven); }));
  EXPECT_EQ(*returned, 7);
}

Task<> note(WorkerThread& worker, std::vector<int>& calls, std::vector<int>& returns, int i) {
  returns.push_back(co_await worker.run<int>([&calls, i] {
    calls.push_back(i);
    return i;
  }));
}

TEST(WorkerThread, CallsOneAtATimeInOrder) {
  AsioLoop loop;
  WorkerThread worker(loop);
  std::vector<int> calls;  // of the worker's thread alone
  std::vector<int> returns;
  std::vector<int> expected;
  TaskScope scope(loop);
  for (int i = 0; i < 100; ++i) {
    scope.spawn(note(worker, calls, returns, i));
    expected.push_back(i);
  }
  ASSERT_TRUE(loop.run(scope.drain({})).has_value());
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(returns, expected);
}

Task<bool> let_go(WorkerThread& worker, std::atomic<bool>& gate) {
  return worker.run<bool>([&gate] {
    gate.wait(false);
    return true;
  });
}
Task<> open_gate(Loop& loop, std::atomic<bool>& gate) {
  (void)co_await sleep_for(loop, std::chrono::milliseconds(1), {});
  gate = true;
  gate.notify_all();
}

TEST(WorkerThread, LetsTheLoopGoOnMeanwhile) {
  AsioLoop loop;
  WorkerThread worker(loop);
  std::atomic<bool> gate = false;
  TaskScope scope(loop);
  scope.spawn(open_gate(loop, gate));
  EXPECT_TRUE(loop.run(let_go(worker, gate)));  // for ever, if the call held up the loop
  ASSERT_TRUE(loop.run(scope.drain({})).has_value());
}

}  // namespace
}  // namespace holmes
