#include "cmd/checked_cluster.h"

#include <fmt/format.h>

#include "async/files.h"
#include "cmd/check_service.h"
#include "cmd/snapshot_files.h"
#include "kube/client/kubeconfig.h"
#include "kube/store/store_transport.h"
#include "snapshot/snapshot_state.h"

namespace holmes {
namespace {

// Where kubectl looks when KUBECONFIG is not set.
Result<std::string> find_kubeconfig(const CheckedClusterOptions& options,
                                    const std::map<std::string, std::string>& environment) {
  if (!options.kubeconfig.empty()) return options.kubeconfig;
  const auto home = environment.find("HOME");
  if (home != environment.end()) return home->second + "/.kube/config";
  return fail(ErrorCode::kInvalid, fmt::format("--cluster {}: there is no kubeconfig: set "
                                               "KUBECONFIG",
                                               options.context));
}

}  // namespace

void CheckedClusterOptions::add_to(OptionTable& table) {
  table.text("cluster", "", context,
             "Let checks look at the cluster of this context, and only read it, while HealthChecks "
             "and schedules live here",
             "CONTEXT");
  table.text("kubeconfig", "KUBECONFIG", kubeconfig,
             "Where the context of --cluster stands; not used without it", "PATH");
  table.text("snapshot", "", snapshot,
             "Let checks look at objects that were saved as YAML or JSON: a file, or a folder of "
             "such files",
             "PATH");
}

Result<std::unique_ptr<CheckedCluster>> CheckedCluster::open(
    AsioLoop& loop, Random& random, const CheckedClusterOptions& options,
    const ProxyOptions& proxies, const std::map<std::string, std::string>& environment,
    MetricsRegistry& registry, const Logger& log) {
  if (!options.context.empty() && !options.snapshot.empty()) {
    return fail(ErrorCode::kInvalid,
                "--cluster and --snapshot: checks look at one of them; leave the other out");
  }
  if (!options.snapshot.empty()) return open_snapshot(loop, random, options.snapshot, log);
  if (options.context.empty()) return std::make_unique<CheckedCluster>();
  HOLMES_TRY(const std::string path, find_kubeconfig(options, environment));
  HOLMES_TRY(kube::ClusterConfig config,
             kube::load_kubeconfig(real_files(), path, options.context));
  return open_config(loop, std::move(config), proxies, environment, registry, log);
}

std::unique_ptr<CheckedCluster> CheckedCluster::open_config(
    AsioLoop& loop, kube::ClusterConfig config, const ProxyOptions& proxies,
    const std::map<std::string, std::string>& environment, MetricsRegistry& registry,
    const Logger& log) {
  auto checked = std::make_unique<CheckedCluster>();
  checked->about_ = config.source + ", which they only read";
  checked->subprocess_ = make_subprocess(loop);
  checked->credentials_.emplace(loop, real_files(), *checked->subprocess_, log, config,
                                environment);
  checked->request_metrics_.emplace(registry);
  checked->transport_ = make_check_cluster(loop, config, *checked->credentials_, proxies, log,
                                           *checked->request_metrics_);
  return checked;
}

Result<std::unique_ptr<CheckedCluster>> CheckedCluster::open_snapshot(AsioLoop& loop,
                                                                      Random& random,
                                                                      const std::string& path,
                                                                      const Logger& log) {
  HOLMES_TRY(SnapshotFiles files, read_snapshot_files(path, log));
  const size_t objects = files.objects.size();
  Result<SnapshotState> state =
      make_snapshot_state(std::move(files.objects), loop.wall_now(), random);
  if (!state) return fail(state.error().within(fmt::format("--snapshot: {}", path)));
  if (state->repeated > 0) {
    log.warning("objects stand in the snapshot more than once; the last of each counts",
                {{"count", state->repeated}});
  }
  for (const auto& [kind, count] : state->skipped) {
    log.warning("objects of the snapshot that cannot be served were skipped",
                {{"kind", kind}, {"count", count}});
  }
  auto checked = std::make_unique<CheckedCluster>();
  checked->snapshot_ = LocalStore::of(loop, random, std::move(state->objects), state->version,
                                      {.pod_log = [path](const kube::PodLogQuery& query) {
                                        return read_snapshot_log(path, query);
                                      }});
  checked->transport_ = std::make_unique<kube::StoreTransport>(checked->snapshot_->api());
  checked->about_ = fmt::format("the snapshot {}: {} objects of {} file{}", path, objects,
                                files.files, files.files == 1 ? "" : "s");
  return checked;
}

Task<> CheckedCluster::close() {
  transport_ = nullptr;
  if (credentials_) co_await credentials_->close();
  if (snapshot_ != nullptr) co_await snapshot_->close();
}

}  // namespace holmes
