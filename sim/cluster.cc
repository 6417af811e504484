#include "sim/cluster.h"

#include "api/crd.h"
#include "base/assert.h"

namespace holmes::sim {
namespace {

constexpr std::chrono::seconds kDownTime{2};  // while etcd is restored

class Recorder final : public kube::Journal {
 public:
  explicit Recorder(const Cluster::Written& written) : written_(written) {}
  Task<Status> append(std::vector<kube::JournalEntry> entries) override {
    for (const kube::JournalEntry& entry : entries) {
      if (counts) written_(entry);
    }
    co_return Status();
  }

  bool counts = true;  // false: this server is history

 private:
  const Cluster::Written& written_;
};

struct LoadedStore : kube::ObjectStore {
  LoadedStore(Loop& loop, kube::Journal& journal, const Cluster::Backup& backup)
      : ObjectStore(loop, journal) {
    load(backup.objects, backup.version);
  }
};

}  // namespace

struct Cluster::Server {
  Server(Loop& loop, Random& random, const Written& written, const Backup& backup)
      : journal(written),
        store(loop, journal, backup),
        api(loop, random, store),
        transport(api, "simulation"),
        rules(api),
        collector(loop, store, rules),
        scope(loop) {
    scope.spawn(collector.run(scope.stop()));
  }

  Recorder journal;
  LoadedStore store;
  kube::ApiServer api;
  kube::StoreTransport transport;
  kube::ApiCollector rules;
  kube::GarbageCollector collector;
  TaskScope scope;
};

Cluster::Cluster(Loop& loop, Random& random, Written written)
    : loop_(loop), random_(random), written_(std::move(written)), server_(start({})) {}

Cluster::~Cluster() = default;

Task<> Cluster::install() {
  const kube::ResourceType definitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                       "CustomResourceDefinition", false};
  for (const json::object& definition : {healthcheck_crd(), scheduledhealthcheck_crd()}) {
    const auto made = co_await send(kube::create_request(definitions, "", definition));
    HOLMES_ASSERT(made.has_value());
  }
}

std::unique_ptr<Cluster::Server> Cluster::start(const Backup& backup) {
  return std::make_unique<Server>(loop_, random_, written_, backup);
}

Task<Result<kube::Response>> Cluster::send(kube::Request request) {
  if (server_ == nullptr) co_return fail(ErrorCode::kRefused, "connection refused");
  co_return co_await server_->transport.send(std::move(request), server_->scope.stop());
}

Task<Result<std::unique_ptr<HttpStream>>> Cluster::open(kube::Request request) {
  if (server_ == nullptr) co_return fail(ErrorCode::kRefused, "connection refused");
  co_return co_await server_->transport.open(std::move(request), server_->scope.stop());
}

Stop Cluster::stop() const {
  return server_ != nullptr ? server_->scope.stop() : gone_.back()->scope.stop();
}

int64_t Cluster::version() const {
  return server_ != nullptr ? server_->store.version() : 0;
}

Cluster::Backup Cluster::back_up() const {
  Backup backup{{}, server_->store.version()};
  for (const kube::ResourceName& resource : server_->store.resources()) {
    const Status visited =
        server_->store.visit(resource, "", std::nullopt, std::nullopt, [&](const kube::Stored& o) {
          backup.objects.push_back(o);
          return true;
        });
    HOLMES_ASSERT(visited.has_value());
  }
  return backup;
}

Task<> Cluster::restore(Backup backup) {
  server_->journal.counts = false;
  server_->scope.request_stop();
  // Whoever still holds a stream of it finds it broken.
  gone_.push_back(std::move(server_));
  co_await sleep_for(loop_, kDownTime, {});
  server_ = start(backup);
}

Task<> Cluster::close() {
  if (server_ != nullptr) gone_.push_back(std::move(server_));
  for (const std::unique_ptr<Server>& server : gone_) {
    co_await server->scope.close();
    co_await server->store.close();
  }
}

}  // namespace holmes::sim
