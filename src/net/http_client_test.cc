#include <fmt/format.h>

#include "net/client_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using HttpClientTest = EitherClientTest;

TEST_P(HttpClientTest, SendsWhatItWasGivenAndNoMore) {
  HttpRequest post = request("POST", "{}");
  post.headers = HttpHeaders{{"X-Key", "1"}, {"X-Empty", ""}, {"Content-Type", "application/json"}};
  Sending sending(loop_, client_->send(post, {}));
  const auto peer = accept();
  const std::string port = std::to_string(listener_.port());
  const std::string encoding = kind_.name == "Curl" ? "Accept-Encoding: gzip\r\n" : "";
  EXPECT_EQ(
      loop_.run(peer->read_until("{}")),
      "POST /a/b?key=secret HTTP/1.1\r\nHost: 127.0.0.1:" + port +
          "\r\nUser-Agent: holmes\r\nAccept: */*\r\n" + encoding +
          "X-Key: 1\r\nX-Empty:\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  write(*peer,
        "HTTP/1.1 201 Created\r\nX-A: 1\r\nx-b:  two \r\nX-A: 3\r\nContent-Length: 5\r\n\r\nhello");
  const auto response = sending.get();
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.find("X-B"), "two");
  EXPECT_EQ(response->headers.all().size(), 4U);
}

TEST_P(HttpClientTest, KeepsTheConnectionAndForgetsTheLastRequest) {
  std::unique_ptr<TcpPeer> peer;
  struct Row {
    std::string method, body, first_line, answer_body;
  };
  const Row rows[] = {
      {"POST", "xyz", "POST /a/b?key=secret HTTP/1.1", "1"},
      {"GET", "", "GET /a/b?key=secret HTTP/1.1", "2"},
      {"HEAD", "", "HEAD /a/b?key=secret HTTP/1.1", ""},
      {"PATCH", "{\"a\":1}", "PATCH /a/b?key=secret HTTP/1.1", "3"},
      {"DELETE", "", "DELETE /a/b?key=secret HTTP/1.1", "4"},
      {"DELETE", "{}", "DELETE /a/b?key=secret HTTP/1.1", "5"},
      {"PUT", "", "PUT /a/b?key=secret HTTP/1.1", "6"},
      {"GET", "", "GET /a/b?key=secret HTTP/1.1", "7"},
  };
  for (const Row& row : rows) {
    Sending sending(loop_, client_->send(request(row.method, row.body), {}));
    if (peer == nullptr) peer = accept();
    const std::string head = read_head(*peer);
    EXPECT_TRUE(head.starts_with(row.first_line + "\r\n")) << head;
    const bool sized =
        head.find("Content-Length: " + std::to_string(row.body.size())) != std::string::npos;
    EXPECT_EQ(sized, !row.body.empty() || row.method == "PUT") << head;
    EXPECT_EQ(head.find("Content-Type"), std::string::npos) << head;
    if (!row.body.empty()) EXPECT_EQ(loop_.run(peer->read_until(row.body)), row.body);
    write(*peer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + row.answer_body);
    const auto response = sending.get();
    ASSERT_TRUE(response.has_value()) << row.method << ": " << response.error().message;
    EXPECT_EQ(response->body, row.answer_body) << row.method;
  }
  EXPECT_FALSE(listener_.has_waiting());
}

TEST_P(HttpClientTest, EveryStatusIsASuccess) {
  for (const int status : {204, 301, 304, 401, 404, 500, 503}) {
    const auto response = exchange(
        request("GET"), fmt::format("HTTP/1.1 {} X\r\nLocation: /x\r\nContent-Length: 0\r\n"
                                    "Connection: close\r\n\r\n",
                                    status));
    ASSERT_TRUE(response.has_value()) << status;
    EXPECT_EQ(response->status, status);
  }
}

TEST_P(HttpClientTest, SkipsInterimResponsesAndTrailers) {
  const auto response = exchange(request("GET"),
                                 "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 "
                                 "OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "2\r\nab\r\n1\r\nc\r\n0\r\nX-Trailer: 1\r\n\r\n");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "abc");
  EXPECT_EQ(response->headers.find("X-Early"), std::nullopt);
  EXPECT_EQ(response->headers.find("X-Trailer"), std::nullopt);
}

TEST_P(HttpClientTest, ABodyWithoutLengthEndsWithTheConnection) {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"}) {
    Sending sending(loop_, client_->send(request("GET"), {}));
    auto peer = accept();
    read_head(*peer);
    write(*peer, head + "hel");
    write(*peer, "lo");
    peer.reset();
    const auto response = sending.get();
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
}

TEST_P(HttpClientTest, TakesAnAnswerByteByByte) {
  const std::pair<std::string, std::string> rows[] = {
      {"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"}, {"0\r\n\r\n", ""}};
  for (const auto& [chunks, body] : rows) {
    Sending sending(loop_, client_->send(request("GET"), {}));
    const auto peer = accept();
    read_head(*peer);
    for (const char c :
         "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n"
         "Transfer-Encoding: chunked\r\n\r\n" +
             chunks) {
      write(*peer, std::string(1, c));
      EXPECT_TRUE(loop_.run(sleep_for(loop_, std::chrono::microseconds(50), {})).has_value());
    }
    const auto response = sending.get();
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->headers.find("A"), "b");
    EXPECT_EQ(response->body, body);
  }
}

TEST_P(HttpClientTest, ResolvesNames) {
  HttpRequest get = request("GET");
  get.target = fmt::format("http://localhost:{}/", listener_.port());
  const auto response = exchange(std::move(get), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(response.has_value());
}

TEST_P(HttpClientTest, ReachesTheGivenAddressInsteadOfTheHosts) {
  HttpRequest get = request("GET");
  get.target = "http://server.example:5050/x";
  get.connect_to = fmt::format("127.0.0.1:{}", listener_.port());
  Sending sending(loop_, client_->send(get, {}));
  const auto peer = accept();
  EXPECT_NE(read_head(*peer).find("Host: server.example:5050\r\n"), std::string::npos);
  write(*peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(sending.get().has_value());
  // The kept connection is not taken for the same host at another address.
  TcpListener other(loop_);
  get.connect_to = fmt::format("127.0.0.1:{}", other.port());
  StopSource stop;
  Sending elsewhere(loop_, client_->send(get, stop.stop()));
  const auto other_peer = loop_.run(other.accept());
  read_head(*other_peer);
  stop.request_stop();
  EXPECT_FALSE(elsewhere.get().has_value());
}

TEST_P(HttpClientTest, RefusesBadRequestsWithoutSending) {
  const std::string url = listener_.url();
  const HttpRequest rows[] = {
      {"GET", "", {}, ""},
      {"GET", "127.0.0.1/x", {}, ""},
      {"GET", "ftp://127.0.0.1/x", {}, ""},
      {"GET", "http://user:pw@127.0.0.1/", {}, ""},
      {"GET", url + "a b", {}, ""},
      {"GET", url + "a\r\nX: 1", {}, ""},
      {"GE T", url, {}, ""},
      {"", url, {}, ""},
      {"GET", url, {{"X-A", "1\r\nX-B: 2"}}, ""},
      {"GET", url, {{"X-A", std::string("1\0", 2)}}, ""},
      {"GET", url, {{"X A", "1"}}, ""},
      {"GET", url, {{"", "1"}}, ""},
      {.target = url, .connect_to = "user:pw@a:1"},
  };
  for (const HttpRequest& row : rows) {
    const auto response = loop_.run(client_->send(row, {}));
    ASSERT_FALSE(response.has_value()) << row.method << " " << row.target;
    EXPECT_EQ(response.error().code, ErrorCode::kInvalid) << response.error().message;
    EXPECT_EQ(response.error().message.find("X-B"), std::string::npos);
  }
  EXPECT_FALSE(listener_.has_waiting());
}

TEST_P(HttpClientTest, AClosedPortIsRefusedAndNamedWithoutTheQuery) {
  HttpRequest get = request("GET");
  {
    const TcpListener closed(loop_);
    get.target = closed.url("/a/b?key=secret");
  }
  const auto response = loop_.run(client_->send(get, {}));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kRefused);
  EXPECT_TRUE(response.error().message.starts_with(
      "GET " + get.target.substr(0, get.target.find('?')) + ": "))
      << response.error().message;
  EXPECT_EQ(response.error().message.find("secret"), std::string::npos);
  EXPECT_NE(response.error().message.find("onnect"), std::string::npos) << response.error().message;
}

TEST_P(HttpClientTest, BrokenAnswersSayWhatIsKnown) {
  std::string many_headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 10; ++i) many_headers += "X: " + std::string(50000, 'x') + "\r\n";
  const std::pair<std::string, ErrorCode> rows[] = {
      {"", ErrorCode::kUnavailable},
      {many_headers, ErrorCode::kTooLarge},
      {"HTTP/1.1 200 OK\r\nConte", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ErrorCode::kUnavailable},
      {"SSH-2.0-OpenSSH_9\r\n", ErrorCode::kProtocol},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(400000, 'x') + "\r\n\r\n", ErrorCode::kTooLarge},
  };
  for (const auto& [answer, code] : rows) {
    Sending sending(loop_, client_->send(request("GET"), {}));
    auto peer = accept();
    read_head(*peer);
    loop_.run(peer->write(answer));
    peer.reset();
    const auto response = sending.get();
    ASSERT_FALSE(response.has_value()) << answer.substr(0, 50);
    EXPECT_EQ(response.error().code, code)
        << answer.substr(0, 50) << ": " << response.error().message;
  }
}

TEST_P(HttpClientTest, RepeatsOnADeadKeptConnectionOnlyWhatChangesNothing) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  for (const std::string method : {"GET", "POST", "DELETE"}) {
    Sending first(loop_, client_->send(request("GET"), {}));
    auto peer = accept();
    read_head(*peer);
    write(*peer, ok);
    ASSERT_TRUE(first.get().has_value());
    // The next request arrives on the kept connection, which then breaks without an answer.
    Sending second(loop_, client_->send(request(method), {}));
    EXPECT_TRUE(read_head(*peer).starts_with(method));
    peer.reset();
    if (method == "GET") {
      peer = accept();
      read_head(*peer);
      write(*peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      EXPECT_TRUE(second.get().has_value());
      continue;
    }
    const auto response = second.get();
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable) << response.error().message;
    if (listener_.has_waiting()) EXPECT_EQ(read_head(*accept()), "");  // connected, sent nothing
  }
}

TEST_P(HttpClientTest, NoticesThatAKeptConnectionWasClosedInTheMeantime) {
  Sending first(loop_, client_->send(request("GET"), {}));
  auto peer = accept();
  read_head(*peer);
  write(*peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(first.get().has_value());
  peer.reset();
  const auto second =
      exchange(request("POST", "x"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(second.has_value()) << second.error().message;
}

TEST_P(HttpClientTest, ABodyOverTheLimitIsTooLarge) {
  use({.response_body_bytes_max = 10});
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(exchange(request("GET"), head + "a\r\n0123456789\r\n0\r\n\r\n").has_value());
  use({.response_body_bytes_max = 10});
  const auto response = exchange(request("GET"), head + "b\r\n0123456789a\r\n0\r\n\r\n");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kTooLarge);
}

TEST_P(HttpClientTest, TheStopEndsTheRequestAtOnce) {
  StopSource stop;
  Sending sending(loop_, client_->send(request("POST", "x"), stop.stop()));
  const auto peer = accept();
  loop_.run(peer->read_until("\r\n\r\nx"));
  EXPECT_FALSE(sending.done());
  stop.request_stop();
  const auto response = sending.get();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(response.error().message.starts_with("POST http://127.0.0.1"));
  EXPECT_EQ(loop_.run(peer->read_to_end()), "");  // hung up
}

TEST_P(HttpClientTest, TheDeadlineIsATimeout) {
  const StopSource stop({}, loop_, loop_.mono_now() + milliseconds(30));
  const auto response = loop_.run(client_->send(request("GET"), stop.stop()));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  const auto late = loop_.run(client_->send(request("GET"), stop.stop()));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
}

TEST_P(HttpClientTest, CarriesBigBodiesBothWays) {
  constexpr size_t kBytes = size_t{3} << 20U;
  std::string body;
  for (size_t i = 0; body.size() < kBytes; ++i) body += std::to_string(i);
  Sending sending(loop_, client_->send(request("POST", body), {}));
  const auto peer = accept();
  read_head(*peer);
  EXPECT_EQ(loop_.run(peer->read_until(body.substr(body.size() - 20))), body);
  Background<bool> writing(
      loop_, peer->write(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(),
                                     body)));
  const auto response = sending.get();
  EXPECT_TRUE(writing.get());
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, body);
}

TEST_P(HttpClientTest, RunsManyRequestsAtOnce) {
  constexpr size_t kCount = 40;  // more than there are pooled handles
  for (int round = 0; round < 2; ++round) {
    std::vector<std::unique_ptr<Sending>> all;
    std::vector<std::unique_ptr<TcpPeer>> peers;
    for (size_t i = 0; i < kCount; ++i) {
      all.push_back(std::make_unique<Sending>(loop_, client_->send(request("GET"), {})));
    }
    for (size_t i = 0; i < kCount; ++i) peers.push_back(accept());
    for (const auto& peer : peers) {
      read_head(*peer);
      write(*peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    }
    for (const auto& sending : all) EXPECT_EQ(sending->get().value().body, "ok");
  }
}

INSTANTIATE_TEST_SUITE_P(Clients, HttpClientTest, testing::Values(kCurlKind, kDirectKind),
                         client_name);

}  // namespace
}  // namespace holmes
