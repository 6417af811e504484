// What checks look at: a cluster, or what was saved of one; in `holmes local` its own store, too.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/asio_loop.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "base/log.h"
#include "cmd/common_options.h"
#include "cmd/local_store.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "kube/client/transport.h"
#include "metrics/registry.h"

namespace holmes {

struct CheckedClusterOptions {
  std::string context;     // a real cluster, by its context in the kubeconfig
  std::string kubeconfig;  // "": kubectl's own
  std::string snapshot;    // a file or a folder

  // --cluster, --kubeconfig, --snapshot
  void add_to(OptionTable& table);
};

class CheckedCluster {
 public:
  // For `holmes local`. Fails with one sentence when there is no such context or snapshot, or it
  // cannot be used.
  static Result<std::unique_ptr<CheckedCluster>> open(
      AsioLoop& loop, Random& random, const CheckedClusterOptions& options,
      const ProxyOptions& proxies, const std::map<std::string, std::string>& environment,
      MetricsRegistry& registry, const Logger& log);

  static std::unique_ptr<CheckedCluster> open_config(
      AsioLoop& loop, kube::ClusterConfig config, const ProxyOptions& proxies,
      const std::map<std::string, std::string>& environment, MetricsRegistry& registry,
      const Logger& log);
  // Fails with a sentence that names the option --snapshot.
  static Result<std::unique_ptr<CheckedCluster>> open_snapshot(AsioLoop& loop, Random& random,
                                                               const std::string& path,
                                                               const Logger& log);

  // nullptr: the local store itself.
  [[nodiscard]] kube::Transport* transport() { return transport_.get(); }
  // For people: "context 'dev' of /x/config, which they only read".
  [[nodiscard]] const std::string& about() const { return about_; }
  // Nobody asks any more.
  Task<> close();

 private:
  std::string about_ = "this API itself";
  // Of a real cluster.
  std::unique_ptr<Subprocess> subprocess_;
  std::optional<kube::Credentials> credentials_;
  std::optional<kube::RequestMetrics> request_metrics_;
  // Of a snapshot.
  std::unique_ptr<LocalStore> snapshot_;
  std::unique_ptr<kube::Transport> transport_;
};

}  // namespace holmes
