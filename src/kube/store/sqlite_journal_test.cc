#include "kube/store/sqlite_journal.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "async/asio_loop.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "kube/store/journal_writer_testing.h"
#include "kube/store/object_store.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

StoredObject toy(const std::string& name, int64_t version, const std::string& text = "x") {
  return encode_stored("toys.example.com", version,
                       {{"metadata",
                         {{"namespace", "a"},
                          {"name", name},
                          {"uid", "uid-" + name},
                          {"labels", {{"app", "toy"}}},
                          {"ownerReferences", json::array{json::object{{"uid", "u1"}}}},
                          {"deletionTimestamp", "2024-01-01T00:00:00Z"}}},
                        {"text", text}});
}
JournalEntry entry(StoredObject object, bool removed = false) {
  const int64_t version = object.version;
  return {version, std::make_shared<const StoredObject>(std::move(object)), removed};
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class SqliteJournalTest : public testing::Test {
 protected:
  SqliteJournalTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~SqliteJournalTest() override { std::filesystem::remove_all(folder_); }

  Result<SqliteJournal::Opened> open() { return loop_.run(SqliteJournal::open(loop_, path_)); }
  Status append(Journal& journal, std::vector<JournalEntry> entries) {
    return loop_.run(journal.append(std::move(entries)));
  }
  // So many objects, on many pages.
  void fill(int64_t count) {
    auto opened = open();
    ASSERT_TRUE(opened.has_value());
    std::vector<JournalEntry> entries;
    for (int64_t i = 1; i <= count; ++i) {
      entries.push_back(entry(toy(fmt::format("toy-{}", i), i, std::string(1500, 'x'))));
    }
    ASSERT_TRUE(append(*opened->journal, std::move(entries)).has_value());
  }
  std::string refusal() {
    const std::string before = contents(path_);
    const std::string wal_before = contents(path_ + "-wal");
    const auto opened = open();
    EXPECT_FALSE(opened.has_value());
    EXPECT_EQ(contents(path_), before) << "it was changed";
    EXPECT_EQ(contents(path_ + "-wal"), wal_before) << "it was changed";
    if (opened) return "";
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(opened.error().message, HasSubstr(path_));
    return opened.error().message;
  }
  void overwrite(size_t offset, std::string_view bytes) {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
  }
  unsigned mode(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("sqlite-journal-") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
  const std::string path_ = folder_ / "objects.db";
  AsioLoop loop_;
};

TEST_F(SqliteJournalTest, KeepsObjectsWithTheirVersions) {
  {
    auto opened = open();
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->version, 0);
    EXPECT_THAT(opened->objects, IsEmpty());
    ASSERT_TRUE(append(*opened->journal, {entry(toy("one", 1)), entry(toy("two", 2))}).has_value());
    ASSERT_TRUE(append(*opened->journal, {entry(toy("one", 3, "y"))}).has_value());
  }
  auto opened = open();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(opened->version, 3);
  ASSERT_EQ(opened->objects.size(), 2U);
  const Stored one = *std::ranges::find(opened->objects, ObjectKey{"a", "one"}, &StoredObject::key);
  EXPECT_EQ(one->bytes, toy("one", 3, "y").bytes);
  EXPECT_EQ(one->version, 3);
  EXPECT_EQ(one->uid, "uid-one");
  EXPECT_TRUE(one->resource == "toys.example.com");
  EXPECT_EQ(one->labels, (StringMap{{"app", "toy"}}));
  EXPECT_THAT(one->owner_uids, ElementsAre("u1"));
  EXPECT_TRUE(one->deleting);
}

TEST_F(SqliteJournalTest, NeverCountsBackWhenTheLastWriteWasARemoval) {
  {
    auto opened = open();
    ASSERT_TRUE(append(*opened->journal, {entry(toy("one", 1))}).has_value());
    ASSERT_TRUE(append(*opened->journal, {entry(toy("one", 2), true)}).has_value());
  }
  auto opened = open();
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->version, 2);
  EXPECT_THAT(opened->objects, IsEmpty());
}

TEST_F(SqliteJournalTest, CarriesAStoreOverARestart) {
  for (int64_t start = 0; start < 30; start += 10) {
    auto opened = open();
    ASSERT_TRUE(opened.has_value());
    ObjectStore store(loop_, *opened->journal);
    store.load(std::move(opened->objects), opened->version);
    EXPECT_EQ(store.version(), start);
    EXPECT_EQ(store.compacted(), start);
    EXPECT_EQ(store.count("toys.example.com"), static_cast<size_t>(start));
    for (int i = 0; i < 10; ++i) {
      store.put([&](int64_t version) { return toy(fmt::format("toy-{}", version), version); });
    }
    EXPECT_TRUE(loop_.run(store.durable(start + 10, {})).has_value());
    loop_.run(store.close());
  }
}

TEST_F(SqliteJournalTest, KeepsItsFilesPrivate) {
  auto opened = open();
  ASSERT_TRUE(append(*opened->journal, {entry(toy("one", 1))}).has_value());
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    EXPECT_EQ(mode(file.path()), 0600U) << file.path();
  }
  EXPECT_EQ(mode(path_), 0600U);
  opened->journal.reset();
  std::filesystem::permissions(path_, std::filesystem::perms(0644));
  opened = open();
  ASSERT_TRUE(opened.has_value());
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    EXPECT_EQ(mode(file.path()), 0600U) << file.path();
  }
}

TEST_F(SqliteJournalTest, RefusesAFileThatIsInUse) {
  const auto first = open();
  ASSERT_TRUE(first.has_value());
  const auto second = open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr(path_ + " is in use by another process"));
  EXPECT_TRUE(append(*first->journal, {entry(toy("one", 1))}).has_value());
}

TEST_F(SqliteJournalTest, RefusesAFormatOfTheFuture) {
  fill(1);
  overwrite(60, std::string("\0\0\0\2", 4));  // user_version, as the file format has it
  EXPECT_THAT(refusal(), HasSubstr("has format 2, this Holmes knows 1"));
}

TEST_F(SqliteJournalTest, RefusesFilesOfOthers) {
  fill(1);
  overwrite(68, std::string("\0\0\0\7", 4));  // application_id
  EXPECT_THAT(refusal(), HasSubstr("is not a file of Holmes"));
  std::ofstream(path_) << std::string(10'000, 'x');
  EXPECT_THAT(refusal(), HasSubstr("is damaged (file is not a database)"));
  std::ofstream(path_).close();
  EXPECT_THAT(refusal(), HasSubstr("is damaged (it has 0 bytes only)"));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_THAT(refusal(), HasSubstr("is not a file"));
}

TEST_F(SqliteJournalTest, RefusesATruncatedFile) {
  fill(100);
  const auto whole = std::filesystem::file_size(path_);
  for (const uintmax_t size : {whole - 1, whole - kPageBytes, whole / 2, uintmax_t{kPageBytes},
                               uintmax_t{1000}, uintmax_t{50}}) {
    std::filesystem::resize_file(path_, size);
    EXPECT_THAT(refusal(), HasSubstr("nothing was changed: put a copy")) << size;
  }
}

TEST_F(SqliteJournalTest, RefusesAFileWithAnyDamage) {
  fill(100);
  const std::string whole = contents(path_);
  SeededRandom random(1);
  int refused = 0;
  constexpr int kTries = 60;
  for (int i = 0; i < kTries; ++i) {
    std::ofstream(path_, std::ios::binary) << whole;
    const size_t offset = random.next() % whole.size();
    overwrite(offset, std::string(1, static_cast<char>(~whole[offset])));
    // Bytes that nothing uses may change.
    if (const auto opened = open()) {
      EXPECT_EQ(opened->objects.size(), 100U) << offset;
      for (const Stored& stored : opened->objects) {
        EXPECT_EQ(stored->bytes,
                  toy(stored->key.name, stored->version, std::string(1500, 'x')).bytes);
      }
      continue;
    }
    EXPECT_THAT(refusal(), HasSubstr("is damaged")) << offset;
    ++refused;
  }
  EXPECT_GT(refused, kTries / 2);
}

// A file as a kill leaves it, with a WAL.
class SqliteWalTest : public SqliteJournalTest {
 protected:
  SqliteWalTest() {
    fill(100);
    const auto opened = open();
    for (int64_t version = 101; version <= 120; ++version) {
      const auto object = toy(fmt::format("toy-{}", version), version, std::string(1500, 'x'));
      EXPECT_TRUE(append(*opened->journal, {entry(object)}).has_value());
    }
    whole_ = contents(path_);
    wal_ = contents(path_ + "-wal");
  }
  void restore() {
    std::ofstream(path_, std::ios::binary) << whole_;
    std::ofstream(path_ + "-wal", std::ios::binary) << wal_;
  }
  std::string whole_;
  std::string wal_;
};

TEST_F(SqliteWalTest, KeepsTheTransactionsThatAreWholeInACutWal) {
  std::set<int64_t> versions;
  for (size_t part = 0; part <= 20; ++part) {
    restore();
    std::filesystem::resize_file(path_ + "-wal", wal_.size() * part / 20);
    const auto opened = open();
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->objects.size(), static_cast<size_t>(opened->version));
    versions.insert(opened->version);
  }
  EXPECT_EQ(*versions.begin(), 100);
  EXPECT_EQ(*versions.rbegin(), 120);
  EXPECT_GT(versions.size(), 10U);
}

TEST_F(SqliteWalTest, LeavesTheWalOfADamagedFileAlone) {
  restore();
  std::filesystem::resize_file(path_, whole_.size() / 2);
  EXPECT_THAT(refusal(), HasSubstr("is damaged"));
  restore();
  EXPECT_EQ(open()->version, 120);
}

TEST_F(SqliteJournalTest, SaysThatTheFolderIsMissing) {
  const auto opened = loop_.run(SqliteJournal::open(loop_, folder_ / "none" / "objects.db"));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
}

// A writer's objects as they are after so many steps: their steps by name.
std::map<std::string, int64_t> after_steps(int run, int writer, int steps) {
  std::map<std::string, int64_t> objects;
  for (int step = std::max(0, steps - kSlots * 2); step < steps; ++step) {
    const std::string name = written_key(run, writer, step).name;
    if (removes(step)) {
      objects.erase(name);
    } else {
      objects[name] = step;
    }
  }
  return objects;
}

class KilledWriterTest : public SqliteJournalTest {
 protected:
  // Killed so long after its start, or after its first acknowledgement.
  void run_and_kill(int run, milliseconds after, bool of_start) {
    StopSource stop;
    TaskScope scope(loop_);
    scope.spawn(run_until(run, stop.stop()));
    if (!of_start) wait_acknowledged(run);
    (void)loop_.run(sleep_for(loop_, after, {}));
    stop.request_stop();
    loop_.run(scope.close());
  }
  Task<> run_until(int run, Stop stop) {
    const auto end = co_await subprocess_->run(
        {{HOLMES_JOURNAL_WRITER, path_, std::to_string(run), acknowledged(run)}, {}},
        std::move(stop));
    EXPECT_FALSE(end.has_value()) << "it ended by itself: " << end->error_tail;
  }
  void wait_acknowledged(int run) {
    const MonoTime deadline = loop_.mono_now() + seconds(20);
    while (contents(acknowledged(run)).empty() && loop_.mono_now() < deadline) {
      (void)loop_.run(sleep_for(loop_, milliseconds(5), {}));
    }
  }
  std::string acknowledged(int run) { return folder_ / fmt::format("acknowledged-{}", run); }

  // As soon as the killed one has let go.
  Task<Result<SqliteJournal::Opened>> reopen() {
    const MonoTime deadline = loop_.mono_now() + seconds(20);
    while (true) {
      auto opened = co_await SqliteJournal::open(loop_, path_);
      const bool in_use = !opened && opened.error().code == ErrorCode::kUnavailable;
      if (!in_use || loop_.mono_now() > deadline) co_return opened;
      (void)co_await sleep_for(loop_, milliseconds(5), {});
    }
  }

  // Holds what is there against what was acknowledged; returns the last version of that.
  int64_t check(int run, const std::vector<Stored>& objects) {
    std::map<std::string, int64_t> there;
    for (const Stored& stored : objects) {
      if (stored->key.ns != fmt::format("run-{}", run)) continue;
      there[stored->key.name] = *json_int(*parse_json_object(stored->bytes), {"step"});
    }
    std::vector<int> steps(kWriters, 0);
    int64_t last = 0;
    std::ifstream lines(acknowledged(run));
    int64_t version = 0;
    for (int writer = 0, step = 0; lines >> writer >> step >> version;) {
      EXPECT_EQ(step, steps.at(static_cast<size_t>(writer))++);
      last = std::max(last, version);
    }
    for (int writer = 0; writer < kWriters; ++writer) {
      std::map<std::string, int64_t> its;
      for (const auto& [name, step] : there) {
        if (name.starts_with(fmt::format("writer-{}-", writer))) its[name] = step;
      }
      const int done = steps[static_cast<size_t>(writer)];
      // The next step may be durable without the writer having come to say so.
      EXPECT_THAT(
          its, testing::AnyOf(after_steps(run, writer, done), after_steps(run, writer, done + 1)))
          << "run " << run << ", writer " << writer << ", " << done << " steps acknowledged";
    }
    return last;
  }

  std::unique_ptr<Subprocess> subprocess_ = make_subprocess(loop_);
};

TEST_F(KilledWriterTest, KeepsOthersOutWhileItLives) {
  StopSource stop;
  TaskScope scope(loop_);
  scope.spawn(run_until(0, stop.stop()));
  wait_acknowledged(0);
  const auto opened = open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr(path_ + " is in use by another process"));
  stop.request_stop();
  loop_.run(scope.close());
}

TEST_F(KilledWriterTest, LosesNothingThatWasAcknowledged) {
  constexpr int kRuns = 8;
  constexpr int kEarly = 2;  // killed when they may not have written yet
  SystemRandom random;
  int64_t version = 0;
  int64_t acknowledged = 0;
  for (int run = 0; run < kRuns; ++run) {
    run_and_kill(run, milliseconds(random.next() % 300), run < kEarly);
    const auto opened = loop_.run(reopen());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_GE(opened->version, version);
    version = opened->version;
    for (int earlier = 0; earlier <= run; ++earlier) {
      const int64_t last = check(earlier, opened->objects);
      EXPECT_LE(last, version);
      if (earlier == run && last > 0) ++acknowledged;
    }
  }
  EXPECT_GE(acknowledged, kRuns - kEarly);
}

}  // namespace
}  // namespace holmes::kube
