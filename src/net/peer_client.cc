#include "net/peer_client.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace holmes {
namespace {

bool is_address(std::string_view host) {
  return host.find(':') != host.npos || host.find_first_not_of("0123456789.") == host.npos;
}

bool is_below(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

std::unique_ptr<HttpClient> make_peer_client(AsioLoop& loop, const Url& peer,
                                             CurlClientOptions options) {
  if (options.proxy.empty() || is_without_proxy(peer.host, options.no_proxy)) {
    return make_direct_client(loop, direct_options(options));
  }
  return make_curl_client(loop, std::move(options));
}

DirectClientOptions direct_options(const CurlClientOptions& options) {
  return {.tls = options.tls,
          .connect_timeout = options.connect_timeout,
          .response_body_bytes_max = options.response_body_bytes_max,
          .connections_max = options.connections_max,
          .connection_age_max = options.connection_age_max,
          .user_agent = options.user_agent};
}

bool is_without_proxy(std::string_view host, std::string_view no_proxy) {
  if (trim(no_proxy) == "*") return true;
  const std::vector<std::string_view> entries = split(no_proxy, ',');
  return std::ranges::any_of(entries, [&](std::string_view entry) {
    const std::string name = to_lower(trim(entry));
    const std::string_view domain = std::string_view(name).substr(name.starts_with('.') ? 1 : 0);
    if (domain.empty()) return false;
    return host == domain || (!is_address(host) && is_below(host, domain));
  });
}

}  // namespace holmes
