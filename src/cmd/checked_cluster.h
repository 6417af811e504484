// What the checks of `holmes local` look at: its own store, or another cluster beside it.
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
  // Fails with one sentence when there is no such context or snapshot, or it cannot be used.
  static Result<std::unique_ptr<CheckedCluster>> open(
      AsioLoop& loop, Random& random, const CheckedClusterOptions& options,
      const ProxyOptions& proxies, const std::map<std::string, std::string>& environment,
      MetricsRegistry& registry, const Logger& log);

  // nullptr: the local store itself.
  [[nodiscard]] kube::Transport* transport() { return transport_.get(); }
  // For people: "context 'dev' of /x/config, which they only read".
  [[nodiscard]] const std::string& about() const { return about_; }
  // Nobody asks any more.
  Task<> close();

 private:
  Status open_context(AsioLoop& loop, const CheckedClusterOptions& options,
                      const ProxyOptions& proxies,
                      const std::map<std::string, std::string>& environment,
                      MetricsRegistry& registry, const Logger& log);
  Status open_snapshot(AsioLoop& loop, Random& random, const std::string& path, const Logger& log);

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
