// The HttpClient for the outside, and for everything behind a proxy: libcurl's multi interface on
// the loop. Peers inside the cluster and model providers: peer_client.h.
//
// HTTP/1.1 with kept-alive connections; TLS verified unless TlsOptions says otherwise; redirects
// are not followed; gzip bodies are decoded (limits count decoded bytes). The environment's proxies
// are not looked at. Names are resolved on libcurl's own threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "async/asio_loop.h"
#include "net/http.h"
#include "net/tls.h"

namespace holmes {

struct CurlClientOptions {
  TlsOptions tls{};
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);  // with TLS handshake
  size_t response_body_bytes_max = size_t{64} << 20U;                    // send() only
  size_t stream_buffer_bytes_max = size_t{1} << 20U;  // open(): reading pauses above it
  size_t connections_max = 64;                        // kept open; the oldest idle one goes first
  std::chrono::seconds connection_age_max{0};         // 0: no limit
  std::string proxy{};                                // "" none; "http://host:port"
  std::string no_proxy{};
  std::string user_agent = "holmes";
};

// The loop outlives the client; all requests have ended when the client is destroyed.
std::unique_ptr<HttpClient> make_curl_client(AsioLoop& loop, CurlClientOptions options = {});

}  // namespace holmes
