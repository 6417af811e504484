// The API server and etcd of the world: the embedded store, with the garbage collector. It can be
// restored from a backup, so that versions go back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/random.h"
#include "async/task_scope.h"
#include "kube/store/api_collector.h"
#include "kube/store/api_server.h"
#include "kube/store/garbage_collector.h"
#include "kube/store/object_store.h"
#include "kube/store/store_transport.h"

namespace holmes::sim {

class Cluster {
 public:
  // `written` is told of each change, in order, before anybody else sees it.
  using Written = std::function<void(const kube::JournalEntry&)>;

  // All outlive the cluster.
  Cluster(Loop& loop, Random& random, Written written);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Makes the CustomResourceDefinitions of Holmes. First of all.
  Task<> install();

  // Without a network: of the one server that there is now.
  Task<Result<kube::Response>> send(kube::Request request);
  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request request);
  // Requested when the server of now goes: its streams break.
  [[nodiscard]] Stop stop() const;

  [[nodiscard]] int64_t version() const;
  // All objects as they are now.
  struct Backup {
    std::vector<kube::Stored> objects;
    int64_t version = 0;
  };
  [[nodiscard]] Backup back_up() const;
  // Replaces the server by one that knows only what the backup does.
  Task<> restore(Backup backup);
  // Stops the server: nothing is answered any more. Before the destruction; all streams go first.
  Task<> close();

 private:
  struct Server;
  std::unique_ptr<Server> start(const Backup& backup);

  Loop& loop_;
  Random& random_;
  Written written_;
  std::unique_ptr<Server> server_;  // nullptr while it is down
  std::vector<std::unique_ptr<Server>> gone_;
};

}  // namespace holmes::sim
