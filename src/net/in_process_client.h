// Client and server in one process, without a wire between them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/resolver.h"

namespace holmes {

// Hands requests to a handler as the server would. A requested stop is the handler's hang-up; the
// call returns when the handler does, with the stop's error. The target's host is not looked at.
class InProcessClient final : public HttpClient {
 public:
  // What the handler refers to outlives the client.
  explicit InProcessClient(HttpHandler handler) : handler_(std::move(handler)) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override;

 private:
  HttpHandler handler_;
};

// Every name has one address: where an InProcessClient asks anyway.
class InProcessResolver final : public Resolver {
 public:
  Task<Result<std::vector<std::string>>> resolve(std::string host, uint16_t port,
                                                 Stop stop) override;
};

}  // namespace holmes
