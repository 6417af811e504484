// Who we are to a cluster, at each moment: the one place where tokens, passwords, certificates and
// exec plugins meet.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/files.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/subprocess.h"
#include "async/task.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client/cluster_config.h"
#include "kube/client/exec_plugin.h"
#include "kube/client/tls_material.h"
#include "kube/client/token_source.h"

namespace holmes::kube {

// What one request is sent with.
struct Identity {
  std::string authorization{};              // the header's value, "" for none
  std::shared_ptr<const TlsOptions> tls{};  // another pointer means other content
  // What the two above were made of.
  std::shared_ptr<const TlsOptions> from_files{};
  ExecPlugin::Credential from_plugin{};
};

// One for all transports to a cluster, so that a plugin runs once for all. On the loop's thread.
// What is given by reference outlives it; calls have ended when it goes, and close() was awaited if
// there is an exec plugin.
class Credentials {
 public:
  // `environment` is what an exec plugin runs with, besides its own.
  Credentials(Loop& loop, const Files& files, Subprocess& subprocess, const Logger& logger,
              const ClusterConfig& config, std::map<std::string, std::string> environment);

  // The identity of now. Reads files when it is time, and waits for an exec plugin when its
  // credential is missing or over. Fails with kUnauthenticated, or by the stop.
  Task<Result<Identity>> get(Stop stop);
  // After a 401 for `rejected`: reads and runs everything again. True when get() gives another
  // identity now.
  Task<bool> renew(Identity rejected, Stop stop);
  // Reads the certificates again, as after a connection that failed. True when they are others
  // than those of the identity.
  bool look_again(const Identity& used);
  // Whether certificates come from files, so that they may change without a request. Those of a
  // plugin change by a request only.
  [[nodiscard]] bool watches_files() const { return tls_.may_change(); }

  // Ends an exec plugin that runs. Last of all, when nobody calls any more.
  Task<> close();

 private:
  [[nodiscard]] std::shared_ptr<const TlsOptions> combine(const Identity& identity);

  TlsMaterial tls_;
  TokenSource token_;
  std::string basic_;  // the header's value
  std::optional<ExecPlugin> plugin_;
  Identity combined_;  // the last with a certificate of the plugin
};

}  // namespace holmes::kube
