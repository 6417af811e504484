// journal_writer FILE RUN ACKNOWLEDGED: writes into the store in FILE until it is killed, and adds
// a line "writer step version" to ACKNOWLEDGED whenever a step is durable.
#include "kube/store/journal_writer_testing.h"

#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "async/asio_loop.h"
#include "async/task_scope.h"
#include "base/assert.h"
#include "kube/store/object_store.h"
#include "kube/store/sqlite_journal.h"

namespace holmes::kube {
namespace {

struct Run {
  ObjectStore& store;
  int number;
  int acknowledged;  // descriptor
};

Task<> write_on(Run& run, int writer) {
  for (int step = 0;; ++step) {
    const auto encode = [&run, writer, step](int64_t version) {
      return written_object(run.number, writer, step, version);
    };
    const Stored stored = removes(step) ? run.store.remove(encode) : run.store.put(encode);
    const Status durable = co_await run.store.durable(stored->version, {});
    HOLMES_ASSERT(durable.has_value());
    const std::string line = fmt::format("{} {} {}\n", writer, step, stored->version);
    const ssize_t written = ::write(run.acknowledged, line.data(), line.size());
    HOLMES_ASSERT(written == std::ssize(line));
  }
}

Task<> write_for_ever(AsioLoop& loop, std::string path, int number, int acknowledged) {
  auto opened = co_await SqliteJournal::open(loop, std::move(path));
  HOLMES_ASSERT(opened.has_value());
  ObjectStore store(loop, *opened->journal);
  store.load(std::move(opened->objects), opened->version);
  Run run{store, number, acknowledged};
  TaskScope scope(loop);
  for (int writer = 0; writer < kWriters; ++writer) scope.spawn(write_on(run, writer));
  (void)co_await scope.drain({});
}

}  // namespace
}  // namespace holmes::kube

int main(int argc, char** argv) {
  HOLMES_ASSERT(argc == 4);
  const std::string_view text = argv[2];
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  const int acknowledged = ::open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  HOLMES_ASSERT(acknowledged >= 0);
  holmes::AsioLoop loop;
  loop.run(holmes::kube::write_for_ever(loop, argv[1], number, acknowledged));
}
