#include "cmd/snapshot_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "snapshot/snapshot_text.h"

namespace holmes {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_large_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  std::string content;
  char buffer[65536];
  while (file != nullptr && content.size() <= kMaxSnapshotFileBytes) {
    const size_t got = std::fread(buffer, 1, sizeof buffer, file.get());
    content.append(buffer, got);
    if (got < sizeof buffer) break;
  }
  if (file != nullptr && std::ferror(file.get()) == 0) return content;
  return fail(ErrorCode::kNotFound, fmt::format("--snapshot: {}: {}", path, std::strerror(errno)));
}

bool is_saved_file(const fs::path& path) {
  const std::string extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<std::string>> find_files(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  fs::recursive_directory_iterator walk(path, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->is_regular_file(error) && is_saved_file(walk->path())) files.push_back(walk->path());
    if (files.size() <= kMaxSnapshotFiles) continue;
    return fail(ErrorCode::kTooLarge,
                fmt::format("--snapshot: {} has more than {} files", path, kMaxSnapshotFiles));
  }
  if (error) {
    return fail(ErrorCode::kNotFound, fmt::format("--snapshot: {}: {}", path, error.message()));
  }
  if (files.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("--snapshot: {} has no .yaml, .yml or .json file", path));
  }
  std::ranges::sort(files);
  return files;
}

// A name of Kubernetes never leads out of its folder.
bool is_plain(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos && name != "." && name != "..";
}

// What stands between "==== START logs for container a ..." and the END of it.
std::optional<std::string> section(const std::string& text, const std::string& container) {
  const std::string begin = fmt::format("==== START logs for container {} of pod ", container);
  const std::string end = fmt::format("==== END logs for container {} of pod ", container);
  const size_t head = text.find(begin);
  if (head == std::string::npos) return std::nullopt;
  const size_t body = text.find('\n', head);
  if (body == std::string::npos) return "";
  const size_t tail = text.find(end, body);
  return text.substr(body + 1, tail == std::string::npos ? tail : tail - body - 1);
}

}  // namespace

Result<SnapshotFiles> read_snapshot_files(const std::string& path, const Logger& log) {
  HOLMES_TRY(const std::vector<std::string> files, find_files(path));
  SnapshotFiles snapshot;
  size_t bytes = 0;
  for (const std::string& file : files) {
    HOLMES_TRY(const std::string text, read_large_file(file));
    bytes += text.size();
    if (bytes > kMaxSnapshotBytes) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("--snapshot: {} has more than {} MiB of YAML and JSON; leave out "
                              "what checks do not ask about",
                              path, kMaxSnapshotBytes >> 20U));
    }
    Result<SavedObjects> saved = read_saved_objects(file, text);
    if (!saved) {
      // "pods.yaml:12:3: ..." as compilers say it.
      return fail(saved.error().code,
                  fmt::format("--snapshot: {}:{}", file, saved.error().message));
    }
    if (saved->others > 0) {
      log.warning("documents of the snapshot that are no Kubernetes objects were passed over",
                  {{"file", file}, {"count", saved->others}});
    }
    std::ranges::move(saved->objects, std::back_inserter(snapshot.objects));
    ++snapshot.files;
  }
  return snapshot;
}

std::optional<std::string> read_snapshot_log(const std::string& folder,
                                             const kube::PodLogQuery& query) {
  if (query.previous || !is_plain(query.pod.ns) || !is_plain(query.pod.name)) return std::nullopt;
  const Result<std::string> text =
      read_large_file(fmt::format("{}/{}/{}/logs.txt", folder, query.pod.ns, query.pod.name));
  return text ? section(*text, query.container) : std::nullopt;
}

}  // namespace holmes
