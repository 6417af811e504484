#include "holmes/server/routes.h"

#include <array>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kParameter = "{key}";

constexpr std::array kRoutes{
    Route{RouteId::kExecute, "POST", "/api/check/execute"},
    Route{RouteId::kExecute, "POST", "/api/checks/execute"},
    Route{RouteId::kGetExecution, "GET", "/api/check/executions/{key}"},
    Route{RouteId::kCancelExecution, "DELETE", "/api/check/executions/{key}"},
    Route{RouteId::kInfo, "GET", "/api/info"},
    Route{RouteId::kModel, "GET", "/api/model"},
    Route{RouteId::kHealthz, "GET", "/healthz", false},
    Route{RouteId::kReadyz, "GET", "/readyz", false},
    Route{RouteId::kMetrics, "GET", "/metrics", false},
};

bool matches(std::string_view path, const Target& target, std::string& key) {
  const std::vector<std::string_view> wanted = split(path.substr(1), '/');
  if (wanted.size() != target.segments.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == kParameter && !target.segments[i].empty()) {
      key = target.segments[i];
    } else if (wanted[i] != target.segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::span<const Route> all_routes() {
  return kRoutes;
}

RouteMatch match_route(std::string_view method, const Target& target) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch match;
  for (const Route& route : kRoutes) {
    if (!matches(route.path, target, match.key)) continue;
    match.path = route.path;
    match.needs_key = route.needs_key;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method;
    if (route.method == wanted) match.route = &route;
  }
  return match;
}

}  // namespace holmes
