// A store's objects in one SQLite file: the state as of the last durable version, without history.
//
// Each append is one transaction, synced to the disk (WAL, synchronous=FULL): what was acknowledged
// survives a kill and a loss of power. The file belongs to one process at a time, and to its owner
// alone (0600).
// Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/task.h"
#include "async/worker_thread.h"
#include "kube/store/journal.h"

namespace holmes::kube {

// The file's PRAGMA user_version.
inline constexpr int kSqliteJournalFormat = 1;
// Pages that gather in the WAL before they are written back to the file, and how large they are.
inline constexpr int kMaxWalPages = 2048;
inline constexpr int kPageBytes = 16384;

// A new file is made under a name that goes on so after its own, before it gets that.
inline constexpr std::string_view kJournalDraft = ".new-";

class SqliteJournal final : public Journal {
 public:
  struct Opened;  // below

  // Opens the file, or makes it. The loop is a real one, which outlives the journal; it goes on
  // meanwhile. Fails, and then changes nothing, with a sentence that names the file and says what
  // to do: with kUnavailable when another process has it open, kInvalid when it is damaged, of a
  // newer format or not ours, kForbidden, kNotFound (of the folder) or kInternal.
  static Task<Result<Opened>> open(Loop& loop, std::string path);
  // Writes the WAL back to the file: blocks for a moment. No append is under way.
  ~SqliteJournal() override;

  // Fails with kInternal, such as for a full disk.
  Task<Status> append(std::vector<JournalEntry> entries) override;

 private:
  class Database;
  SqliteJournal(Loop& loop, std::string path);
  Result<Opened> read();

  const std::string path_;
  std::unique_ptr<Database> database_;  // of the worker's thread, while a call is under way
  WorkerThread worker_;
};

// What ObjectStore::load() takes. The version is that of the last append, also when it removed
// something.
struct SqliteJournal::Opened {
  std::unique_ptr<SqliteJournal> journal;
  std::vector<Stored> objects;
  int64_t version = 0;
};

}  // namespace holmes::kube
