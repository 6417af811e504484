#include "net/in_process_client.h"

#include <utility>

namespace holmes {
namespace {

// "http://host:80/a?b" as a server sees it: "/a?b".
std::string origin_form(const std::string& target) {
  const size_t scheme = target.find("://");
  const size_t slash = target.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return slash == std::string::npos ? "/" : target.substr(slash);
}

class Stream final : public HttpStream {
 public:
  explicit Stream(HttpResponse response) : response_(std::move(response)) {}

  [[nodiscard]] int status() const override { return response_.status; }
  [[nodiscard]] const HttpHeaders& headers() const override { return response_.headers; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("read"));
    if (response_.stream == nullptr) {
      if (response_.body.empty()) co_return std::nullopt;
      co_return std::exchange(response_.body, {});
    }
    Result<std::optional<std::string>> piece = co_await response_.stream->next(stop);
    if (stop.requested()) co_return fail(stop.error("read"));
    co_return piece;
  }

 private:
  HttpResponse response_;
};

}  // namespace

Task<Result<std::unique_ptr<HttpStream>>> InProcessClient::open(HttpRequest request, Stop stop) {
  if (stop.requested()) co_return fail(stop.error(request.method));
  request.target = origin_form(request.target);
  HttpResponse response = co_await handler_(std::move(request), stop);
  // What a handler says to a peer that hung up is said to nobody.
  if (stop.requested()) co_return fail(stop.error("wait for the answer"));
  co_return std::make_unique<Stream>(std::move(response));
}

Task<Result<HttpResponse>> InProcessClient::send(HttpRequest request, Stop stop) {
  HOLMES_CO_TRY(const std::unique_ptr<HttpStream> stream, co_await open(std::move(request), stop));
  HttpResponse response{.status = stream->status(), .headers = stream->headers()};
  while (true) {
    HOLMES_CO_TRY(const std::optional<std::string> piece, co_await stream->read(stop));
    if (!piece) co_return response;
    response.body += *piece;
  }
}

Task<Result<std::vector<std::string>>> InProcessResolver::resolve(std::string /*host*/,
                                                                  uint16_t /*port*/, Stop stop) {
  if (stop.requested()) co_return fail(stop.error("resolve"));
  co_return std::vector<std::string>{"in-process"};
}

}  // namespace holmes
