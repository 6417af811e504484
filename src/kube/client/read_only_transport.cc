#include "kube/client/read_only_transport.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/strings.h"
#include "net/url.h"

namespace holmes::kube {
namespace {

constexpr std::array<std::string_view, 4> kSubresources{"", "status", "scale", "log"};
// Prefixes of an older API that would reach any resource through another shape of path.
constexpr std::array<std::string_view, 3> kOldPrefixes{"proxy", "redirect", "watch"};

// What a path names, once the API group and version are off.
struct Place {
  std::string_view resource;
  std::string_view subresource;
};

// [namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]]; nullopt for any other shape.
std::optional<Place> place_of(std::span<const std::string> segments) {
  const bool in_namespace = segments.size() >= 3 && segments[0] == "namespaces" &&
                            segments[2] != "status" && segments[2] != "finalize";
  if (in_namespace) segments = segments.subspan(2);
  if (segments.size() > 3) return std::nullopt;
  return Place{segments[0], segments.size() == 3 ? std::string_view(segments[2]) : ""};
}

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& set, std::string_view text) {
  return std::ranges::find(set, text) != set.end();
}

std::unexpected<Error> refuse(const Request& request, std::string_view why) {
  return fail(ErrorCode::kForbidden, std::string(request.method) + " " +
                                         cut(to_valid_utf8(request.path), 200) +
                                         " is not allowed here: " + std::string(why));
}

}  // namespace

Status check_read_only(const Request& request) {
  const bool reads =
      request.verb == Verb::kGet || request.verb == Verb::kList || request.verb == Verb::kWatch;
  if (!reads || request.method != "GET" || !request.body.empty()) {
    return refuse(request, "only reading is");
  }
  HOLMES_CHECK(check_path(request.path));
  std::vector<std::string> segments;
  for (const std::string_view part : split(std::string_view(request.path).substr(1), '/')) {
    HOLMES_TRY(std::string segment, percent_decode(part));
    if (segment.find('/') != std::string::npos) return refuse(request, "a name holds a slash");
    segments.push_back(std::move(segment));
  }
  const std::string& root = segments[0];
  if (root == "version" && segments.size() == 1) return {};
  if (root != "api" && root != "apis") return refuse(request, "it is no resource");
  const size_t prefix = root == "api" ? 2 : 3;  // with version, with group and version
  if (segments.size() <= prefix) return {};

  const std::optional<Place> place = place_of(std::span(segments).subspan(prefix));
  if (!place || is_one_of(kOldPrefixes, place->resource) ||
      !is_one_of(kSubresources, place->subresource)) {
    return refuse(request, "only objects, their status, scale and logs may be read");
  }
  if (equals_ignoring_case(place->resource, "secrets")) {
    return refuse(request, "Secrets are never read");
  }
  return {};
}

Task<Result<Response>> ReadOnlyTransport::send(Request request, Stop stop) {
  HOLMES_CO_CHECK(check_read_only(request));
  co_return co_await inner_.send(std::move(request), std::move(stop));
}

Task<Result<std::unique_ptr<HttpStream>>> ReadOnlyTransport::open(Request request, Stop stop) {
  HOLMES_CO_CHECK(check_read_only(request));
  co_return co_await inner_.open(std::move(request), std::move(stop));
}

}  // namespace holmes::kube
