// For tests of HttpServer: one that answers with what the test says, on the test's loop.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "net/http_server.h"
#include "net/net_testing.h"

namespace holmes {

// A body that the test gives out piece by piece. Both sides may be ahead.
class ScriptedBody final : public HttpBody {
 public:
  using Piece = Result<std::optional<std::string>>;
  explicit ScriptedBody(AsioLoop& loop) : changed_(loop) {}

  void give(Piece piece) {
    pieces_.push_back(std::move(piece));
    changed_.set();
  }
  void end() { give(std::nullopt); }
  Task<Piece> next(Stop stop) override {
    ++asked;
    if (pieces_.empty()) {
      changed_.reset();
      const Status waited = co_await changed_.wait(std::move(stop));
      if (!waited) {
        stopped = true;
        co_return fail(waited.error());
      }
    }
    Piece piece = std::move(pieces_.front());
    pieces_.erase(pieces_.begin());
    co_return piece;
  }

  int asked = 0;
  bool stopped = false;

 private:
  std::vector<Piece> pieces_;
  Event changed_;
};

class AnsweringServerTest : public testing::Test {
 protected:
  void TearDown() override { close(); }

  void serve(HttpServerOptions options = {}) {
    close();
    server_ = std::make_unique<HttpServer>(
        loop_, [this](HttpRequest request, Stop) { return handle(*this, std::move(request)); },
        Logger(), std::move(options));
    const Status listening = server_->listen();
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
  }
  void close() {
    if (server_ != nullptr) loop_.run(server_->close({}));
    server_.reset();
  }
  // "/stream" is answered with body_, "/none" likewise but as 204, "/big" with kBigBytes, all else
  // with what was asked.
  static Task<HttpResponse> handle(AnsweringServerTest& test, HttpRequest request) {
    HttpResponse response;
    if (request.target == "/stream" || request.target == "/none") {
      response.status = request.target == "/none" ? 204 : 200;
      response.stream = test.body_;
    } else if (request.target == "/big") {
      response.body.assign(kBigBytes, 'x');
    } else {
      response.body = request.target + ":" + request.body;
    }
    test.last_ = std::move(request);
    co_return response;
  }

  std::unique_ptr<TcpPeer> connect() { return loop_.run(TcpPeer::connect(loop_, server_->port())); }
  void write(TcpPeer& peer, std::string bytes) {
    EXPECT_TRUE(loop_.run(peer.write(std::move(bytes))));
  }
  std::string read_until(TcpPeer& peer, std::string end) {
    return loop_.run(peer.read_until(std::move(end)));
  }
  std::string read_head(TcpPeer& peer) { return read_until(peer, "\r\n\r\n"); }
  std::string read_to_end(TcpPeer& peer) { return loop_.run(peer.read_to_end()); }
  // Runs the loop until it is so; the watchdog ends what never is.
  template <class Condition>
  void wait_until(Condition condition) {
    while (!condition()) settle(std::chrono::milliseconds(1));
  }
  // Lets everything run that can run now.
  void settle(std::chrono::milliseconds time = std::chrono::milliseconds(20)) {
    EXPECT_TRUE(loop_.run(sleep_for(loop_, time, {})).has_value());
  }

  static constexpr size_t kBigBytes = size_t{20} << 20U;
  AsioLoop loop_;
  Timer watchdog_ = watchdog(loop_);
  std::shared_ptr<ScriptedBody> body_ = std::make_shared<ScriptedBody>(loop_);
  HttpRequest last_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace holmes
