#include "sim/check_servers.h"

#include <algorithm>

#include <fmt/format.h>

namespace holmes::sim {
namespace {

constexpr std::chrono::seconds kRestartTime{3};
constexpr std::string_view kExecutions = "/api/check/executions/";

std::string path_of(const std::string& target) {
  const size_t begin = target.find('/', target.find("://") + 3);
  return begin == std::string::npos ? "/" : target.substr(begin);
}

HttpResponse response(int status, std::string body = "{}") {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

}  // namespace

struct CheckServers::Execution {
  explicit Execution(Loop& loop) : ended(loop) {}

  std::string id;
  std::string check;
  StopSource cancel;
  Event ended;  // or lost with its server
  std::optional<CheckResponse> answer;
};

struct CheckServers::Server {
  explicit Server(std::string at) : address(std::move(at)) {}

  std::string address;
  bool alive = true;
  std::map<std::string, Known> executions;
};

CheckServers::CheckServers(Network& net, size_t replicas, Began began)
    : net_(net), began_(std::move(began)) {
  for (size_t i = 0; i < replicas; ++i) {
    servers_.push_back(std::make_shared<Server>(fmt::format("10.0.0.{}:5050", i + 1)));
  }
}

CheckServers::~CheckServers() = default;

const CheckResponse* CheckServers::answer_of(const std::string& id) const {
  const auto found = answers_.find(id);
  return found == answers_.end() ? nullptr : &found->second;
}

size_t CheckServers::running() const {
  size_t count = 0;
  for (const auto& server : servers_) {
    for (const auto& [id, execution] : server->executions) count += execution->answer ? 0 : 1;
  }
  return count;
}

bool CheckServers::knows(const std::string& id) const {
  return std::ranges::any_of(servers_,
                             [&](const auto& server) { return server->executions.contains(id); });
}

size_t CheckServers::running_for(const std::string& check) const {
  size_t count = 0;
  for (const auto& server : servers_) {
    for (const auto& [id, execution] : server->executions) {
      count += !execution->answer && execution->check == check ? 1 : 0;
    }
  }
  return count;
}

void CheckServers::kill(size_t replica) {
  Server& server = *servers_[replica];
  if (!server.alive) return;
  net_.tell(fmt::format("check server {} dies", server.address));
  server.alive = false;
  for (const auto& [id, execution] : std::exchange(server.executions, {})) {
    execution->cancel.request_stop();
    execution->ended.set();
  }
  net_.scope.spawn(start_again(replica));
}

void CheckServers::kill_for(const HttpRequest& request) {
  const std::string id(request.headers.find("Idempotency-Key").value_or(""));
  for (size_t i = 0; i < servers_.size(); ++i) {
    const bool asked = servers_[i]->address == request.connect_to;
    if (asked || (!id.empty() && servers_[i]->executions.contains(id))) return kill(i);
  }
  kill(0);
}

Task<> CheckServers::start_again(size_t replica) {
  (void)co_await sleep_for(net_.world, kRestartTime, net_.scope.stop());
  servers_[replica] = std::make_shared<Server>(servers_[replica]->address);
}

std::vector<std::string> CheckServers::addresses() const {
  std::vector<std::string> all;
  for (const auto& server : servers_) all.push_back(server->address);
  return all;
}

std::optional<size_t> CheckServers::choose(const std::string& address) {
  for (size_t i = 0; i < servers_.size(); ++i) {
    const size_t at = address.empty() ? (turn_ + i) % servers_.size() : i;
    if (!servers_[at]->alive || (!address.empty() && servers_[at]->address != address)) continue;
    if (address.empty()) turn_ = at + 1;
    return at;
  }
  return std::nullopt;
}

Task<Result<HttpResponse>> CheckServers::answer(HttpRequest request) {
  const std::optional<size_t> chosen = choose(request.connect_to);
  if (!chosen) co_return fail(ErrorCode::kRefused, "connection refused");
  const std::shared_ptr<Server> server = servers_[*chosen];
  const std::string path = path_of(request.target);
  if (request.method == "POST") co_return co_await execute(server, std::move(request));
  if (path == "/api/info") {
    co_return response(200, announces_executions ? R"({"capabilities":["executions/v1"]})" : "{}");
  }
  const std::string id = path.substr(kExecutions.size(), path.find('?') - kExecutions.size());
  if (request.method == "DELETE") {
    const auto found = server->executions.find(id);
    if (found == server->executions.end()) co_return response(404);
    found->second->cancel.request_stop();
    co_return response(200);
  }
  co_return co_await ask(server, id, std::chrono::seconds(20));
}

Task<Result<HttpResponse>> CheckServers::execute(std::shared_ptr<Server> server,
                                                 HttpRequest request) {
  const std::string id(request.headers.find("Idempotency-Key").value_or(""));
  if (!server->executions.contains(id)) {
    auto execution = std::make_shared<Execution>(net_.world);
    execution->id = id;
    execution->check = request.headers.find("X-Check-Name").value_or("");
    server->executions[id] = execution;
    ++executions_[id];
    began_(id, execution->check);
    net_.scope.spawn(work(server, execution));
  }
  return ask(server, id, std::chrono::hours(1));
}

Task<Result<HttpResponse>> CheckServers::ask(std::shared_ptr<Server> server, std::string id,
                                             std::chrono::seconds wait) {
  const auto found = server->executions.find(id);
  if (found == server->executions.end()) co_return response(404);
  const Known execution = found->second;
  const StopSource limit(net_.scope.stop(), net_.world, net_.world.mono_now() + wait);
  (void)co_await execution->ended.wait(limit.stop());
  if (!server->alive) co_return fail(connection_lost());
  if (!execution->answer) co_return response(202);
  co_return response(200, to_text(to_json(*execution->answer)));
}

Task<> CheckServers::work(std::shared_ptr<Server> server, Known execution) {
  const StopCallback on_end(net_.scope.stop(),
                            [&cancel = execution->cancel](StopReason) { cancel.request_stop(); });
  const Status slept = co_await sleep_for(net_.world, duration, execution->cancel.stop());
  if (!server->alive) co_return;
  CheckResponse answer;
  answer.status = slept && verdict ? verdict(execution->check) : CheckStatus::kPass;
  if (!slept) {
    answer.status = CheckStatus::kError;
    answer.reason = ErrorReason::kCancelled;
  }
  answer.message = fmt::format("{} by {}", to_string(answer.status), execution->id);
  answer.rationale = execution->id;
  answer.duration_seconds = std::chrono::duration<double>(duration).count();
  answers_[execution->id] = answer;
  execution->answer = std::move(answer);
  execution->ended.set();
}

Task<Result<HttpResponse>> CheckWire::send(HttpRequest request, Stop stop) {
  const std::string path = path_of(request.target);
  if (request.method == "POST" && sends && !port_->dead) {
    sends(std::string(request.headers.find("Idempotency-Key").value_or("")));
  }
  const Point point{Place::kChecks, request.method != "GET", port_->name,
                    fmt::format("{} {}{}{}", request.method, path.substr(0, 40),
                                request.connect_to.empty() ? "" : " at ", request.connect_to)};
  Service<HttpResponse> service;
  service.refuse = [](int status, std::optional<std::chrono::seconds> after) {
    HttpResponse answer = response(status, R"({"detail":"simulated"})");
    if (after) answer.headers.add("Retry-After", std::to_string(after->count()));
    return Result<HttpResponse>(std::move(answer));
  };
  service.die = [&servers = servers_, request] { servers.kill_for(request); };
  service.carry_out = [&servers = servers_, request] { return servers.answer(request); };
  co_return co_await ask(net_, port_, point, std::move(service), std::move(stop));
}

Task<Result<std::unique_ptr<HttpStream>>> CheckWire::open(HttpRequest /*request*/, Stop /*stop*/) {
  co_return fail(ErrorCode::kInternal, "the check API has no streams");
}

Task<Result<std::vector<std::string>>> CheckWire::resolve(std::string /*host*/, uint16_t /*port*/,
                                                          Stop /*stop*/) {
  if (port_->dead) co_return fail(connection_lost());
  co_return servers_.addresses();
}

}  // namespace holmes::sim
