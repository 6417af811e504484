// Files for tests: a map.
#pragma once

#include <map>
#include <string>

#include "async/files.h"

namespace holmes {

class FakeFiles final : public Files {
 public:
  [[nodiscard]] Result<std::string> read(const std::string& path) const override {
    ++reads;
    const auto found = contents.find(path);
    if (found == contents.end()) return fail(ErrorCode::kNotFound, path + ": no such file");
    return found->second;
  }

  std::map<std::string, std::string> contents;
  mutable int reads = 0;
};

}  // namespace holmes
