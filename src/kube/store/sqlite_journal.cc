#include "kube/store/sqlite_journal.h"

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"

namespace holmes::kube {
namespace {

constexpr int kApplicationId = 0x486f6c6d;  // "Holm"

constexpr int kHeaderBytes = 100;  // of every SQLite file

constexpr const char* kSchema = R"sql(
  CREATE TABLE objects (
    resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, uid TEXT NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (resource, ns, name));
  CREATE TABLE last (version INTEGER NOT NULL);
  INSERT INTO last VALUES (0);
)sql";

// SQLite sees damage of its own structure, not of what is kept in it. Each step is a bijection of
// the hash and of the word, so no change of one word goes unseen.
class Checksum {
 public:
  Checksum& add(std::string_view text) {
    mix(text.size());
    for (; text.size() >= sizeof(uint64_t); text.remove_prefix(sizeof(uint64_t))) {
      mix(word(text.substr(0, sizeof(uint64_t))));
    }
    mix(word(text));
    return *this;
  }
  [[nodiscard]] int64_t value() const { return static_cast<int64_t>(hash_); }

 private:
  static uint64_t word(std::string_view text) {
    uint64_t number = 0;
    std::memcpy(&number, text.data(), text.size());
    return number;
  }
  void mix(uint64_t number) { hash_ = std::rotl((hash_ ^ number) * 0x9e3779b97f4a7c15, 29); }
  uint64_t hash_ = 0;
};

int64_t checksum_of(const StoredObject& object) {
  return Checksum()
      .add(object.resource.text())
      .add(object.key.ns)
      .add(object.key.name)
      .add(object.uid)
      .add(std::to_string(object.version))
      .add(object.bytes)
      .value();
}

Error damaged(const std::string& path, std::string_view what) {
  return {
      ErrorCode::kInvalid,
      fmt::format("{0} is damaged ({1}); nothing was changed: put a copy of it back, or move {0} "
                  "and {0}-wal away to begin anew; `sqlite3 {0} .dump` shows what can be read",
                  path, what)};
}

Error system_error(const std::string& path, std::string_view what) {
  const ErrorCode code = errno == ENOENT                     ? ErrorCode::kNotFound
                         : errno == EACCES || errno == EROFS ? ErrorCode::kForbidden
                                                             : ErrorCode::kInternal;
  return {code, fmt::format("{} {}: {}", what, path, std::strerror(errno))};
}

}  // namespace

class SqliteJournal::Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Makes a new file.
  static Status make(const std::string& path);
  // Fails when it is not one of ours, or not whole.
  Status check();
  // Begins to write.
  Status prepare();
  Result<int64_t> last_version();
  Result<std::vector<Stored>> objects();
  Status write(const std::vector<JournalEntry>& entries);

 private:
  // One SQL statement; reset after each use.
  class Statement {
   public:
    Statement(Database& database, std::string_view sql);
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // The text stays where it is until reset().
    void bind(int index, std::string_view text);
    void bind_blob(int index, std::string_view bytes);
    void bind(int index, int64_t number);
    Result<bool> step();  // whether there is a row
    Status run();         // to its end, and reset
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] int64_t number(int column) const {
      return sqlite3_column_int64(statement_, column);
    }

   private:
    Database& database_;
    sqlite3_stmt* statement_ = nullptr;
  };

  explicit Database(std::string path) : path_(std::move(path)) {}
  static Status fill(const std::string& path);
  Status execute(const char* sql);
  Result<std::string> ask(std::string_view sql);  // one value
  Status write_all(const std::vector<JournalEntry>& entries);
  Error error();

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unique_ptr<Statement> put_;
  std::unique_ptr<Statement> remove_;
  std::unique_ptr<Statement> count_;
};

SqliteJournal::Database::Statement::Statement(Database& database, std::string_view sql)
    : database_(database) {
  // What is wrong with it is told by step().
  sqlite3_prepare_v3(database.handle_, sql.data(), static_cast<int>(sql.size()),
                     SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
}

void SqliteJournal::Database::Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void SqliteJournal::Database::Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

void SqliteJournal::Database::Statement::bind(int index, int64_t number) {
  sqlite3_bind_int64(statement_, index, number);
}

Result<bool> SqliteJournal::Database::Statement::step() {
  if (statement_ == nullptr) return fail(database_.error());
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(database_.error());
}

Status SqliteJournal::Database::Statement::run() {
  const Result<bool> stepped = step();
  sqlite3_reset(statement_);
  if (!stepped) return fail(stepped.error());
  return {};
}

std::string SqliteJournal::Database::Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

Error SqliteJournal::Database::error() {
  const int code = sqlite3_extended_errcode(handle_);
  const char* text = sqlite3_errmsg(handle_);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable,
              fmt::format("{} is in use by another process; stop that one, or use another folder",
                          path_)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(path_, text);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return {ErrorCode::kForbidden, fmt::format("open {}: {}", path_, text)};
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return {
          ErrorCode::kInternal,
          fmt::format("{}: {} ({}); what was acknowledged is kept: see whether the disk is full, "
                      "and start again",
                      path_, text, code)};
    default:
      return {ErrorCode::kInternal, fmt::format("{}: {} ({})", path_, text, code)};
  }
}

Result<std::unique_ptr<SqliteJournal::Database>> SqliteJournal::Database::open(
    const std::string& path) {
  std::unique_ptr<Database> database(new Database(path));
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &database->handle_, flags, nullptr) != SQLITE_OK) {
    return fail(database->error());
  }
  // A file that is refused stays as it is, its WAL too.
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // The first read takes the lock, which is held until the end.
  HOLMES_CHECK(
      database->execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA "
                        "cell_size_check = ON;"));
  return database;
}

SqliteJournal::Database::~Database() {
  put_.reset();
  remove_.reset();
  count_.reset();
  const int closed = sqlite3_close(handle_);
  HOLMES_ASSERT(closed == SQLITE_OK);
}

Status SqliteJournal::Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(error());
  return {};
}

Result<std::string> SqliteJournal::Database::ask(std::string_view sql) {
  Statement statement(*this, sql);
  HOLMES_TRY(const bool row, statement.step());
  if (!row) return fail(damaged(path_, "a table is empty"));
  return statement.text(0);
}

Status SqliteJournal::Database::fill(const std::string& path) {
  HOLMES_TRY(const auto database, open(path));
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  // Nobody else sees it yet: it is synced once, when it is whole.
  const std::string pragmas = fmt::format(
      "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA page_size = {}; "
      "PRAGMA application_id = {}; PRAGMA user_version = {};",
      kPageBytes, kApplicationId, kSqliteJournalFormat);
  HOLMES_CHECK(database->execute(pragmas.c_str()));
  HOLMES_CHECK(database->execute(kSchema));
  return database->execute("PRAGMA journal_mode = WAL");
}

Status SqliteJournal::Database::check() {
  HOLMES_TRY(const std::string application, ask("PRAGMA application_id"));
  if (application != std::to_string(kApplicationId)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{} is not a file of Holmes; nothing was changed: use another folder", path_));
  }
  HOLMES_TRY(const std::string format, ask("PRAGMA user_version"));
  if (format != std::to_string(kSqliteJournalFormat)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} has format {}, this Holmes knows {}; nothing was changed: use the "
                            "newer Holmes that wrote it, or another folder",
                            path_, format, kSqliteJournalFormat));
  }
  HOLMES_TRY(const std::string sound, ask("PRAGMA quick_check(1)"));
  if (sound != "ok") return fail(damaged(path_, sound));
  return {};
}

Status SqliteJournal::Database::prepare() {
  for (const std::string& file : {path_, path_ + "-wal"}) {
    if (::chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0 && errno != ENOENT) {
      return fail(system_error(file, "make private"));
    }
  }
  HOLMES_CHECK(execute(fmt::format("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                                   "PRAGMA wal_autocheckpoint = {};",
                                   kMaxWalPages)
                           .c_str()));
  put_ = std::make_unique<Statement>(
      *this,
      "INSERT INTO objects (resource, ns, name, version, uid, checksum, bytes) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, "
      "uid = excluded.uid, checksum = excluded.checksum, bytes = excluded.bytes");
  remove_ = std::make_unique<Statement>(
      *this, "DELETE FROM objects WHERE resource = ? AND ns = ? AND name = ?");
  count_ = std::make_unique<Statement>(*this, "UPDATE last SET version = ?");
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return {};
}

Result<int64_t> SqliteJournal::Database::last_version() {
  Statement statement(*this, "SELECT version FROM last");
  HOLMES_TRY(const bool row, statement.step());
  if (!row) return fail(damaged(path_, "the last version is missing"));
  return statement.number(0);
}

Result<std::vector<Stored>> SqliteJournal::Database::objects() {
  HOLMES_TRY(const int64_t last, last_version());
  Statement statement(*this,
                      "SELECT resource, ns, name, version, uid, checksum, bytes FROM objects");
  std::map<std::string, ResourceName> resources;
  std::vector<Stored> objects;
  while (true) {
    HOLMES_TRY(const bool row, statement.step());
    if (!row) return objects;
    const std::string resource = statement.text(0);
    const ObjectKey key{statement.text(1), statement.text(2)};
    const auto name = resources.try_emplace(resource, resource).first;
    auto object = decode_stored(name->second, statement.number(3), statement.text(6));
    const auto wrong = [&](std::string_view what) {
      return fail(damaged(path_, fmt::format("{} {}: {}", resource, key.to_text(), what)));
    };
    if (!object) return wrong(object.error().message);
    if (object->key != key || object->version > last || object->uid != statement.text(4) ||
        checksum_of(*object) != statement.number(5)) {
      return wrong("its checksum is wrong");
    }
    objects.push_back(std::make_shared<const StoredObject>(std::move(*object)));
  }
}

Status SqliteJournal::Database::write(const std::vector<JournalEntry>& entries) {
  HOLMES_CHECK(execute("BEGIN IMMEDIATE"));
  Status written = write_all(entries);
  if (written) written = execute("COMMIT");
  if (!written) (void)execute("ROLLBACK");
  return written;
}

Status SqliteJournal::Database::write_all(const std::vector<JournalEntry>& entries) {
  for (const JournalEntry& entry : entries) {
    const StoredObject& object = *entry.object;
    Statement& statement = entry.removed ? *remove_ : *put_;
    statement.bind(1, object.resource.text());
    statement.bind(2, object.key.ns);
    statement.bind(3, object.key.name);
    if (!entry.removed) {
      statement.bind(4, object.version);
      statement.bind(5, object.uid);
      statement.bind(6, checksum_of(object));
      statement.bind_blob(7, object.bytes);
    }
    HOLMES_CHECK(statement.run());
  }
  count_->bind(1, entries.back().version);
  return count_->run();
}

namespace {

// Of a file, or of a folder's entries.
Status sync(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_error(path, "sync"));
  const int synced = ::fsync(descriptor);
  ::close(descriptor);
  if (synced != 0) return fail(system_error(path, "sync"));
  return {};
}

// Whether the file is there, and can be what we read.
Result<bool> exists(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return false;
    return fail(system_error(path, "open"));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalid, path + " is not a file; use another folder");
  }
  if (status.st_size < kHeaderBytes) {
    return fail(damaged(path, fmt::format("it has {} bytes only", status.st_size)));
  }
  return true;
}

}  // namespace

// Makes the file whole under another name first: what stands at the path was never half made.
Status SqliteJournal::Database::make(const std::string& path) {
  std::string draft = fmt::format("{}{}XXXXXX", path, kJournalDraft);
  const int descriptor = ::mkstemp(draft.data());  // 0600
  if (descriptor < 0) return fail(system_error(path, "make"));
  // Before SQLite has it open: closing a file drops the process's locks on it.
  ::close(descriptor);
  Status made = fill(draft);
  if (made) made = sync(draft);
  // Another process may have been faster; then its file counts.
  if (made && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    made = fail(system_error(path, "make"));
  }
  ::unlink(draft.c_str());
  const std::string folder = std::filesystem::path(path).parent_path();
  if (made) made = sync(folder.empty() ? "." : folder);
  return made;
}

SqliteJournal::SqliteJournal(Loop& loop, std::string path)
    : path_(std::move(path)), worker_(loop) {}
SqliteJournal::~SqliteJournal() = default;

Task<Result<SqliteJournal::Opened>> SqliteJournal::open(Loop& loop, std::string path) {
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(loop, std::move(path)));
  Result<Opened> opened = co_await journal->worker_.run<Result<Opened>>(
      [&reading = *journal] { return reading.read(); });
  if (opened) opened->journal = std::move(journal);
  co_return opened;
}

Result<SqliteJournal::Opened> SqliteJournal::read() {
  HOLMES_TRY(const bool there, exists(path_));
  if (!there) HOLMES_CHECK(Database::make(path_));
  HOLMES_TRY(database_, Database::open(path_));
  HOLMES_CHECK(database_->check());
  Opened opened;
  HOLMES_TRY(opened.version, database_->last_version());
  HOLMES_TRY(opened.objects, database_->objects());
  HOLMES_CHECK(database_->prepare());
  return opened;
}

Task<Status> SqliteJournal::append(std::vector<JournalEntry> entries) {
  HOLMES_ASSERT(!entries.empty());
  return worker_.run<Status>(
      [this, entries = std::move(entries)] { return database_->write(entries); });
}

}  // namespace holmes::kube
