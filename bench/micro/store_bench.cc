// What a write into the store costs in memory and on the disk, and what an object costs in memory.
// bench/run.sh store runs it and holds the bars against the figures. Objects have 2 kB.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "async/asio_loop.h"
#include "async/task_scope.h"
#include "kube/store/object_store.h"
#include "kube/store/sqlite_journal.h"

namespace holmes::kube {
namespace {

constexpr size_t kObjectBytes = 2000;
constexpr size_t kObjects = 10'000;
constexpr size_t kWriters = 1000;
constexpr const char* kFolder = "build/bench/store";

// As encoded by the API's part before: the bench is of the store.
StoredObject object(size_t number, int64_t version) {
  StoredObject stored;
  stored.resource = std::string("healthchecks.holmesgpt.dev");
  stored.key = {fmt::format("team-{}", number % 50), fmt::format("checkout-latency-{:06}", number)};
  stored.uid = fmt::format("8f14e45f-ceea-467f-a9d5-{:012}", number);
  stored.version = version;
  stored.labels.emplace("app", "checkout");
  stored.labels.emplace("holmesgpt.dev/schedule", "checkout-latency");
  stored.owner_uids.push_back(fmt::format("c4ca4238-a0b9-4382-8dcc-{:012}", number % 500));
  stored.bytes.assign(kObjectBytes, static_cast<char>('a' + number % 26));
  return stored;
}

int64_t put(ObjectStore& store, size_t number) {
  return store.put([number](int64_t version) { return object(number, version); })->version;
}

Task<> put_all(ObjectStore& store, size_t writer, size_t writers, size_t objects) {
  for (size_t i = writer; i < objects; i += writers) {
    const Status durable = co_await store.durable(put(store, i), {});
    HOLMES_ASSERT(durable.has_value());
  }
}

// So many objects by so many writers, each of which waits until its object is durable.
Task<> write(Loop& loop, ObjectStore& store, size_t writers, size_t objects) {
  TaskScope scope(loop);
  for (size_t i = 0; i < writers; ++i) scope.spawn(put_all(store, i, writers, objects));
  (void)co_await scope.drain({});
}

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  statm >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

void memory(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    const int64_t before = resident_bytes();
    AsioLoop loop;
    NoJournal journal;
    ObjectStore store(loop, journal);
    loop.run(write(loop, store, 1, kObjects));
    loop.run(store.close());
    state.counters["bytes_per_object"] =
        static_cast<double>(resident_bytes() - before) / static_cast<double>(kObjects);
  }
}
BENCHMARK(memory)->Iterations(1);

// Made, and then replaced in every further round.
void in_memory(benchmark::State& state) {
  AsioLoop loop;
  NoJournal journal;
  ObjectStore store(loop, journal);
  for ([[maybe_unused]] auto _ : state) loop.run(write(loop, store, 100, kObjects));
  loop.run(store.close());
  state.SetItemsProcessed(static_cast<int64_t>(kObjects) * state.iterations());
}
BENCHMARK(in_memory);

// As often as one process can have 2 kB on the disk, one after the other.
void one_by_one_fsync(benchmark::State& state) {
  std::filesystem::create_directories(kFolder);
  const int file = ::open(fmt::format("{}/fsync", kFolder).c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string bytes(kObjectBytes, 'x');
  for ([[maybe_unused]] auto _ : state) {
    const bool done =
        ::write(file, bytes.data(), bytes.size()) == std::ssize(bytes) && ::fsync(file) == 0;
    HOLMES_ASSERT(done);
  }
  ::close(file);
  std::filesystem::remove_all(kFolder);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_by_one_fsync)->UseRealTime();

Task<> write_to_file(AsioLoop& loop, benchmark::State& state, size_t writers, size_t objects) {
  auto opened = co_await SqliteJournal::open(loop, fmt::format("{}/objects.db", kFolder));
  HOLMES_ASSERT(opened.has_value());
  ObjectStore store(loop, *opened->journal);
  for ([[maybe_unused]] auto _ : state) co_await write(loop, store, writers, objects);
  co_await store.close();
}

void in_file(benchmark::State& state, size_t writers, size_t objects) {
  std::filesystem::remove_all(kFolder);
  std::filesystem::create_directories(kFolder);
  AsioLoop loop;
  loop.run(write_to_file(loop, state, writers, objects));
  std::filesystem::remove_all(kFolder);
  state.SetItemsProcessed(static_cast<int64_t>(objects) * state.iterations());
}
BENCHMARK_CAPTURE(in_file, one, 1, 200)->Name("one_writer")->UseRealTime();
BENCHMARK_CAPTURE(in_file, many, kWriters, kObjects)->Name("group_commit")->UseRealTime();

}  // namespace
}  // namespace holmes::kube

BENCHMARK_MAIN();
