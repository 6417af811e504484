// What `holmes local --demo` adds: the sample cluster, its checks applied, and their results as
// they come, on the standard output.
#pragma once

#include <map>
#include <string>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"
#include "cmd/live_table.h"
#include "cmd/local_store.h"
#include "cmd/terminal.h"
#include "demo/demo_cluster.h"
#include "kube/store/store_transport.h"

namespace holmes {

// How often the results are looked at.
inline constexpr std::chrono::milliseconds kDemoLook{250};

class LocalDemo {
 public:
  // All outlive it. `terminal` is the standard output.
  LocalDemo(Loop& loop, LocalStore& store, Terminal terminal);

  // Fills the store: the cluster with its past, and the checks of examples/demo.yaml that are not
  // there yet.
  Task<Status> prepare(Stop stop);
  // Lives and shows until stopped.
  Task<> run(Stop stop);

 private:
  Task<> show(Stop stop);
  Task<LiveState> look(Stop stop);
  void print(const LiveState& state);

  Loop& loop_;
  const Terminal terminal_;
  DemoCluster cluster_;
  kube::StoreTransport transport_;
  LiveTable table_;
  LiveLines lines_;
};

}  // namespace holmes
