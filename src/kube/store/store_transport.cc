#include "kube/store/store_transport.h"

#include <utility>

#include "kube/core/status.h"
#include "net/url.h"

namespace holmes::kube {
namespace {

Result<ApiRequest> received(Request request, const std::string& user_agent) {
  HOLMES_TRY(Target target, parse_target(request.path));
  ApiRequest api;
  api.method = std::move(request.method);
  api.segments = std::move(target.segments);
  api.query = std::move(request.query);
  api.body = std::move(request.body);
  api.content_type = std::move(request.content_type);
  api.accept = std::move(request.accept);
  api.user_agent = user_agent;
  return api;
}

Error refused(const ApiAnswer& answer) {
  return status_error(answer.status, answer.body, std::nullopt);
}

// An answer's stream as HTTP would bring it.
class Stream final : public HttpStream {
 public:
  explicit Stream(ApiAnswer answer) : answer_(std::move(answer)) {}

  [[nodiscard]] int status() const override { return answer_.status; }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("read"));
    if (answer_.stream != nullptr) co_return co_await answer_.stream->next(std::move(stop));
    if (answer_.body.empty()) co_return std::nullopt;
    co_return std::exchange(answer_.body, {});
  }

 private:
  ApiAnswer answer_;
  HttpHeaders headers_;
};

}  // namespace

StoreTransport::StoreTransport(ApiServer& server, std::string user_agent)
    : server_(server), user_agent_(std::move(user_agent)) {}

Task<Result<Response>> StoreTransport::send(Request request, Stop stop) {
  if (stop.requested()) co_return fail(stop.error("send"));
  HOLMES_CO_CHECK(check_path(request.path));
  HOLMES_CO_TRY(ApiRequest api, received(std::move(request), user_agent_));
  ApiAnswer answer = co_await server_.answer(std::move(api), stop);
  if (answer.status > 299) co_return fail(refused(answer));
  Response response{answer.status, std::move(answer.body)};
  if (answer.stream != nullptr) {
    while (true) {
      HOLMES_CO_TRY(std::optional<std::string> piece, co_await answer.stream->next(stop));
      if (!piece) break;
      response.body += *piece;
    }
  }
  co_return response;
}

Task<Result<std::unique_ptr<HttpStream>>> StoreTransport::open(Request request, Stop stop) {
  if (stop.requested()) co_return fail(stop.error("open"));
  HOLMES_CO_CHECK(check_path(request.path));
  HOLMES_CO_TRY(ApiRequest api, received(std::move(request), user_agent_));
  ApiAnswer answer = co_await server_.answer(std::move(api), stop);
  if (answer.status > 299) co_return fail(refused(answer));
  co_return std::make_unique<Stream>(std::move(answer));
}

}  // namespace holmes::kube
