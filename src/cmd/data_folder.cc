#include "cmd/data_folder.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/files.h"
#include "base/strings.h"
#include "kube/store/sqlite_journal.h"

namespace holmes {
namespace {

constexpr std::string_view kLockFile = "lock";
constexpr mode_t kOwnerOnly = 0700;
constexpr mode_t kOwnerFile = 0600;

Error system_error(std::string_view what, const std::string& path, std::string_view remedy = "") {
  const ErrorCode code = errno == ENOENT                     ? ErrorCode::kNotFound
                         : errno == EACCES || errno == EROFS ? ErrorCode::kForbidden
                                                             : ErrorCode::kInternal;
  return {code, fmt::format("{} {}: {}{}", what, path, std::strerror(errno), remedy)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// What the process that has the lock wrote into it.
std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  return std::string(trim(std::string_view(text.data(), got > 0 ? static_cast<size_t>(got) : 0)));
}

Status write_draft(const std::string& draft, std::string_view content) {
  const Descriptor file(
      ::open(draft.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, kOwnerFile));
  if (file.get() < 0) return fail(system_error("write", draft));
  const bool written = ::fchmod(file.get(), kOwnerFile) == 0 && write_all(file.get(), content) &&
                       ::fsync(file.get()) == 0;
  return written ? Status() : fail(system_error("write", draft));
}

}  // namespace

Result<DataFolder> DataFolder::open(std::string path) {
  constexpr std::string_view kRemedy = "; name a folder that you may write to with --data";
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  std::filesystem::create_directories(whole.parent_path(), error);
  if (::mkdir(whole.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
    return fail(system_error("make", path, kRemedy));
  }
  if (!std::filesystem::is_directory(whole, error)) {
    return fail(ErrorCode::kInvalid, path + " is not a folder; name one with --data");
  }
  DataFolder folder(whole.string(), false);
  HOLMES_CHECK(folder.lock());
  return folder;
}

Result<DataFolder> DataFolder::temporary(const std::string& parent) {
  std::string path = parent + "/holmes-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {  // 0700
    return fail(system_error("make", path, "; name another place with TMPDIR"));
  }
  return DataFolder(std::move(path), true);
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      temporary_(std::exchange(other.temporary_, false)),
      lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  remove_temporary();
  if (lock_ >= 0) ::close(lock_);
}

void DataFolder::remove_drafts(std::string_view name) const {
  const std::string draft = fmt::format("{}{}", name, kube::kJournalDraft);
  std::error_code ignored;
  std::filesystem::directory_iterator walk(path_, ignored);
  for (; walk != std::filesystem::directory_iterator(); walk.increment(ignored)) {
    const std::string file = walk->path().filename();
    if (file.starts_with(draft)) std::filesystem::remove(walk->path(), ignored);
  }
}

void DataFolder::remove_temporary() {
  std::error_code ignored;
  if (std::exchange(temporary_, false)) std::filesystem::remove_all(path_, ignored);
}

Status DataFolder::lock() {
  const std::string path = file(kLockFile);
  Descriptor file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, kOwnerFile));
  if (file.get() < 0) {
    return fail(system_error("write", path, "; name a folder that you may write to with --data"));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(system_error("lock", path));
    const std::string process = holder(file.get());
    return fail(ErrorCode::kUnavailable,
                fmt::format("{0} is in use by process {1}: use that one (export "
                            "KUBECONFIG={0}/kubeconfig), end it (kill {1}), or name another "
                            "folder with --data",
                            path_, process.empty() ? "?" : process));
  }
  const std::string process = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 || !write_all(file.get(), process)) {
    return fail(system_error("write", path));
  }
  lock_ = file.release();
  return {};
}

std::string DataFolder::file(std::string_view name) const {
  return fmt::format("{}/{}", path_, name);
}

Result<std::optional<std::string>> DataFolder::read(std::string_view name) const {
  Result<std::string> content = real_files().read(file(name));
  if (content) return std::optional(*std::move(content));
  if (content.error().code == ErrorCode::kNotFound) return std::nullopt;
  return fail(content.error());
}

Status DataFolder::write(std::string_view name, std::string_view content) const {
  HOLMES_TRY(const std::optional<std::string> now, read(name));
  if (now == content) return {};
  const std::string path = file(name);
  const std::string draft = path + ".new";
  HOLMES_CHECK(write_draft(draft, content));
  if (::rename(draft.c_str(), path.c_str()) != 0) return fail(system_error("rename", draft));
  const Descriptor folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return fail(system_error("sync", path_));
  return {};
}

}  // namespace holmes
