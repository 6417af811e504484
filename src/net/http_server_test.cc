#include "net/http_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/json.h"
#include "net/curl_client.h"
#include "net/net_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override { serve({}); }
  void TearDown() override { close(); }

  void serve(HttpServerOptions options) {
    close();
    server_ = std::make_unique<HttpServer>(
        loop_, [this](HttpRequest r, Stop s) { return handle(*this, std::move(r), std::move(s)); },
        Logger(), std::move(options));
    const Status listening = server_->listen();
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
  }
  void close() {
    open_.set();
    if (server_ != nullptr) loop_.run(server_->close({}));
    server_.reset();
    open_.reset();
  }

  // "/echo" tells what came, "/wait" answers when open_ is set or the stop comes.
  static Task<HttpResponse> handle(HttpServerTest& test, HttpRequest request, Stop stop) {
    ++test.handled_;
    test.arrived_.set();
    HttpResponse response;
    if (request.target == "/wait") {
      const Status waited = co_await test.open_.wait(stop);
      test.was_stopped_ = !waited.has_value();
      test.ended_.set();
    }
    if (request.target == "/big") response.body = std::string(size_t{32} << 20U, 'x');
    response.status = 202;
    response.headers.add("X-Method", request.method);
    if (request.target == "/echo") {
      response.body = request.target + ":" + request.body;
      if (const auto key = request.headers.find("x-key")) {
        response.headers.add("X-Key", std::string(*key));
      }
    }
    co_return response;
  }

  std::unique_ptr<TcpPeer> connect() { return loop_.run(TcpPeer::connect(loop_, server_->port())); }
  void write(TcpPeer& peer, std::string bytes) {
    EXPECT_TRUE(loop_.run(peer.write(std::move(bytes))));
  }
  std::string read_head(TcpPeer& peer) { return loop_.run(peer.read_until("\r\n\r\n")); }
  // What the server answers to these bytes until it closes the connection.
  std::string answer_to(std::string bytes) {
    const auto peer = connect();
    write(*peer, std::move(bytes));
    return loop_.run(peer->read_to_end());
  }
  Status wait(Event& event) { return loop_.run(event.wait({})); }
  // Lets everything run that can run now.
  void settle() { EXPECT_TRUE(loop_.run(sleep_for(loop_, milliseconds(20), {})).has_value()); }
  static void expect_rejected(const std::string& answer, int status, std::string_view why) {
    EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {} ", status)));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    const size_t body = answer.find("\r\n\r\n") + 4;
    const auto json = parse_json_object(answer.substr(body));
    ASSERT_TRUE(json.has_value()) << answer;
    EXPECT_THAT(json_string_or(*json, {"detail"}), HasSubstr(why));
  }

  AsioLoop loop_;
  Timer watchdog_ = watchdog(loop_);
  Event open_{loop_};
  Event arrived_{loop_};
  Event ended_{loop_};
  int handled_ = 0;
  bool was_stopped_ = false;
  std::unique_ptr<HttpServer> server_;
  const std::string wait_request_ = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string echo_request_ = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
};

TEST_F(HttpServerTest, HandsRequestsToTheHandlerAndItsAnswersBack) {
  const auto client = make_curl_client(loop_);
  const std::string body(100000, 'b');
  for (int i = 0; i < 3; ++i) {
    HttpRequest request{"PATCH", "http://" + server_->address() + "/echo", {{"X-Key", "1"}}, body};
    const auto response = loop_.run(client->send(std::move(request), {}));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 202);
    EXPECT_EQ(response->headers.find("x-method"), "PATCH");
    EXPECT_EQ(response->headers.find("x-key"), "1");
    EXPECT_EQ(response->headers.find("content-type"), std::nullopt);
    EXPECT_EQ(response->body, "/echo:" + body);
  }
}

TEST_F(HttpServerTest, KeepsTheConnectionUntilTheClientWantsItClosed) {
  const auto peer = connect();
  for (int i = 0; i < 2; ++i) {
    write(*peer, echo_request_);
    EXPECT_THAT(read_head(*peer), HasSubstr("Connection: keep-alive"));
    EXPECT_EQ(loop_.run(peer->read_until("hi")), "/echo:hi");
  }
  write(*peer, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(loop_.run(peer->read_to_end()), HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, ClosesAfterHttp10UnlessAskedToStay) {
  EXPECT_THAT(answer_to("GET /x HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
  const auto peer = connect();
  for (int i = 0; i < 2; ++i) {
    write(*peer, "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(read_head(*peer), HasSubstr("Connection: keep-alive"));
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  const std::string answer =
      answer_to(echo_request_ + "HEAD /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("/echo:hiHTTP/1.1 202 "));
}

TEST_F(HttpServerTest, AHeadHasTheLengthAndNoBody) {
  const std::string answer =
      answer_to("HEAD /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, TakesChunkedBodies) {
  EXPECT_THAT(answer_to("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
              EndsWith("\r\n\r\n/echo:abc"));
}

TEST_F(HttpServerTest, TakesAnEmptyChunkedBodyByteByByte) {
  const auto peer = connect();
  write(*peer,
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
  for (const char c : std::string("0\r\n\r\n")) {
    write(*peer, std::string(1, c));
    EXPECT_TRUE(loop_.run(sleep_for(loop_, milliseconds(2), {})).has_value());
  }
  EXPECT_THAT(loop_.run(peer->read_to_end()), EndsWith("\r\n\r\n/echo:"));
}

TEST_F(HttpServerTest, MalformedRequestsGet400AndAreClosed) {
  const std::string rows[] = {
      "GARBAGE\r\n\r\n",
      "GET\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS to a plain port\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  };
  for (const std::string& row : rows) {
    SCOPED_TRACE(row);
    expect_rejected(answer_to(row), 400, "malformed HTTP");
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, AConnectionThatEndsWithinARequestIsJustClosed) {
  for (const std::string row :
       {"", "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"}) {
    auto peer = connect();
    if (!row.empty()) write(*peer, row);
    settle();
    peer.reset();
    settle();
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_THAT(answer_to("GET /x HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 202 "));
}

TEST_F(HttpServerTest, ABodyOverTheLimitGets413) {
  serve({.body_bytes_max = 10});
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  EXPECT_THAT(answer_to(head + "Content-Length: 10\r\n\r\n0123456789"),
              StartsWith("HTTP/1.1 202 "));
  expect_rejected(answer_to(head + "Content-Length: 11\r\n\r\n0123456789a"), 413, "10 bytes");
  expect_rejected(
      answer_to(head + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n"), 413,
      "10 bytes");
  // The client gets the answer though it goes on sending.
  const std::string body(300000, 'x');
  expect_rejected(answer_to(head + "Content-Length: 300000\r\n\r\n" + body), 413, "10 bytes");
  EXPECT_EQ(handled_, 1);
}

TEST_F(HttpServerTest, AHeaderOverTheLimitGets431) {
  serve({.header_bytes_max = 1024});
  const std::string head = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ";
  EXPECT_THAT(answer_to(head + std::string(800, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 202 "));
  expect_rejected(answer_to(head + std::string(1100, 'x') + "\r\n\r\n"), 431, "1024 bytes");
  expect_rejected(answer_to(head + std::string(20000, 'x')), 431, "1024 bytes");
  expect_rejected(answer_to("GET /" + std::string(20000, 'x')), 431, "1024 bytes");
}

TEST_F(HttpServerTest, TellsAWaitingClientToSendItsBody) {
  const auto peer = connect();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
  write(*peer, head + "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(read_head(*peer), "HTTP/1.1 100 Continue\r\n\r\n");
  write(*peer, "hi");
  EXPECT_EQ(loop_.run(peer->read_until("/echo:hi")).substr(0, 13), "HTTP/1.1 202 ");
  // But not when it would be too large.
  write(*peer, head + "Content-Length: 99999999\r\n\r\n");
  EXPECT_THAT(read_head(*peer), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, CutsOffSlowClients) {
  constexpr milliseconds kLong = std::chrono::hours(1);
  constexpr milliseconds kShort{30};
  struct Row {
    std::string what, bytes;
    HttpServerOptions options;
    std::string answer;
  };
  const Row rows[] = {
      {"silent", "", {.header_timeout = kShort, .body_timeout = kLong, .idle_timeout = kLong}, ""},
      {"header",
       "GET / HT",
       {.header_timeout = kShort, .body_timeout = kLong, .idle_timeout = kLong},
       ""},
      {"body",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
       {.header_timeout = kLong, .body_timeout = kShort, .idle_timeout = kLong},
       ""},
      {"idle",
       "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
       {.header_timeout = kLong, .body_timeout = kLong, .idle_timeout = kShort},
       "HTTP/1.1 202 "},
      {"reader",
       "GET /big HTTP/1.1\r\nHost: a\r\n\r\n",
       {.header_timeout = kLong, .body_timeout = kShort, .idle_timeout = kLong},
       "HTTP/1.1 202 "},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    serve(row.options);
    const auto peer = connect();
    if (!row.bytes.empty()) write(*peer, row.bytes);
    // A slow reader begins after the time for sending is over.
    if (row.what == "reader") {
      arrived_.reset();
      EXPECT_TRUE(wait(arrived_).has_value());
      EXPECT_TRUE(loop_.run(sleep_for(loop_, milliseconds(150), {})).has_value());
    }
    const std::string answer = loop_.run(peer->read_to_end());
    EXPECT_EQ(answer.substr(0, 13), row.answer);
    EXPECT_LT(answer.size(), size_t{32} << 20U);
  }
}

TEST_F(HttpServerTest, AHandlerMayTakeLongerThanAllTimeouts) {
  constexpr milliseconds kShort{20};
  serve({.header_timeout = kShort, .body_timeout = kShort, .idle_timeout = kShort});
  const auto peer = connect();
  write(*peer, wait_request_);
  EXPECT_TRUE(wait(arrived_).has_value());
  EXPECT_TRUE(loop_.run(sleep_for(loop_, kShort * 4, {})).has_value());
  open_.set();
  EXPECT_THAT(read_head(*peer), StartsWith("HTTP/1.1 202 "));
}

TEST_F(HttpServerTest, TurnsAwayConnectionsOverTheLimit) {
  serve({.connections_max = 2});
  const auto first = connect();
  auto second = connect();
  settle();
  const std::string answer = answer_to(wait_request_);
  expect_rejected(answer, 503, "too many connections");
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  second.reset();
  settle();
  EXPECT_THAT(answer_to("GET /x HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 202 "));
}

TEST_F(HttpServerTest, AHangUpStopsTheHandler) {
  auto peer = connect();
  write(*peer, wait_request_);
  EXPECT_TRUE(wait(arrived_).has_value());
  EXPECT_FALSE(ended_.is_set());
  peer.reset();
  EXPECT_TRUE(wait(ended_).has_value());
  EXPECT_TRUE(was_stopped_);
}

TEST_F(HttpServerTest, AnEarlyNextRequestIsNoHangUp) {
  const auto peer = connect();
  write(*peer, wait_request_);
  EXPECT_TRUE(wait(arrived_).has_value());
  write(*peer, echo_request_);
  settle();
  EXPECT_FALSE(ended_.is_set());
  open_.set();
  EXPECT_THAT(loop_.run(peer->read_until("/echo:hi")), HasSubstr("HTTP/1.1 202 "));
  EXPECT_FALSE(was_stopped_);
  EXPECT_EQ(handled_, 2);
}

TEST_F(HttpServerTest, CloseLetsHandlersFinishAndEndsTheRest) {
  const auto busy = connect();
  write(*busy, wait_request_);
  EXPECT_TRUE(wait(arrived_).has_value());
  const auto idle = connect();
  write(*idle, echo_request_);
  loop_.run(idle->read_until("/echo:hi"));
  const auto silent = connect();
  settle();
  const uint16_t port = server_->port();

  TaskScope closing(loop_);
  closing.spawn(server_->close({}));
  EXPECT_EQ(loop_.run(idle->read_to_end()), "");
  EXPECT_EQ(loop_.run(silent->read_to_end()), "");
  const auto client = make_curl_client(loop_);
  const auto refused =
      loop_.run(client->send({.target = fmt::format("http://127.0.0.1:{}/", port)}, {}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_EQ(closing.size(), 1U);
  open_.set();
  EXPECT_THAT(loop_.run(busy->read_to_end()), HasSubstr("Connection: close"));
  EXPECT_TRUE(loop_.run(closing.drain({})).has_value());
  EXPECT_FALSE(was_stopped_);
}

TEST_F(HttpServerTest, CloseStopsHandlersWhenItsOwnStopComes) {
  const auto busy = connect();
  write(*busy, wait_request_);
  const auto reader = connect();  // never reads its answer
  write(*reader, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  settle();
  EXPECT_EQ(handled_, 2);
  const StopSource limit({}, loop_, loop_.mono_now() + milliseconds(30));
  loop_.run(server_->close(limit.stop()));
  EXPECT_TRUE(ended_.is_set());
  EXPECT_TRUE(was_stopped_);
  EXPECT_EQ(loop_.run(busy->read_to_end()), "");
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  const auto listen = [&](std::string host, uint16_t port) {
    HttpServer other(loop_, nullptr, Logger(), {.host = std::move(host), .port = port});
    return other.listen();
  };
  const Status taken = listen("127.0.0.1", server_->port());
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(taken.error().message, HasSubstr(std::to_string(server_->port())));
  EXPECT_THAT(taken.error().message, HasSubstr("in use"));
  const Status nonsense = listen("nonsense", 0);
  ASSERT_FALSE(nonsense.has_value());
  EXPECT_EQ(nonsense.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(nonsense.error().message, HasSubstr("nonsense"));
}

}  // namespace
}  // namespace holmes
