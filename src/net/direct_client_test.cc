// What the direct client promises beyond http_client_test.cc: which connections it uses.
#include <fmt/format.h>

#include "net/client_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using Opening = Background<Result<std::unique_ptr<HttpStream>>>;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class FakeResolver final : public Resolver {
 public:
  explicit FakeResolver(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {}
  Task<Result<std::vector<std::string>>> resolve(std::string /*host*/, uint16_t /*port*/,
                                                 Stop /*stop*/) override {
    co_return addresses_;
  }

 private:
  std::vector<std::string> addresses_;
};

class DirectClientTest : public ClientTest {
 protected:
  DirectClientTest() : ClientTest(kDirectKind) {}

  void use(DirectClientOptions options, std::unique_ptr<Resolver> resolver = nullptr) {
    client_ = make_direct_client(loop_, std::move(options), std::move(resolver));
  }
  std::unique_ptr<Sending> start(std::string method = "GET", Stop stop = {}) {
    return std::make_unique<Sending>(loop_,
                                     client_->send(request(std::move(method)), std::move(stop)));
  }
  void answer(TcpPeer& peer) {
    read_head(peer);
    write(peer, std::string(kOk));
  }
  void pass(milliseconds time) { EXPECT_TRUE(loop_.run(sleep_for(loop_, time, {})).has_value()); }
};

TEST_F(DirectClientTest, UsesTheConnectionThatWasUsedLast) {
  const auto one = start();
  const auto other = start();
  const auto first = accept();
  const auto second = accept();
  answer(*second);
  answer(*first);
  EXPECT_TRUE(one->get().has_value());
  EXPECT_TRUE(other->get().has_value());
  for (int i = 0; i < 3; ++i) {
    const auto again = start("POST");
    answer(*first);
    EXPECT_TRUE(again->get().has_value());
  }
  EXPECT_FALSE(listener_.has_waiting());
}

TEST_F(DirectClientTest, AtTheLimitRequestsWaitInOrder) {
  use({.connections_max = 1});
  const auto first = start("GET");
  const auto peer = accept();
  const auto second = start("PUT");
  StopSource stop;
  const auto given_up = start("DELETE", stop.stop());
  const auto third = start("PATCH");
  pass(milliseconds(20));
  EXPECT_FALSE(listener_.has_waiting());
  stop.request_stop();
  const auto stopped = given_up->get();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  for (const std::string method : {"GET", "PUT", "PATCH"}) {
    EXPECT_TRUE(read_head(*peer).starts_with(method));
    write(*peer, std::string(kOk));
  }
  for (const Sending* sending : {first.get(), second.get(), third.get()}) {
    EXPECT_TRUE(const_cast<Sending*>(sending)->get().has_value());
  }
}

TEST_F(DirectClientTest, AFailedRequestAndADestroyedStreamMakeRoomForTheNext) {
  use({.connections_max = 1});
  const auto failing = start();
  accept().reset();
  EXPECT_FALSE(failing->get().has_value());
  Opening opening(loop_, client_->open(request("GET"), {}));
  const auto peer = accept();
  read_head(*peer);
  write(*peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  auto stream = std::move(opening.get().value());
  const auto waiting = start();
  pass(milliseconds(20));
  EXPECT_FALSE(listener_.has_waiting());
  stream.reset();
  answer(*accept());
  EXPECT_TRUE(waiting->get().has_value());
}

TEST_F(DirectClientTest, AStreamReadToItsEndLeavesItsConnectionToTheNextRequest) {
  Opening opening(loop_, client_->open(request("GET"), {}));
  const auto peer = accept();
  read_head(*peer);
  write(*peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
  const auto stream = std::move(opening.get().value());
  EXPECT_EQ(loop_.run(stream->read({})).value(), "ab");
  EXPECT_EQ(loop_.run(stream->read({})).value(), std::nullopt);
  const auto next = start();
  answer(*peer);
  EXPECT_TRUE(next->get().has_value());
}

TEST_F(DirectClientTest, AnotherPeersKeptConnectionGoesAtTheLimit) {
  use({.connections_max = 1});
  const auto first = start();
  const auto peer = accept();
  answer(*peer);
  EXPECT_TRUE(first->get().has_value());
  TcpListener other(loop_);
  HttpRequest get;
  get.target = other.url();
  Sending elsewhere(loop_, client_->send(get, {}));
  const auto other_peer = loop_.run(other.accept());
  answer(*other_peer);
  EXPECT_TRUE(elsewhere.get().has_value());
  EXPECT_EQ(loop_.run(peer->read_to_end()), "");  // hung up
}

TEST_F(DirectClientTest, AnOldConnectionTakesNoMoreRequests) {
  use({.connection_age_max = milliseconds(30)});
  const auto first = start();
  const auto peer = accept();
  answer(*peer);
  EXPECT_TRUE(first->get().has_value());
  pass(milliseconds(40));
  const auto second = start();
  answer(*accept());
  EXPECT_TRUE(second->get().has_value());
  EXPECT_EQ(loop_.run(peer->read_to_end()), "");
}

TEST_F(DirectClientTest, AnIdleConnectionIsClosed) {
  use({.connection_idle_max = milliseconds(30)});
  const auto first = start();
  const auto peer = accept();
  answer(*peer);
  EXPECT_TRUE(first->get().has_value());
  EXPECT_EQ(loop_.run(peer->read_to_end()), "");
}

TEST_F(DirectClientTest, AnswersThatNobodyAskedForEndTheConnection) {
  const auto first = start();
  const auto peer = accept();
  read_head(*peer);
  write(*peer, std::string(kOk) + std::string(kOk));
  EXPECT_TRUE(first->get().has_value());
  EXPECT_EQ(loop_.run(peer->read_to_end()), "");
  const auto second = start();
  const auto next = accept();
  answer(*next);
  EXPECT_TRUE(second->get().has_value());
  write(*next, std::string(kOk));
  const auto third = start();
  answer(*accept());
  EXPECT_TRUE(third->get().has_value());
}

TEST_F(DirectClientTest, TriesTheAddressesOfANameInOrder) {
  std::string closed;
  {
    const TcpListener gone(loop_);
    closed = fmt::format("127.0.0.1:{}", gone.port());
  }
  const std::string open = fmt::format("127.0.0.1:{}", listener_.port());
  use({}, std::make_unique<FakeResolver>(std::vector{closed, open}));
  HttpRequest get;
  get.target = "http://server.example/";
  Sending sending(loop_, client_->send(get, {}));
  answer(*accept());
  EXPECT_TRUE(sending.get().has_value());

  use({}, std::make_unique<FakeResolver>(std::vector{closed, closed}));
  const auto refused = loop_.run(client_->send(get, {}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_EQ(refused.error().message,
            "GET http://server.example/: connect to " + closed + ": Connection refused");
}

TEST_F(DirectClientTest, ASilentAddressLeavesTimeForTheNext) {
  // A TLS server that says nothing, and one that hangs up: the second's word is the last.
  TcpListener silent(loop_);
  use({.tls = {.insecure = true}, .connect_timeout = milliseconds(400)},
      std::make_unique<FakeResolver>(std::vector{fmt::format("127.0.0.1:{}", silent.port()),
                                                 fmt::format("127.0.0.1:{}", listener_.port())}));
  HttpRequest get;
  get.target = "https://server.example/";
  Sending sending(loop_, client_->send(get, {}));
  accept().reset();
  const auto refused = sending.get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_NE(refused.error().message.find("closed during the TLS handshake"), std::string::npos)
      << refused.error().message;
}

TEST_F(DirectClientTest, ReadsTheAnswerOfAPeerThatHungUpInTheMiddleOfTheRequest) {
  const std::string body(size_t{24} << 20U, 'x');  // more than the kernel's buffers take
  Sending sending(loop_, client_->send(request("POST", body), {}));
  auto peer = accept();
  read_head(*peer);
  write(*peer, "HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\nno");
  peer.reset();
  const auto response = sending.get();
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(response->body, "no");
}

TEST_F(DirectClientTest, LinesBetweenChunksHaveALimit) {
  const auto response = exchange(request("GET"),
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                 "\r\n1;" +
                                     std::string(400000, 'x'));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kTooLarge) << response.error().message;
}

TEST_F(DirectClientTest, WhatIsNotHttpIsNamed) {
  for (const std::string answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n"}) {
    const auto response = exchange(request("GET"), answer);
    ASSERT_FALSE(response.has_value()) << answer;
    EXPECT_EQ(response.error().code, ErrorCode::kProtocol) << answer;
  }
}

}  // namespace
}  // namespace holmes
