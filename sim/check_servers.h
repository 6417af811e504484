// The check API as a few replicas behind one name. Each counts what it executes, and remembers
// answers as long as it lives.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/check.h"
#include "net/http.h"
#include "net/resolver.h"
#include "sim/network.h"

namespace holmes::sim {

class CheckServers {
 public:
  // An execution began: of this attempt, for the check "namespace/name".
  using Began = std::function<void(const std::string& id, const std::string& check)>;

  CheckServers(Network& net, size_t replicas, Began began);
  ~CheckServers();
  CheckServers(const CheckServers&) = delete;
  CheckServers& operator=(const CheckServers&) = delete;

  // How long an execution takes, and what it finds.
  std::chrono::nanoseconds duration = std::chrono::seconds(2);
  std::function<CheckStatus(const std::string& check)> verdict;
  bool announces_executions = true;

  // Executions of an attempt, over all replicas and for ever.
  [[nodiscard]] const std::map<std::string, int>& executions() const { return executions_; }
  // What the execution answered; nullptr while nothing did.
  [[nodiscard]] const CheckResponse* answer_of(const std::string& id) const;
  [[nodiscard]] size_t running() const;
  // Whether one of them that lives runs it or has its answer.
  [[nodiscard]] bool knows(const std::string& id) const;
  // All executions that run for this check now.
  [[nodiscard]] size_t running_for(const std::string& check) const;

  [[nodiscard]] size_t replicas() const { return servers_.size(); }
  // It forgets what it ran and knew; a new one is there after a moment.
  void kill(size_t replica);
  // The one that works on the request.
  void kill_for(const HttpRequest& request);
  [[nodiscard]] std::vector<std::string> addresses() const;

  // One request as it arrives; "" is any replica that lives.
  Task<Result<HttpResponse>> answer(HttpRequest request);
  // The replica that the request goes to; nullopt: none can be reached.
  std::optional<size_t> choose(const std::string& address);

 private:
  struct Execution;
  struct Server;
  using Known = std::shared_ptr<Execution>;

  Task<Result<HttpResponse>> execute(std::shared_ptr<Server> server, HttpRequest request);
  Task<Result<HttpResponse>> ask(std::shared_ptr<Server> server, std::string id,
                                 std::chrono::seconds wait);
  Task<> work(std::shared_ptr<Server> server, Known execution);
  Task<> start_again(size_t replica);

  Network& net_;
  Began began_;
  std::vector<std::shared_ptr<Server>> servers_;
  size_t turn_ = 0;
  std::map<std::string, int> executions_;
  std::map<std::string, CheckResponse> answers_;
};

// How one process reaches them.
class CheckWire final : public HttpClient, public Resolver {
 public:
  CheckWire(Network& net, CheckServers& servers, std::shared_ptr<Port> port)
      : net_(net), servers_(servers), port_(std::move(port)) {}

  // Called in the process, at the moment when it sends an execution.
  std::function<void(const std::string& id)> sends;

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override;
  Task<Result<std::vector<std::string>>> resolve(std::string host, uint16_t port,
                                                 Stop stop) override;

 private:
  Network& net_;
  CheckServers& servers_;
  std::shared_ptr<Port> port_;
};

}  // namespace holmes::sim
