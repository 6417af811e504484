// A lean HttpClient for peers that are asked a lot: the Kubernetes API server, the check API and
// model providers.
//
// libcurl (curl_client.h) takes several times the CPU for a small request, and its connections hold
// buffers while they wait; in exchange it has what only the rest of the outside needs. So here:
// HTTP/1.1 with kept-alive connections, TLS 1.2 or later, verified unless TlsOptions says
// otherwise; no proxies, no redirects, no compression. A stream reads from its connection only when
// its reader asks. The environment is not looked at.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "async/asio_loop.h"
#include "net/http.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace holmes {

struct DirectClientOptions {
  TlsOptions tls{};
  // For name, connection and TLS handshake; shared among the addresses of a name.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  size_t response_body_bytes_max = size_t{64} << 20U;  // send() only
  size_t connections_max = 64;  // open at once, streams too; at the limit requests wait in order
  std::chrono::milliseconds connection_age_max{0};  // older ones take no more requests; 0: no limit
  std::chrono::milliseconds connection_idle_max = std::chrono::seconds(90);
  std::string user_agent = "holmes";
};

// The loop outlives the client; all requests have ended and all streams are gone when the client is
// destroyed. `resolver` is for tests; null: the system's.
std::unique_ptr<HttpClient> make_direct_client(AsioLoop& loop, DirectClientOptions options = {},
                                               std::unique_ptr<Resolver> resolver = nullptr);

}  // namespace holmes
