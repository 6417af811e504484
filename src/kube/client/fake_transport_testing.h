// A Transport for tests: answers at once, from a function, and remembers what it was asked.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/client/transport.h"

namespace holmes::kube {

// The body of an answer in given pieces; then its regular end.
class FakeStream final : public HttpStream {
 public:
  explicit FakeStream(std::deque<std::string> pieces, int status = 200, HttpHeaders headers = {})
      : pieces_(std::move(pieces)), status_(status), headers_(std::move(headers)) {}

  [[nodiscard]] int status() const override { return status_; }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("read"));
    if (pieces_.empty()) co_return std::nullopt;
    std::optional<std::string> piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }

 private:
  std::deque<std::string> pieces_;
  int status_;
  HttpHeaders headers_;
};

class FakeTransport final : public Transport {
 public:
  using Answer = std::function<Result<Response>(const Request&)>;
  explicit FakeTransport(Answer answer) : answer_(std::move(answer)) {}

  Task<Result<Response>> send(Request request, Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("send"));
    requests.push_back(request);
    co_return answer_(requests.back());
  }
  // The answer's body is one piece of the stream.
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override {
    HOLMES_CO_TRY(Response response, co_await send(std::move(request), std::move(stop)));
    co_return std::make_unique<FakeStream>(std::deque{std::move(response.body)}, response.status);
  }

  std::vector<Request> requests;  // in order of arrival

 private:
  Answer answer_;
};

}  // namespace holmes::kube
