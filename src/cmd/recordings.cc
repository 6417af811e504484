#include "cmd/recordings.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strings.h"

namespace holmes {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNameBytes = 100;  // of a check, in a file's name
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::unexpected<Error> wrong(std::string_view option, const std::string& path,
                             std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: {}: {}", option, path, what));
}

// Names of checks are written by whoever writes checks.
std::string safe_name(std::string_view name) {
  std::string safe(name.substr(0, kMaxNameBytes));
  for (char& c : safe) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '-') c = '_';
  }
  return safe.empty() ? "check" : safe;
}

bool write_new(const std::string& path, std::string_view content) {
  constexpr mode_t kOwner = 0600;
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kOwner);
  if (descriptor < 0) return false;
  const File file(::fdopen(descriptor, "w"), &std::fclose);
  return file != nullptr &&
         std::fwrite(content.data(), 1, content.size(), file.get()) == content.size() &&
         std::fflush(file.get()) == 0;
}

Result<std::string> read_file(const std::string& path, std::string_view option) {
  const File file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (file == nullptr) return wrong(option, path, std::strerror(errno));
  std::string content;
  char buffer[65536];
  while (content.size() <= kMaxRecordingBytes) {
    const size_t got = std::fread(buffer, 1, sizeof buffer, file.get());
    content.append(buffer, got);
    if (got < sizeof buffer) return content;
  }
  return wrong(option, path, "the file is too large for a recording");
}

Result<std::vector<std::string>> recording_files(const std::string& path, std::string_view option) {
  std::vector<std::string> files;
  std::error_code error;
  if (fs::is_regular_file(path, error)) return std::vector{path};
  error.clear();
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == ".json") files.push_back(entry->path());
    if (files.size() > kMaxRecordings) {
      return wrong(option, path, fmt::format("it has more than {} files", kMaxRecordings));
    }
  }
  if (error) return wrong(option, path, error.message());
  if (files.empty()) return wrong(option, path, "it has no recording (*.json)");
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<RecordingFolder> RecordingFolder::open(std::string path) {
  constexpr mode_t kOwner = 0700;
  if (::mkdir(path.c_str(), kOwner) != 0 && errno != EEXIST) {
    return wrong("--record", path, std::strerror(errno));
  }
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    return wrong("--record", path, std::strerror(errno));
  }
  return RecordingFolder(std::move(path));
}

void RecordingFolder::write(const Recording& recording, const Logger& log) {
  std::string time = format_rfc3339_micros(recording.started);
  std::erase_if(time, [](char c) { return c == ':' || c == '-'; });
  const std::string path =
      fmt::format("{}/{}-{}-{}.json", path_, time, safe_name(recording.name), ++written_);
  const std::string draft = path + ".draft";
  if (write_new(draft, to_text(to_json(recording))) &&
      std::rename(draft.c_str(), path.c_str()) == 0) {
    return;
  }
  log.warning("a run could not be recorded", {{"file", path}, {"error", std::strerror(errno)}});
}

Result<std::vector<Recording>> read_recordings(const std::string& path, std::string_view option) {
  HOLMES_TRY(const std::vector<std::string> files, recording_files(path, option));
  std::vector<Recording> recordings;
  for (const std::string& file : files) {
    HOLMES_TRY(const std::string text, read_file(file, option));
    Result<Recording> recording = parse_recording(text);
    if (!recording) return wrong(option, file, recording.error().message);
    recordings.push_back(std::move(*recording));
  }
  return recordings;
}

}  // namespace holmes
