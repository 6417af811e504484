#include "net/direct_client.h"

#include "net/direct_exchange.h"

namespace holmes {
namespace {

class DirectStream final : public HttpStream {
 public:
  explicit DirectStream(std::unique_ptr<DirectExchange> exchange)
      : exchange_(std::move(exchange)) {}

  [[nodiscard]] int status() const override { return exchange_->response().status; }
  [[nodiscard]] const HttpHeaders& headers() const override {
    return exchange_->response().headers;
  }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    return exchange_->read(std::move(stop));
  }

 private:
  std::unique_ptr<DirectExchange> exchange_;
};

class DirectClient final : public HttpClient {
 public:
  DirectClient(AsioLoop& loop, DirectClientOptions options, std::unique_ptr<Resolver> resolver)
      : pool_(loop, std::move(options), std::move(resolver)) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    DirectExchange exchange(pool_, std::move(request), pool_.options().response_body_bytes_max);
    HOLMES_CO_CHECK(co_await exchange.until_headers(stop));
    HOLMES_CO_CHECK(co_await exchange.until_done(stop));
    co_return std::move(exchange.response());
  }

  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override {
    auto exchange = std::make_unique<DirectExchange>(pool_, std::move(request), std::nullopt);
    HOLMES_CO_CHECK(co_await exchange->until_headers(stop));
    co_return std::make_unique<DirectStream>(std::move(exchange));
  }

 private:
  DirectPool pool_;
};

}  // namespace

std::unique_ptr<HttpClient> make_direct_client(AsioLoop& loop, DirectClientOptions options,
                                               std::unique_ptr<Resolver> resolver) {
  return std::make_unique<DirectClient>(loop, std::move(options), std::move(resolver));
}

}  // namespace holmes
