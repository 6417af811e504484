// How long a schedule takes to find its ticks. bench/run.sh cron runs it and holds the bars against
// the figures; the names' first part is what it goes by.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "cron/schedule.h"

namespace holmes {
namespace {

struct Case {
  const char* text;
  const char* zone;
};

// What people write, where they live.
constexpr std::array kOrdinary{
    Case{"* * * * *", "UTC"},
    Case{"*/5 * * * *", "UTC"},
    Case{"*/15 9-17 * * mon-fri", "Europe/Berlin"},
    Case{"0 * * * *", "America/New_York"},
    Case{"@hourly", "Asia/Kathmandu"},
    Case{"0 9 * * 1-5", "Europe/Berlin"},
    Case{"30 2 * * *", "America/New_York"},
    Case{"0 0 * * *", "America/Sao_Paulo"},
    Case{"0 */6 * * *", "Australia/Lord_Howe"},
    Case{"0 8,20 * * *", "Africa/Casablanca"},
    Case{"@weekly", "Europe/London"},
    Case{"0 6 1 * *", "Asia/Tokyo"},
    Case{"15 14 1,15 * fri", "America/Los_Angeles"},
    Case{"0 4 1 jan,jul *", "UTC"},
    Case{"@yearly", "Europe/Berlin"},
};

constexpr Case kLeapDay{"30 2 29 2 *", "America/New_York"};

Schedule make(Case c, DstPolicy policy) {
  return Schedule::parse(c.text, {TimeZone::load(c.zone).value(), policy, WallTime()}).value();
}

WallTime at(const char* text) {
  return parse_rfc3339(text).value();
}

// Spread over ten years without a rhythm that a schedule could share.
std::vector<WallTime> instants() {
  constexpr size_t kCount = 1024;
  std::vector<WallTime> times;
  const WallTime begin = at("2026-01-01T00:00:00Z");
  for (size_t i = 0; i < kCount; ++i) {
    times.push_back(begin + std::chrono::seconds((i * 2'654'435'761U) % (10 * 365 * 86'400)));
  }
  return times;
}

template <class Find>
void run(benchmark::State& state, const std::vector<WallTime>& times, Find find) {
  size_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(find(times[i++ % times.size()]));
  }
}

void add(const std::string& kind, Case c, DstPolicy policy, const std::vector<WallTime>& next_times,
         const std::vector<WallTime>& previous_times) {
  const Schedule schedule = make(c, policy);
  const std::string name = std::string(to_string(policy)) + "/" + c.text + "/" + c.zone;
  benchmark::RegisterBenchmark((kind + "next/" + name).c_str(), [=](benchmark::State& state) {
    run(state, next_times, [&schedule](WallTime t) { return schedule.next(t); });
  });
  benchmark::RegisterBenchmark((kind + "previous/" + name).c_str(), [=](benchmark::State& state) {
    run(state, previous_times, [&schedule](WallTime t) { return schedule.previous(t); });
  });
}

void add_count(Case c) {
  const Schedule schedule = make(c, DstPolicy::kRunOnce);
  const std::string name = std::string("count10years/") + c.text + "/" + c.zone;
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    run(state, {at("2026-01-01T00:00:00Z")},
        [&schedule](WallTime t) { return schedule.count(t, t + std::chrono::days(3652)); });
  });
}

void add_all() {
  for (const DstPolicy policy : {DstPolicy::kRunOnce, DstPolicy::kKubernetes}) {
    for (const Case c : kOrdinary) add("", c, policy, instants(), instants());
    // No February 29th from 2096 to 2104.
    add("worst_", kLeapDay, policy, {at("2096-03-01T00:00:00Z")}, {at("2104-02-28T00:00:00Z")});
    // Times that a change of the clock skips, in every year that the rule has it on this day.
    add("worst_", {"30 2 8 3 *", "America/New_York"}, policy, instants(), instants());
  }
  add_count({"* * * * *", "America/New_York"});
  add_count({"0 9 * * 1-5", "Europe/Berlin"});
}

}  // namespace
}  // namespace holmes

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  holmes::add_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
