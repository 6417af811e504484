#include "async/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace holmes {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

Error open_error(const std::string& path) {
  const ErrorCode code = errno == ENOENT   ? ErrorCode::kNotFound
                         : errno == EACCES ? ErrorCode::kForbidden
                                           : ErrorCode::kInternal;
  return {code, "read " + path + ": " + std::strerror(errno)};
}

class RealFiles final : public Files {
 public:
  [[nodiscard]] Result<std::string> read(const std::string& path) const override {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               &std::fclose);
    if (file == nullptr) return fail(open_error(path));
    std::string content;
    char buffer[4096];
    while (const size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) {
      content.append(buffer, got);
      if (content.size() > kMaxFileBytes) {
        return fail(ErrorCode::kTooLarge, "read " + path + ": larger than 1 MiB");
      }
    }
    if (std::ferror(file.get()) != 0) return fail(open_error(path));
    return content;
  }
};

}  // namespace

const Files& real_files() {
  static const RealFiles files;
  return files;
}

}  // namespace holmes
