// Credentials from an exec plugin: run when needed, cached until shortly before they expire.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/loop.h"
#include "async/subprocess.h"
#include "async/wait.h"
#include "base/log.h"
#include "kube/client/cluster_config.h"
#include "kube/client/exec_credential.h"

namespace holmes::kube {

// A credential is renewed this long before it expires, or in the last half of its life when that
// is shorter.
inline constexpr std::chrono::seconds kExecLeeway{60};
inline constexpr std::chrono::seconds kExecTimeout{60};
// Between the end of a run and the next begin: neither a plugin that fails, nor one whose
// credentials are refused or over at once, is run again and again.
inline constexpr std::chrono::seconds kExecPause{1};

// On the loop's thread. What is given by reference outlives it; calls have ended when it goes.
class ExecPlugin {
 public:
  using Credential = std::shared_ptr<const ExecCredential>;

  // `config.exec` is set. `environment` is what the plugin finds besides its own.
  ExecPlugin(Loop& loop, Subprocess& subprocess, Logger logger, const ClusterConfig& config,
             std::map<std::string, std::string> environment);

  // The credential to use now. The plugin is never run twice at once: whoever comes while it runs
  // waits for the same answer. A caller that stops while its run is under way ends the run, and the
  // next one begins anew. Fails with kUnauthenticated, which names the plugin and quotes the end of
  // its stderr, or by the stop. One that is not over yet is kept when the plugin fails.
  Task<Result<Credential>> get(Stop stop);

  // After a 401 for `rejected`: runs the plugin, unless that was done meanwhile, so that get() may
  // give another credential. The same pointer stands for the same credential.
  Task<> renew(Credential rejected, Stop stop);

 private:
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool may_run() const;
  Task<Status> run(Stop stop);
  Task<Result<ExecCredential>> ask(Stop stop);
  Result<ExecCredential> read(const Result<SubprocessEnd>& end) const;
  void take(ExecCredential credential);

  Loop& loop_;
  Subprocess& subprocess_;
  Logger logger_;
  SubprocessCommand command_;
  std::string source_;
  std::string api_version_;
  std::string install_hint_;
  Semaphore running_;
  Credential credential_;  // null at first
  std::optional<WallTime> renew_at_;
  std::optional<MonoTime> last_run_;
  std::optional<Error> failure_;  // of the last run
};

}  // namespace holmes::kube
