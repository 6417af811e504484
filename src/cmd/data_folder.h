// The folder of `holmes local`: one process at a time has it, and its files are the owner's alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holmes {

class DataFolder {
 public:
  // Makes the folder when it is missing. Fails with a sentence that names it and says what to do:
  // kUnavailable when another process has it, which it names; kForbidden, kNotFound, kInternal.
  static Result<DataFolder> open(std::string path);
  // A new one in `parent`, removed with everything in it when this goes.
  static Result<DataFolder> temporary(const std::string& parent);
  // Removes the drafts of this SqliteJournal that processes left which were killed meanwhile.
  void remove_drafts(std::string_view name) const;
  // Removes it now, if it is temporary: for a process that ends without destructors.
  void remove_temporary();

  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const;
  // nullopt when there is none.
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view name) const;
  // Whole or not at all, durable, with mode 0600. Does nothing when it is so already.
  [[nodiscard]] Status write(std::string_view name, std::string_view content) const;

 private:
  DataFolder(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}
  Status lock();

  std::string path_;  // absolute
  bool temporary_ = false;
  int lock_ = -1;
};

}  // namespace holmes
