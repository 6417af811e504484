#include "holmes/server/check_server.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "holmes/server/answers.h"
#include "holmes/server/auth.h"
#include "holmes/server/execute_request.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kMaxWait{30};       // waitSeconds
constexpr std::chrono::seconds kMaxCancelWait{2};  // until a cancelled execution has ended
constexpr size_t kMaxQuotedBytes = 200;

json::array to_array(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

// The answer of an execution that ended.
HttpResponse answer_of(const Execution& execution) {
  if (!execution.answer.empty()) return json_answer(200, execution.answer);
  return detail_answer(503, "the server stopped before the check ended");
}

HttpResponse not_taken(const Error& error) {
  if (error.code == ErrorCode::kInvalid) {
    return invalid_answer({{{"header", "Idempotency-Key"}, error.message, "value_error"}});
  }
  const int status = error.code == ErrorCode::kRefused ? 429 : 503;
  return busy_answer(status, error.message, error.retry_after.value_or(std::chrono::seconds(1)));
}

HttpResponse unknown_execution(std::string_view key) {
  return detail_answer(
      404, fmt::format("no execution with the key '{}' is known here", cut(key, kMaxQuotedBytes)));
}

// nullopt: not a number of seconds.
std::optional<std::chrono::seconds> wait_time(const Target& target) {
  const std::string_view text = target.parameter("waitSeconds").value_or("0");
  uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), kMaxWait);
}

}  // namespace

CheckServer::CheckServer(Loop& loop, JudgeCheck judge, SendAlert alert, MetricsRegistry& registry,
                         Logger log, CheckServerOptions options)
    : loop_(loop),
      registry_(registry),
      log_(std::move(log)),
      options_(std::move(options)),
      started_(loop.mono_now()),
      metrics_(registry),
      executions_(loop, std::move(judge), std::move(alert), metrics_, log_, options_.executions) {}

Task<HttpResponse> CheckServer::handle(HttpRequest request, Stop stop) {
  HttpResponse response;
  RouteMatch match;
  const std::string method = request.method;
  if (Result<Target> target = parse_target(request.target)) {
    match = match_route(method, *target);
    if (match.needs_key && !is_authorized(request.headers, options_.api_key)) {
      response = detail_answer(401, "Invalid or missing API key");
      response.headers.set("WWW-Authenticate", "Bearer");
    } else if (match.path.empty()) {
      response = detail_answer(404, "Not Found");
    } else if (match.route == nullptr) {
      response = detail_answer(405, "Method Not Allowed; allowed: " + match.allow);
      response.headers.set("Allow", match.allow);
    } else {
      response = co_await answer(*match.route, std::move(request), *std::move(target),
                                 std::move(match.key), std::move(stop));
    }
  } else {
    response = detail_answer(400, target.error().message);
  }
  const std::string route(match.path.empty() ? "other" : match.path);
  metrics_.requests.add({route, std::to_string(response.status)});
  log_.debug("request", {{"method", method}, {"route", route}, {"status", response.status}});
  co_return response;
}

Task<> CheckServer::shut_down(Stop grace) {
  ready_ = false;
  executions_.refuse_new();
  log_.info("finishing running checks", {{"running", executions_.running()}});
  co_await executions_.close(std::move(grace));
}

Task<HttpResponse> CheckServer::answer(const Route& route, HttpRequest request, Target target,
                                       std::string key, Stop stop) {
  switch (route.id) {
    case RouteId::kExecute:
      co_return co_await execute(std::move(request), std::move(stop));
    case RouteId::kGetExecution:
      co_return co_await get_execution(std::move(target), std::move(key), std::move(stop));
    case RouteId::kCancelExecution:
      co_return co_await cancel_execution(std::move(key), std::move(stop));
    case RouteId::kHealthz:
      co_return json_answer(200, json::object{{"status", "healthy"}});
    case RouteId::kReadyz:
      co_return ready();
    case RouteId::kMetrics:
      co_return HttpResponse{
          200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, registry_.expose()};
    case RouteId::kInfo:
      co_return info();
    case RouteId::kModel:
      co_return model();
  }
  co_return detail_answer(404, "Not Found");
}

Task<HttpResponse> CheckServer::execute(HttpRequest request, Stop stop) {
  auto read = read_execute_request(request);
  if (!read) co_return std::move(read.error());
  if (!read->unknown_fields.empty()) {
    log_.warning("unknown fields of a check request ignored",
                 {{"check", read->check.name},
                  {"fields", read->unknown_fields.size()},
                  {"first", cut(read->unknown_fields.front(), kMaxQuotedBytes)}});
  }
  auto started = executions_.start(std::move(read->check), std::move(read->key));
  if (!started) co_return not_taken(started.error());
  const std::shared_ptr<Execution> execution = std::move(*started);
  if (const Status ended = co_await execution->ended.wait(stop); !ended) {
    if (execution->key.empty()) execution->cancel.request_stop();
    co_return detail_answer(503, "the connection is closing");
  }
  co_return answer_of(*execution);
}

Task<HttpResponse> CheckServer::get_execution(Target target, std::string key, Stop stop) {
  const auto wait = wait_time(target);
  if (!wait) {
    co_return invalid_answer({{{"query", "waitSeconds"},
                               "Input should be a valid integer, not negative",
                               "int_parsing"}});
  }
  const std::shared_ptr<Execution> execution = executions_.find(key);
  if (execution == nullptr) co_return unknown_execution(key);
  const StopSource limit(stop, loop_, loop_.mono_now() + *wait);
  if (!co_await execution->ended.wait(limit.stop())) {
    co_return json_answer(202, json::object{{"status", "running"}});
  }
  co_return answer_of(*execution);
}

Task<HttpResponse> CheckServer::cancel_execution(std::string key, Stop stop) {
  const std::shared_ptr<Execution> execution = executions_.find(key);
  if (execution == nullptr) co_return unknown_execution(key);
  if (!execution->ended.is_set()) {
    log_.info("check cancelled by a client", {{"attempt", key}});
    execution->cancel.request_stop();
  }
  const StopSource limit(stop, loop_, loop_.mono_now() + kMaxCancelWait);
  if (!co_await execution->ended.wait(limit.stop())) {
    co_return json_answer(202, json::object{{"status", "cancelling"}});
  }
  co_return answer_of(*execution);
}

HttpResponse CheckServer::ready() const {
  if (!ready_) return detail_answer(503, "Service not ready");
  return json_answer(200, json::object{{"status", "ready"}, {"models", to_array(options_.models)}});
}

HttpResponse CheckServer::info() const {
  const auto uptime = std::chrono::floor<std::chrono::seconds>(loop_.mono_now() - started_);
  const ToolsetsSummary& toolsets = options_.toolsets;
  return json_answer(
      200,
      json::object{{"version", options_.version},
                   {"uptime_seconds", uptime.count()},
                   {"auth_enabled", !options_.api_key.empty()},
                   {"models", to_array(options_.models)},
                   {"toolsets_summary",
                    json::object{{"total", toolsets.enabled + toolsets.failed + toolsets.disabled},
                                 {"enabled", toolsets.enabled},
                                 {"failed", toolsets.failed},
                                 {"disabled", toolsets.disabled}}},
                   {"capabilities", json::array{"executions/v1"}}});
}

// The list is JSON inside a string; clients of the original expect it so.
HttpResponse CheckServer::model() const {
  return json_answer(200, json::object{{"model_name", to_text(to_array(options_.models))}});
}

}  // namespace holmes
