// HTTP/1.1 server (Boost.Beast) for API, health and metrics endpoints, with TLS or without.
//
// Limits: header bytes (431), body bytes (413), connections (503 with Retry-After), time to receive
// and to send (slow clients are cut off). Malformed requests get 400, as do those without TLS where
// it is expected. These answers carry the body {"detail": "..."} and close the connection. One
// request at a time per connection. A streamed body goes out in chunks, to an HTTP/1.0 client until
// the connection ends.
// Threads: the loop's.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/asio_loop.h"
#include "async/stop.h"
#include "base/log.h"
#include "base/result.h"
#include "net/http.h"
#include "net/tls.h"

namespace holmes {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  size_t body_bytes_max = size_t{128} << 10U;
  size_t header_bytes_max = size_t{16} << 10U;
  size_t connections_max = 1024;
  std::chrono::milliseconds header_timeout = std::chrono::seconds(10);  // of a handshake, too
  // Of a body either way; of each piece when it is streamed, while waiting for the next has none.
  std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);  // between requests
  std::optional<TlsServerOptions> tls{};                              // without: plain HTTP
};

class HttpServer {
 public:
  // What the handler refers to outlives the server.
  HttpServer(AsioLoop& loop, HttpHandler handler, Logger log, HttpServerOptions options = {});
  ~HttpServer();  // asserts that it is closed or never listened
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and accepts. Fails with kInvalid (not an address; certificates that cannot be used) or
  // kUnavailable (in use, ...), naming the address.
  Status listen();
  // The certificates of connections from now on; those that are there keep theirs. Only for a
  // server that was made with TLS. Fails with kInvalid, and then changes nothing.
  Status set_tls(const TlsServerOptions& tls);
  [[nodiscard]] uint16_t port() const;        // the bound one
  [[nodiscard]] std::string address() const;  // "127.0.0.1:5050"

  // Stops accepting, closes idle connections, lets running handlers and streams finish and then
  // closes theirs; when the stop comes, their Stop is requested and the rest is cut.
  Task<> close(Stop stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holmes
