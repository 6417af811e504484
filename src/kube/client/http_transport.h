// Transport over HTTP: who we are, errors by status, metrics and debug logs.
//
// Connections belong to the certificates that they were made with. When those change, new requests
// get new connections; requests under way end on the old ones, and open streams end with
// kUnavailable, so that they come back as who we are now. Files are looked at while streams are
// open, by each transport. Of a plugin's new certificate a transport learns by its next request,
// and its streams go on until then. A token that changes touches no stream.
//
// A request that did not get its credentials by the stop's deadline was not sent: kRefused.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "base/log.h"
#include "kube/client/credentials.h"
#include "kube/client/request_metrics.h"
#include "kube/client/transport.h"
#include "net/http.h"
#include "net/url.h"

namespace holmes::kube {

// How much of an error's body is read from a stream that was refused.
inline constexpr size_t kMaxErrorBodyBytes = size_t{64} << 10U;

// `requests` serves send(), `streams` serves open(), so that writes never wait behind watches for a
// connection.
struct HttpClients {
  std::unique_ptr<HttpClient> requests;
  std::unique_ptr<HttpClient> streams;
};
using MakeHttpClients = std::function<HttpClients(const TlsOptions& tls)>;

struct HttpTransportOptions {
  Url server{};
  std::vector<std::pair<std::string, std::string>> headers{};  // of each request, besides its own
  std::string user_agent = "holmes";
};

// On the loop's thread. What is given by reference or pointer outlives it and its requests.
class HttpTransport final : public Transport {
 public:
  // `metrics` may be nullptr.
  HttpTransport(Loop& loop, MakeHttpClients make_clients, Credentials& credentials, Logger logger,
                RequestMetrics* metrics, HttpTransportOptions options);
  ~HttpTransport() override;

  Task<Result<Response>> send(Request request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override;

 private:
  class Stream;
  struct Connections;
  // One try of a request.
  struct Attempt {
    HttpRequest http;
    Identity identity;
    std::shared_ptr<Connections> connections;
    MonoTime begin;
  };
  Task<Result<Identity>> identity_for(const Request& request, Stop stop);
  Attempt prepare(const Request& request, Identity identity);
  // Whether the attempt, which came to nothing, is worth another as who we are now.
  Task<bool> may_repeat(const Attempt& attempt, Result<int> status, Stop stop);
  std::shared_ptr<Connections> connections_of(const Identity& identity);
  void look_again();
  void retire();
  void look_while_streaming();
  void record(const Request& request, const Attempt& attempt, const Result<int>& status) const;
  [[nodiscard]] Error error_of(int status, const HttpHeaders& headers, std::string_view body) const;

  Loop& loop_;
  MakeHttpClients make_clients_;
  Credentials& credentials_;
  Logger logger_;
  RequestMetrics* metrics_;
  std::string base_;
  const HttpTransportOptions options_;
  std::shared_ptr<Connections> connections_;  // null until needed
  std::optional<Timer> next_look_;            // while streams are open
};

}  // namespace holmes::kube
