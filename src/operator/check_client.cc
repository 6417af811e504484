#include "operator/check_client.h"

#include <algorithm>

#include <fmt/format.h>

#include "async/task_scope.h"
#include "async/wait.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kDocumentRoute = "/api/check/execute";
constexpr std::string_view kTodayRoute = "/api/checks/execute";
constexpr size_t kMaxQuotedBytes = 300;
constexpr std::chrono::seconds kCancelTimeout{5};
// What nobody knows may be on its way still, on a connection of its own: it is cancelled once more.
constexpr int kCancelRounds = 2;
constexpr std::chrono::seconds kCancelPause{1};
constexpr std::chrono::seconds kInfoTimeout{5};

// {"detail": text or list} or whatever the peer sent, in one line.
std::string detail_of(const HttpResponse& response) {
  std::string text = response.body;
  if (const auto body = parse_json_object(response.body)) {
    if (const json::value* detail = json_find(*body, {"detail"})) {
      text = detail->is_string() ? std::string(detail->get_string()) : to_text(*detail);
    }
  }
  return fmt::format("HTTP {}: {}", response.status, cut(trim(text), kMaxQuotedBytes));
}

Answered read_answer(const HttpResponse& response) {
  const auto body = parse_json_object(response.body);
  auto parsed = body ? parse_check_response(*body) : Result<CheckResponse>(fail(body.error()));
  if (parsed) return {std::move(*parsed)};
  CheckResponse unreadable;
  unreadable.status = CheckStatus::kError;
  unreadable.reason = ErrorReason::kUnparsable;
  unreadable.error = "the server's answer could not be read: " + parsed.error().message;
  unreadable.message = limit_length("Check errored: " + unreadable.error, kMaxMessageLength);
  return {std::move(unreadable)};
}

ExecuteOutcome outcome_of(const HttpResponse& response, WallTime now) {
  if (response.status == 200) return read_answer(response);
  const std::string why = detail_of(response);
  const auto wait = retry_after(response.headers, now);
  switch (response.status) {
    case 401:
    case 403:
      return Rejected{Rejected::Reason::kUnauthorized, why};
    case 404:
      return Refused{"the server has no route for checks: " + why, {}};
    case 429:
      return Refused{why, wait.value_or(std::chrono::milliseconds(0))};
    case 503:
      if (wait) return Refused{why, *wait};
      return Unknown{why};
    default:
      break;
  }
  if (response.status >= 400 && response.status < 500 && response.status != 408) {
    return Rejected{Rejected::Reason::kInvalidRequest, why};
  }
  return Unknown{why};
}

}  // namespace

CheckClient::CheckClient(Loop& loop, HttpClient& http, Resolver& resolver, Logger log,
                         Options options)
    : loop_(loop),
      http_(http),
      resolver_(resolver),
      log_(std::move(log)),
      options_(std::move(options)) {}

Task<ExecuteOutcome> CheckClient::execute(CheckRequest request, std::string id, Stop stop) {
  if (!may_execute()) co_return Withheld{};
  const bool today_route = use_today_route_;
  Result<HttpResponse> response = co_await post(request, id, today_route, stop);
  if (response && response->status == 404) {
    // Nothing ran under that route, so the same id may be sent to the other one.
    if (!may_execute()) co_return Withheld{};
    response = co_await post(std::move(request), id, !today_route, stop);
    if (response && response->status != 404) use_today_route_ = !today_route;
  }
  if (!response) {
    // Invalid: a key or an address that cannot even be sent. Correcting the settings heals it.
    const ErrorCode code = response.error().code;
    if (code == ErrorCode::kRefused || code == ErrorCode::kInvalid) {
      co_return Refused{response.error().message, {}};
    }
    co_return Unknown{response.error().message};
  }
  co_return outcome_of(*response, loop_.wall_now());
}

Task<RecoverOutcome> CheckClient::recover(std::string id, Stop stop) {
  int rounds_not_found = 0;
  while (true) {
    const MonoTime round_began = loop_.mono_now();
    PollResult result = co_await poll_all(id, stop);
    if (auto* answered = std::get_if<Answered>(&result)) co_return std::move(*answered);
    const Poll poll = std::get<Poll>(result);
    rounds_not_found = poll == Poll::kNotFound ? rounds_not_found + 1 : 0;
    if (rounds_not_found >= 2 && co_await announces_executions(stop)) {
      co_return Lost{"no server knows the execution any more"};
    }
    // A server that holds the request until there is news has done the waiting already.
    const MonoTime next_round = round_began + options_.recover_interval;
    if (!co_await sleep_until(loop_, next_round, stop)) {
      co_return Unknown{"no server told the answer before the claim's deadline"};
    }
  }
}

Task<> CheckClient::cancel(std::string id, Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + kCancelTimeout);
  // All at once: one that is away must not keep the word from the one that runs it.
  const std::vector<std::string> all = co_await addresses(limit.stop());
  for (int round = 0; round < kCancelRounds; ++round) {
    if (round > 0 && !co_await sleep_for(loop_, kCancelPause, limit.stop())) co_return;
    std::vector<Task<bool>> cancels;
    cancels.reserve(all.size());
    for (const std::string& address : all) cancels.push_back(cancel_at(id, address, limit.stop()));
    const std::vector<bool> known = co_await when_all(loop_, std::move(cancels));
    if (all.empty() || std::ranges::count(known, true) > 0) co_return;
  }
}

Task<bool> CheckClient::cancel_at(std::string id, std::string address, Stop stop) {
  HttpRequest request = request_to("DELETE", "/api/check/executions/" + id, address);
  const auto response = co_await http_.send(std::move(request), stop);
  if (response && response->status < 400) co_return true;
  if (response && response->status == 404) co_return false;
  log_.warning("could not cancel the execution",
               {{"attempt", id},
                {"address", address},
                {"error", response ? detail_of(*response) : response.error().message}});
  co_return false;
}

HttpRequest CheckClient::request_to(std::string method, std::string path,
                                    std::string address) const {
  HttpRequest request;
  request.method = std::move(method);
  request.target = options_.base.to_text() + path;
  request.connect_to = std::move(address);
  if (!options_.api_key.empty()) request.headers.add("X-API-Key", options_.api_key);
  return request;
}

Task<std::vector<std::string>> CheckClient::addresses(Stop stop) {
  auto resolved = co_await resolver_.resolve(options_.base.host, options_.base.port, stop);
  if (!resolved) {
    log_.warning("could not resolve the server's name",
                 {{"host", options_.base.host}, {"error", resolved.error()}});
    co_return std::vector<std::string>();
  }
  co_return std::move(*resolved);
}

Task<Result<HttpResponse>> CheckClient::post(CheckRequest request, std::string id, bool today_route,
                                             Stop stop) {
  HttpRequest http =
      request_to("POST", std::string(today_route ? kTodayRoute : kDocumentRoute), "");
  http.headers.add("Content-Type", "application/json");
  http.headers.add("X-Check-Name", request.name);
  http.headers.add("Idempotency-Key", id);
  http.headers.add("Holmes-Strict", "true");
  http.body = to_text(to_json(request));
  return http_.send(std::move(http), std::move(stop));
}

Task<CheckClient::PollResult> CheckClient::poll(std::string id, std::string address, Stop stop) {
  const StopSource limit(stop, loop_,
                         loop_.mono_now() + options_.poll_wait + options_.recover_interval);
  HttpRequest request = request_to(
      "GET", fmt::format("/api/check/executions/{}?waitSeconds={}", id, options_.poll_wait.count()),
      address);
  const auto response = co_await http_.send(std::move(request), limit.stop());
  if (!response) {
    log_.debug("no answer about the execution",
               {{"attempt", id}, {"address", address}, {"error", response.error()}});
    co_return Poll::kNoAnswer;
  }
  if (response->status == 200) co_return read_answer(*response);
  if (response->status == 202) co_return Poll::kRunning;
  if (response->status == 404) co_return Poll::kNotFound;
  co_return Poll::kNoAnswer;
}

Task<CheckClient::PollResult> CheckClient::poll_all(std::string id, Stop stop) {
  const std::vector<std::string> all = co_await addresses(stop);
  std::vector<Task<PollResult>> polls;
  polls.reserve(all.size());
  for (const std::string& address : all) polls.push_back(poll(id, address, stop));
  std::vector<PollResult> results = co_await when_all(loop_, std::move(polls));
  bool running = false;
  bool all_not_found = !results.empty();
  for (PollResult& result : results) {
    if (std::holds_alternative<Answered>(result)) co_return std::move(result);
    running = running || std::get<Poll>(result) == Poll::kRunning;
    all_not_found = all_not_found && std::get<Poll>(result) == Poll::kNotFound;
  }
  co_return running ? Poll::kRunning : all_not_found ? Poll::kNotFound : Poll::kNoAnswer;
}

Task<bool> CheckClient::announces_executions(Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + kInfoTimeout);
  const auto response = co_await http_.send(request_to("GET", "/api/info", ""), limit.stop());
  if (!response || response->status != 200) co_return false;
  const auto body = parse_json_object(response->body);
  const json::array* capabilities = body ? json_array(*body, {"capabilities"}) : nullptr;
  if (capabilities == nullptr) co_return false;
  for (const json::value& capability : *capabilities) {
    if (capability.is_string() && capability.get_string() == "executions/v1") co_return true;
  }
  co_return false;
}

}  // namespace holmes
