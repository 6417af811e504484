// Recorded runs as files of a folder: written by --record, read by --replay.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "holmes/checks/recording.h"

namespace holmes {

inline constexpr size_t kMaxRecordingBytes = size_t{16} << 20U;  // of one file that is read
inline constexpr size_t kMaxRecordings = 1000;                   // of one folder that is read

class RecordingFolder {
 public:
  // Makes the folder (0700) when it is missing. Fails with kInvalid and a sentence that names it.
  static Result<RecordingFolder> open(std::string path);

  // One file, 0600, "<time>-<check>-<n>.json", which appears whole or not at all. What cannot be
  // written is logged; the check goes on.
  void write(const Recording& recording, const Logger& log);

 private:
  explicit RecordingFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
  size_t written_ = 0;
};

// The recording in a file, or all those of a folder, by name. Fails with kInvalid and a sentence
// that begins with `option` and names the folder or the file: it has none, too many, or one that
// cannot be read.
Result<std::vector<Recording>> read_recordings(const std::string& path,
                                               std::string_view option = "--replay");

}  // namespace holmes
