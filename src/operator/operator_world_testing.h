// The operator's real classes in a world of a fake API server and a fake check server, for tests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/virtual_loop.h"
#include "operator/check_testing.h"
#include "operator/fake_cluster_testing.h"
#include "operator/operator.h"

namespace holmes {

// A check server: each execution takes `duration`; counts them by idempotency key.
class FakeServer final : public HttpClient {
 public:
  explicit FakeServer(Loop& loop) : loop_(loop) {}

  std::chrono::seconds duration{2};
  CheckStatus verdict = CheckStatus::kPass;
  std::chrono::seconds cancel_time{0};
  std::optional<Result<HttpResponse>> post_answer;  // instead of executing
  bool drop_post = false;                           // execute, but break the connection
  bool swallow_answer = false;                      // execute, and say nothing on it
  bool forgetful = false;                           // was restarted: knows no execution
  bool announces = true;                            // that it answers questions about executions
  std::map<std::string, int> executions;
  std::set<std::string> cancelled;
  std::vector<std::string> names;
  size_t running = 0;
  size_t running_max = 0;

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    const size_t path_begin = request.target.find('/', 8);
    const std::string path = request.target.substr(path_begin);
    if (request.method == "POST") co_return co_await execute(std::move(request), std::move(stop));
    if (path == "/api/info") {
      co_return HttpResponse{200, {}, announces ? R"({"capabilities":["executions/v1"]})" : "{}"};
    }
    const std::string prefix = "/api/check/executions/";
    const std::string id = path.substr(prefix.size(), path.find('?') - prefix.size());
    if (request.method == "DELETE") {
      cancelled.insert(id);
      HOLMES_CO_CHECK(co_await sleep_for(loop_, cancel_time, stop));
      co_return HttpResponse{200, {}, "{}"};
    }
    const auto known = ends_.find(id);
    if (forgetful || known == ends_.end()) co_return HttpResponse{404, {}, ""};
    HOLMES_CO_CHECK(co_await sleep_until(loop_, known->second, stop));
    co_return HttpResponse{200, {}, to_text(to_json(answer(verdict)))};
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

 private:
  Task<Result<HttpResponse>> execute(HttpRequest request, Stop stop) {
    if (post_answer) co_return *post_answer;
    const std::string id(*request.headers.find("Idempotency-Key"));
    ++executions[id];
    names.emplace_back(*request.headers.find("X-Check-Name"));
    ends_[id] = loop_.mono_now() + duration;
    if (drop_post) co_return fail(ErrorCode::kUnavailable, "connection reset");
    running_max = std::max(running_max, ++running);
    const Status slept =
        co_await sleep_for(loop_, swallow_answer ? std::chrono::hours(1) : duration, stop);
    --running;
    if (!slept) co_return fail(stop.error("POST"));
    co_return HttpResponse{200, {}, to_text(to_json(answer(verdict)))};
  }

  Loop& loop_;
  std::map<std::string, MonoTime> ends_;
};

class OneAddress final : public Resolver {
 public:
  Task<Result<std::vector<std::string>>> resolve(std::string, uint16_t, Stop) override {
    co_return std::vector<std::string>{"10.0.0.1:8080"};
  }
};

// The world outlives operators, so that a test can crash one and start the next.
struct World {
  VirtualLoop loop;
  SeededRandom random{1};
  FakeCluster cluster{loop};
  FakeServer server{loop};
  OneAddress resolver;

  int total_executions() const {
    int total = 0;
    for (const auto& [id, count] : server.executions) total += count;
    return total;
  }
};

class Process {
 public:
  explicit Process(World& world, std::string epoch = "one", size_t concurrent_max = 32)
      : world_(world), scope_(world.loop) {
    OperatorOptions options;
    options.api_url = parse_url("http://api:8080").value();
    options.claimant = {std::move(epoch), "pod"};
    options.concurrent_max = concurrent_max;
    options.shutdown_grace = std::chrono::seconds(0);
    operator_ = std::make_unique<Operator>(world.loop, world.random, world.cluster, world.server,
                                           world.resolver, registry_, Logger(), options);
    scope_.spawn(operator_->run(scope_.stop()));
  }
  // Leaves running executions behind, as a crash does.
  ~Process() { world_.loop.run(scope_.close()); }

  [[nodiscard]] bool ended_early() const { return operator_->ended_early(); }
  std::string metrics() const { return registry_.expose(); }
  std::string ready() { return world_.loop.run(operator_->handle({.target = "/readyz"}, {})).body; }

 private:
  World& world_;
  MetricsRegistry registry_;
  std::unique_ptr<Operator> operator_;
  TaskScope scope_;
};

}  // namespace holmes
