// Operators with leader election, over one fake cluster, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "kube/client/lease_testing.h"
#include "operator/schedule_world_testing.h"

namespace holmes {

// A process's own wire to the cluster.
class Wire final : public kube::Transport {
 public:
  explicit Wire(Loop& loop, kube::Transport& cluster) : cluster_(cluster), paused_(loop) {}

  bool dead = false;                  // nothing leaves any more
  int writes = 0;                     // of the state that counts
  std::vector<std::string> requests;  // but for watches
  // Watches that are open now show nothing any more; later ones do.
  void stall_watches() { ++stalls_; }

  Task<Result<kube::Response>> send(kube::Request request, Stop stop) override {
    if (dead) co_return fail(ErrorCode::kRefused, "connection refused");
    if (is_write(request)) ++writes;
    requests.push_back(request.method + " " + request.path);
    Result<kube::Response> answer = co_await cluster_.send(std::move(request), stop);
    if (dead) co_return fail(ErrorCode::kUnavailable, "connection reset");
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request request, Stop stop) override {
    if (dead) co_return fail(ErrorCode::kRefused, "connection refused");
    HOLMES_CO_TRY(std::unique_ptr<HttpStream> stream,
                  co_await cluster_.open(std::move(request), std::move(stop)));
    co_return std::make_unique<Stream>(*this, std::move(stream));
  }

 private:
  class Stream final : public HttpStream {
   public:
    Stream(Wire& wire, std::unique_ptr<HttpStream> stream)
        : wire_(wire), stream_(std::move(stream)), stalls_(wire.stalls_) {}
    [[nodiscard]] int status() const override { return stream_->status(); }
    [[nodiscard]] const HttpHeaders& headers() const override { return stream_->headers(); }
    Task<Result<std::optional<std::string>>> read(Stop stop) override {
      auto bytes = co_await stream_->read(stop);
      if (wire_.stalls_ == stalls_) co_return bytes;
      static_cast<void>(co_await wire_.paused_.park(stop));
      co_return fail(stop.error("read"));
    }

   private:
    Wire& wire_;
    std::unique_ptr<HttpStream> stream_;
    int stalls_;
  };

  kube::Transport& cluster_;
  WaitList paused_;
  int stalls_ = 0;
};

// Two check servers behind one name; checks go to the second.
class TwoServers final : public HttpClient, public Resolver {
 public:
  TwoServers(HttpClient& first, HttpClient& second) : first_(first), second_(second) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    HttpClient& server = request.connect_to == "10.0.0.1:8080" ? first_ : second_;
    return server.send(std::move(request), std::move(stop));
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }
  Task<Result<std::vector<std::string>>> resolve(std::string, uint16_t, Stop) override {
    co_return std::vector<std::string>{"10.0.0.1:8080", "10.0.0.2:8080"};
  }

 private:
  HttpClient& first_;
  HttpClient& second_;
};

struct ReplicaWorld : ScheduleWorld {
  kube::FakeLeaseStore lease;
  FakeServer other_server{loop};  // has no check
  TwoServers servers{other_server, server};
};

class Replica {
 public:
  Replica(ReplicaWorld& world, std::string identity,
          std::chrono::seconds grace = std::chrono::seconds(25))
      : world_(world),
        wire(world.loop, world.cluster),
        lease_wire(new kube::FakeLeaseTransport(world.loop, world.lease)),
        lease_(world.loop, std::unique_ptr<kube::Transport>(lease_wire)),
        scope_(world.loop) {
    OperatorOptions options;
    options.api_url = parse_url("http://api:8080").value();
    options.claimant = {"not used", identity};
    options.election = {.lease = {"holmes", "holmes-operator"}, .identity = identity};
    options.shutdown_grace = grace;
    operator_ = std::make_unique<Operator>(world.loop, world.random, wire, world.servers,
                                           world.servers, registry_, Logger(), options, &lease_);
    scope_.spawn(run(scope_.stop()));
  }
  // As SIGKILL: nothing is written any more.
  ~Replica() {
    wire.dead = true;
    lease_wire->dead = true;
    world_.loop.run(scope_.close());
  }

  void terminate() { scope_.request_stop(); }  // SIGTERM
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool ended_early() const { return operator_->ended_early(); }
  [[nodiscard]] std::string metrics() const { return registry_.expose(); }
  [[nodiscard]] std::string ready() {
    return world_.loop.run(operator_->handle({.target = "/readyz"}, {})).body;
  }
  [[nodiscard]] bool leads() const {
    return metrics().find("leader_election_master_status{name=\"holmes-operator\"} 1\n") !=
           std::string::npos;
  }

 private:
  Task<> run(Stop stop) {
    co_await operator_->run(std::move(stop));
    ended_ = true;
  }

  ReplicaWorld& world_;
  MetricsRegistry registry_;

 public:
  Wire wire;
  kube::FakeLeaseTransport* lease_wire;

 private:
  kube::LeaseClient lease_;
  bool ended_ = false;
  std::unique_ptr<Operator> operator_;
  TaskScope scope_;
};

}  // namespace holmes
