// The files of a snapshot: what --snapshot names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/store/api_server.h"

namespace holmes {

inline constexpr size_t kMaxSnapshotFiles = 10'000;
inline constexpr size_t kMaxSnapshotBytes = size_t{256} << 20U;

struct SnapshotFiles {
  std::vector<json::object> objects;
  size_t files = 0;
};

// The objects of a file, or of the .yaml, .yml and .json files of a folder and its folders, in the
// order of their paths. Warns of documents that are no objects. Fails with a sentence that names
// the file: it cannot be read, is not whole (see read_saved_objects), or there is too much.
Result<SnapshotFiles> read_snapshot_files(const std::string& path, const Logger& log);

// The log of a pod in a folder as `kubectl cluster-info dump --output-directory` writes it:
// <namespace>/<pod>/logs.txt, its containers one after the other. nullopt when there is none.
std::optional<std::string> read_snapshot_log(const std::string& folder,
                                             const kube::PodLogQuery& query);

}  // namespace holmes
