// Finding the resource that a name means in this cluster.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "async/wait.h"
#include "kube/client/transport.h"
#include "kube/core/discovery.h"

namespace holmes::kube {

struct DiscoveryOptions {
  std::chrono::seconds keep_time = std::chrono::minutes(10);
  std::chrono::seconds reread_interval{10};  // at least this long between reads for unknown names
};

// Reads the aggregated discovery documents (/api and /apis), or one document per group and version
// from servers older than Kubernetes 1.26, and keeps them. An unknown name reads them again: the
// kind may be new. On the loop's thread; concurrent calls share one read.
class Discovery {
 public:
  // Loop and transport outlive it and its calls.
  Discovery(Loop& loop, Transport& transport, DiscoveryOptions options = {});

  // See ResourceCatalog::find for names and precedence. Fails with kNotFound when the cluster
  // serves no such resource, and as the transport does when that could not be found out. While the
  // server cannot be read, what was known before still counts.
  Task<Result<ResourceType>> resolve(std::string name, std::string api_version, Stop stop);

 private:
  Task<Status> refresh(Stop stop);
  Task<Status> read_root(std::string path, ResourceCatalog& catalog, Stop stop);
  Task<Status> read_group_version(std::string path, ResourceCatalog& catalog, Stop stop);
  [[nodiscard]] bool older_than(std::chrono::seconds age) const;

  Loop& loop_;
  Transport& transport_;
  DiscoveryOptions options_;
  Semaphore reading_;
  ResourceCatalog catalog_;
  std::optional<MonoTime> read_at_;
};

}  // namespace holmes::kube
