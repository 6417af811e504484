// Transport over HTTP: Authorization, errors by status, metrics and debug logs.
#pragma once

#include <string>

#include "async/files.h"
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

struct HttpTransportOptions {
  Url server{};
  std::string token{};       // bearer token, "" for none
  std::string token_file{};  // read at most every 60 s and after a 401; wins over token
  std::string user_agent = "holmes";
};

// On the loop's thread. What is given by reference or pointer outlives it and its requests.
class HttpTransport final : public Transport {
 public:
  // `requests` serves send(), `streams` serves open(), so that writes never wait behind watches for
  // a connection; one client may be both. `metrics` may be nullptr.
  HttpTransport(const Clock& clock, HttpClient& requests, HttpClient& streams, const Files& files,
                Logger logger, RequestMetrics* metrics, HttpTransportOptions options);

  Task<Result<Response>> send(Request request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override;

 private:
  // One try of a request.
  struct Attempt {
    HttpRequest http;
    std::string token;
    MonoTime begin;
  };
  Result<Attempt> prepare(const Request& request);
  void record(const Request& request, const Attempt& attempt, const Result<int>& status) const;
  [[nodiscard]] Error error_of(int status, const HttpHeaders& headers, std::string_view body) const;

  const Clock& clock_;
  HttpClient& requests_;
  HttpClient& streams_;
  Logger logger_;
  RequestMetrics* metrics_;
  std::string base_;
  std::string user_agent_;
  TokenSource credentials_;
};

}  // namespace holmes::kube
