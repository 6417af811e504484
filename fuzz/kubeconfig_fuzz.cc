// kubeconfig files: any text gives a cluster or one sentence that names the file.
#include <map>

#include "fuzz/input.h"
#include "kube/client/certificates_testing.h"
#include "kube/client/kubeconfig.h"

namespace {

// Two files and what they may name.
class FuzzFiles final : public holmes::Files {
 public:
  explicit FuzzFiles(std::string_view input) {
    const size_t cut = std::min(input.find('\0'), input.size());
    contents_["/k/one"] = input.substr(0, cut);
    contents_["/k/two"] = input.substr(std::min(cut + 1, input.size()));
    contents_["/k/pem"] = holmes::kube::kCertificate + holmes::kube::kKey;
    contents_["/k/token"] = "secret\n";
  }
  [[nodiscard]] holmes::Result<std::string> read(const std::string& path) const override {
    const auto found = contents_.find(path);
    if (found != contents_.end()) return found->second;
    return holmes::fail(holmes::ErrorCode::kNotFound, path + ": no such file");
  }

 private:
  std::map<std::string, std::string> contents_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const FuzzFiles files(fuzz::text(data, size));
  for (const char* paths : {"/k/one", "/k/one:/k/two"}) {
    const auto config = kube::load_kubeconfig(files, paths);
    if (config) {
      HOLMES_ASSERT(!config->server.host.empty());
      HOLMES_ASSERT(config->source.find("/k/") != std::string::npos);
    } else {
      HOLMES_ASSERT(config.error().message.find("/k/") != std::string::npos);
    }
  }
  return 0;
}
