// Which request target means which route. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/url.h"

namespace holmes {

enum class RouteId {
  kExecute,
  kGetExecution,
  kCancelExecution,
  kHealthz,
  kReadyz,
  kMetrics,
  kInfo,
  kModel,
};

struct Route {
  RouteId id;
  std::string_view method;
  std::string_view path;  // a last segment "{key}" stands for any one segment that is not empty
  bool needs_key = true;  // the API key
};

struct RouteMatch {
  const Route* route = nullptr;  // nullptr: no such path (path empty) or not this method
  std::string_view path;         // the path as the table writes it; "" when there is none
  std::string allow;             // the methods that the path has: "GET, DELETE"
  std::string key;               // what stood for "{key}"
  bool needs_key = true;         // also for unknown paths
};

std::span<const Route> all_routes();

// Decided on the decoded segments of the target alone. HEAD is matched like GET.
RouteMatch match_route(std::string_view method, const Target& target);

}  // namespace holmes
