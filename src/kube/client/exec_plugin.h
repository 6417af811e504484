// Credentials from an exec plugin: run when needed, cached until shortly before they expire.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/loop.h"
#include "async/subprocess.h"
#include "async/task_scope.h"
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

// On the loop's thread. What is given by reference outlives it. Calls have ended when it goes, and
// no run is under way: close() sees to that.
//
// A run belongs to the plugin, not to the request that began it: only kExecTimeout and close() end
// it early. It is never run twice at once.
class ExecPlugin {
 public:
  using Credential = std::shared_ptr<const ExecCredential>;

  // `config.exec` is set. `environment` is what the plugin finds besides its own.
  ExecPlugin(Loop& loop, Subprocess& subprocess, Logger logger, const ClusterConfig& config,
             std::map<std::string, std::string> environment);

  // The credential to use now. One that is about to expire is renewed in the background; only who
  // finds none, or one that is over, waits for the run. The stop ends the wait, not the run. Fails
  // with kUnauthenticated, which names the plugin, or by the stop. What the plugin wrote to stderr
  // is for people who may read the log, and in no error.
  Task<Result<Credential>> get(Stop stop);

  // After a 401 for `rejected`: runs the plugin, unless that was done meanwhile, and waits for its
  // end, so that get() may give another credential. The same pointer stands for the same
  // credential.
  Task<> renew(Credential rejected, Stop stop);

  // Ends a run that is under way. To be awaited before this is destroyed, when nobody calls any
  // more.
  Task<> close() { return runs_.close(); }

 private:
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] bool is_over() const;
  void begin_run();
  Task<> run();
  Result<ExecCredential> read(const Result<SubprocessEnd>& end) const;
  void take(ExecCredential credential);

  Loop& loop_;
  Subprocess& subprocess_;
  Logger logger_;
  SubprocessCommand command_;
  std::string source_;
  std::string api_version_;
  std::string install_hint_;
  Credential credential_;  // null at first
  std::optional<WallTime> renew_at_;
  std::optional<MonoTime> last_run_;
  std::optional<Error> failure_;  // of the last run
  TaskScope runs_;                // one at most
};

}  // namespace holmes::kube
