// Reading files, as a seam. Small files only (certificates, tokens, configuration).
#pragma once

#include <string>

#include "base/result.h"

namespace holmes {

class Files {
 public:
  virtual ~Files() = default;
  // The whole file. Fails with kNotFound, kForbidden, kTooLarge (1 MiB) or kInternal; the message
  // names the path.
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) const = 0;
};

// The real file system. Stateless; may be used on any thread.
const Files& real_files();

}  // namespace holmes
