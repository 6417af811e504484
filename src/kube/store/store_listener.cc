#include "kube/store/store_listener.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "net/url.h"

namespace holmes::kube {
namespace {

std::string header(const HttpHeaders& headers, std::string_view name) {
  return std::string(headers.find(name).value_or(""));
}

HttpResponse refused(const Refusal& refusal) {
  return {.status = refusal.code,
          .headers = {{"Content-Type", "application/json"}},
          .body = to_text(to_json(refusal))};
}

Refusal unauthorized() {
  Refusal refusal;
  refusal.code = 401;
  refusal.reason = "Unauthorized";
  refusal.message = "Unauthorized";
  return refusal;
}

// Takes the same time for every wrong token of a length.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ b[i]));
  }
  return difference == 0;
}

bool may_ask(const HttpRequest& request, const Target& target, const std::string& token) {
  if (token.empty()) return true;
  static constexpr std::string_view kOpen[] = {"healthz", "livez", "readyz", "version"};
  if (!target.segments.empty() && std::ranges::find(kOpen, target.segments[0]) != std::end(kOpen))
    return true;
  const std::string authorization = header(request.headers, "Authorization");
  constexpr std::string_view kBearer = "bearer ";
  return authorization.size() > kBearer.size() &&
         equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer) &&
         same_secret(trim(std::string_view(authorization).substr(kBearer.size())), token);
}

HttpResponse response_of(ApiAnswer answer) {
  HttpResponse response{.status = answer.status,
                        .headers = {{"Content-Type", std::move(answer.content_type)}},
                        .body = std::move(answer.body),
                        .stream = std::move(answer.stream)};
  for (const std::string& warning : answer.warnings) {
    response.headers.add("Warning", fmt::format("299 - {}", to_text(json::value(warning))));
  }
  return response;
}

Task<HttpResponse> answer_http(ApiServer* server, std::string token, HttpRequest request,
                               Stop stop) {
  Result<Target> target = parse_target(request.target);
  if (!target) co_return refused(bad_request(target.error().message));
  if (!may_ask(request, *target, token)) co_return refused(unauthorized());
  ApiRequest api;
  api.method = std::move(request.method);
  api.segments = std::move(target->segments);
  api.query = std::move(target->query);
  api.content_type = header(request.headers, "Content-Type");
  api.accept = header(request.headers, "Accept");
  api.user_agent = header(request.headers, "User-Agent");
  api.body = std::move(request.body);
  co_return response_of(co_await server->answer(std::move(api), std::move(stop)));
}

}  // namespace

HttpHandler serve_api(ApiServer& server, std::string token) {
  return [server = &server, token = std::move(token)](HttpRequest request, Stop stop) {
    return answer_http(server, token, std::move(request), std::move(stop));
  };
}

}  // namespace holmes::kube
