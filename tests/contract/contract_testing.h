// For the contract tests: a toy kind that a real API server serves, and the production client of
// it.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/asio_loop.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "base/log.h"
#include "kube/client/api.h"
#include "kube/client/cluster_config.h"
#include "kube/client/credentials.h"
#include "kube/client/transport.h"
#include "kube/core/watch_event.h"

namespace holmes::kube {

inline const ResourceType kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline const ResourceType kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
inline const ResourceType kPods{"", "v1", "pods", "Pod", true};

struct Toy {
  ObjectMeta meta;
  int64_t size = 0;
  std::string mood;  // status.mood

  static const ResourceType& resource();
  // Stricter than the schema: a size below 0 cannot be read.
  static Result<Toy> from_json(const json::object& object);
  // What a client writes.
  [[nodiscard]] json::object to_json() const;
};
Toy new_toy(std::string name, int64_t size = 0);

// Each test has a namespace of its own in the cluster of KUBECONFIG, in which toys are served.
class Contract : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  template <class T>
  T run(Task<T> task) {
    return loop.run(std::move(task));
  }
  // Asked until it holds: what controllers and watch caches do takes a moment.
  bool eventually(const std::function<bool()>& holds);
  Stop limit(std::chrono::milliseconds time = std::chrono::seconds(30));
  void pause(std::chrono::milliseconds time);

  // Another client of the same cluster.
  std::unique_ptr<Transport> transport_of(const ClusterConfig& config,
                                          const Files& files = real_files());
  Result<Response> send(Request request) {
    return run(transport->send(std::move(request), limit()));
  }
  // The answer's object; fails the test when there is none.
  json::object must(Request request);

  [[nodiscard]] ObjectKey key(std::string name) const { return {ns, std::move(name)}; }
  Toy make(const std::string& name, int64_t size = 0);
  Toy live(const std::string& name);
  Result<ListPage<Toy>> list(ListOptions options = {});

  AsioLoop loop;
  SystemRandom random;
  std::unique_ptr<Subprocess> subprocess = make_subprocess(loop);
  std::list<Credentials> credentials;  // of all clients
  ClusterConfig config;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Api<Toy>> toys;
  std::string ns;

 private:
  void install_toys();

  std::list<StopSource> limits_;
};

// A watch as a test reads it.
class WatchReader {
 public:
  WatchReader(AsioLoop& loop, std::unique_ptr<HttpStream> stream)
      : loop_(loop), stream_(std::move(stream)) {}

  // The next event; nullopt at the stream's end.
  Result<std::optional<WatchEvent>> next(Stop stop);

 private:
  AsioLoop& loop_;
  std::unique_ptr<HttpStream> stream_;
  WatchDecoder decoder_;
};

}  // namespace holmes::kube
