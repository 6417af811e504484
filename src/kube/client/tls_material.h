// The certificates of a client, whose files somebody else may renew.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "async/files.h"
#include "async/loop.h"
#include "base/log.h"
#include "kube/client/cluster_config.h"
#include "net/tls.h"

namespace holmes::kube {

// The files are read again after this time, and after a failure that new ones may mend, but not
// more often than the pause.
inline constexpr std::chrono::seconds kTlsRereadInterval{60};
inline constexpr std::chrono::seconds kTlsRereadPause{1};

// On the loop's thread. What is given by reference outlives it.
class TlsMaterial {
 public:
  TlsMaterial(const Clock& clock, const Files& files, Logger logger, TlsOptions options,
              TlsFiles paths);

  // What to connect with; another pointer means other content. Reads the files when it is time.
  // Files that cannot be read, or do not hold whole certificates and their key, keep the old
  // material with a warning: they are being written, say.
  std::shared_ptr<const TlsOptions> options();
  // Reads them now, unless that was done within the pause.
  void look_again();
  // Whether there are files at all.
  [[nodiscard]] bool may_change() const { return paths_ != TlsFiles(); }

 private:
  void look();
  [[nodiscard]] Result<TlsOptions> read() const;

  const Clock& clock_;
  const Files& files_;
  Logger logger_;
  std::shared_ptr<const TlsOptions> options_;
  const TlsFiles paths_;
  MonoTime last_look_;
  std::string last_warning_;
};

}  // namespace holmes::kube
