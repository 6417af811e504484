// How many keys a second the work queue takes in, hands out and gets back. bench/run.sh queue runs
// it and holds the bar against the figures. Metrics are on and the clock is real, as in production.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "async/asio_loop.h"
#include "kube/runtime/work_queue.h"

namespace holmes::kube {
namespace {

constexpr size_t kKeys = 50'000;

// Names as a schedule gives them to its checks: too long for a string without memory of its own.
std::vector<ObjectKey> keys() {
  std::vector<ObjectKey> all;
  for (size_t i = 0; i < kKeys; ++i) {
    const size_t mixed = (i * 2'654'435'761U) % 0x1000000U;
    all.push_back({fmt::format("team-{}", i % 50),
                   fmt::format("checkout-latency-{}-20260101-{:06}-{:06x}", i % 500, i, mixed)});
  }
  return all;
}

struct Setting {
  AsioLoop loop;
  SeededRandom random{1};
  MetricsRegistry registry;
  RuntimeMetrics metrics{registry};
  WorkQueue queue{loop, random, metrics, {.name = "bench"}};
  std::vector<ObjectKey> all = keys();
};

Lane lane_of(size_t i) {
  return static_cast<Lane>(i % kLanes);
}

// Everything is added before the first is taken, as after a restart or a sweep.
Task<> backlog(Setting& setting, benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    for (size_t i = 0; i < kKeys; ++i) setting.queue.add(setting.all[i], lane_of(i));
    for (size_t i = 0; i < kKeys; ++i) {
      const Result<ObjectKey> key = co_await setting.queue.get({});
      setting.queue.done(*key);
    }
  }
}

// As many wait as there are workers in the operator; each one taken is followed by another.
Task<> flow(Setting& setting, benchmark::State& state) {
  constexpr size_t kWaiting = 64;
  for (size_t i = 0; i < kWaiting; ++i) setting.queue.add(setting.all[i], lane_of(i));
  for ([[maybe_unused]] auto _ : state) {
    for (size_t i = 0; i < kKeys; ++i) {
      setting.queue.add(setting.all[(i + kWaiting) % kKeys], lane_of(i));
      const Result<ObjectKey> key = co_await setting.queue.get({});
      setting.queue.done(*key);
    }
  }
}

void run(benchmark::State& state, Task<> (*work)(Setting&, benchmark::State&)) {
  Setting setting;
  setting.loop.run(work(setting, state));
  state.SetItemsProcessed(static_cast<int64_t>(kKeys) * state.iterations());
}

BENCHMARK_CAPTURE(run, backlog, &backlog)->Name("backlog");
BENCHMARK_CAPTURE(run, flow, &flow)->Name("flow");

}  // namespace
}  // namespace holmes::kube

BENCHMARK_MAIN();
