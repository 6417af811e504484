#include <gmock/gmock.h>

#include "net/client_testing.h"
#include "net/http_server_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGet = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kGet10 = "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const std::string kEcho = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

class HttpServerStreamTest : public AnsweringServerTest {
 protected:
  void SetUp() override { serve(); }
  // A connection on which the stream has begun and the server waits for a piece.
  std::unique_ptr<TcpPeer> begin(const std::string& request = kGet) {
    auto peer = connect();
    write(*peer, request);
    read_head(*peer);
    wait_until([&] { return body_->asked > 0; });
    return peer;
  }
};

TEST_F(HttpServerStreamTest, SendsTheHeadAndEachPieceAtOnce) {
  const auto peer = connect();
  write(*peer, kGet);
  const std::string head = read_head(*peer);
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  body_->give("one\n");
  EXPECT_EQ(read_until(*peer, "one\n\r\n"), "4\r\none\n\r\n");
  body_->give("");  // is nothing, not the end
  body_->give(std::string(300, 'x'));
  EXPECT_THAT(read_until(*peer, "x\r\n"), StartsWith("12c\r\nxxx"));
  body_->end();
  EXPECT_EQ(read_until(*peer, "0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(HttpServerStreamTest, TheConnectionServesTheNextRequestAfterTheEnd) {
  const auto peer = begin();
  body_->give("one");
  body_->end();
  EXPECT_EQ(read_until(*peer, "0\r\n\r\n"), "3\r\none\r\n0\r\n\r\n");
  write(*peer, kEcho);
  EXPECT_THAT(read_until(*peer, "/echo:hi"), HasSubstr("Content-Length: 8"));
  body_->asked = 0;
  write(*peer, kGet);
  read_head(*peer);
  body_->end();
  EXPECT_EQ(read_until(*peer, "0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(HttpServerStreamTest, ARequestThatCameDuringTheStreamIsAnsweredAfterIt) {
  const auto peer = begin();
  write(*peer, kEcho);
  settle();
  EXPECT_FALSE(body_->stopped);
  body_->give("one");
  EXPECT_EQ(read_until(*peer, "one\r\n"), "3\r\none\r\n");
  body_->end();
  EXPECT_THAT(read_until(*peer, "/echo:hi"), StartsWith("0\r\n\r\nHTTP/1.1 200 "));
}

TEST_F(HttpServerStreamTest, Http10ReadsUntilTheConnectionEnds) {
  const auto peer = connect();
  write(*peer, kGet10);
  const std::string head = read_head(*peer);
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Transfer-Encoding")));
  body_->give("one");
  EXPECT_EQ(read_until(*peer, "one"), "one");
  body_->give("two");
  body_->end();
  EXPECT_EQ(read_to_end(*peer), "two");
}

TEST_F(HttpServerStreamTest, AHeadIsOnlyTheHead) {
  const auto peer = connect();
  write(*peer, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" + kEcho);
  EXPECT_THAT(read_head(*peer), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(read_until(*peer, "/echo:hi"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(body_->asked, 0);
}

TEST_F(HttpServerStreamTest, AnErrorIsNoRegularEnd) {
  const auto peer = begin();
  body_->give("one");
  body_->give(fail(ErrorCode::kInternal, "no more"));
  EXPECT_EQ(read_to_end(*peer), "3\r\none\r\n");
}

// The end of the connection would be that of the body.
TEST_F(HttpServerStreamTest, AnErrorIsAResetToHttp10) {
  for (const bool regular : {true, false}) {
    body_ = std::make_shared<ScriptedBody>(loop_);
    const auto peer = begin(kGet10);
    body_->give("one");
    EXPECT_EQ(read_until(*peer, "one"), "one");
    body_->give(regular ? ScriptedBody::Piece(std::nullopt)
                        : fail(ErrorCode::kInternal, "no more"));
    EXPECT_EQ(read_to_end(*peer), "");
    EXPECT_EQ(peer->was_reset(), !regular);
  }
}

TEST_F(HttpServerStreamTest, ClientsSeeTheBreak) {
  for (const ClientKind& kind : {kCurlKind, kDirectKind}) {
    SCOPED_TRACE(kind.name);
    body_ = std::make_shared<ScriptedBody>(loop_);
    const auto client = kind.make(loop_, {});
    const HttpRequest get{.target = "http://" + server_->address() + "/stream"};
    const auto stream = loop_.run(client->open(get, {})).value();
    body_->give("one");
    EXPECT_EQ(loop_.run(stream->read({})), "one");
    body_->give(fail(ErrorCode::kInternal, "no more"));
    const auto broken = loop_.run(stream->read({}));
    ASSERT_FALSE(broken.has_value());
    EXPECT_EQ(broken.error().code, ErrorCode::kUnavailable) << broken.error().message;
  }
}

TEST_F(HttpServerStreamTest, AHangUpStopsTheSourceThatWaits) {
  auto peer = begin();
  settle();
  EXPECT_FALSE(body_->stopped);
  peer.reset();
  wait_until([&] { return body_->stopped; });
  EXPECT_EQ(body_->asked, 1);
  close();  // nothing is left to wait for
  EXPECT_EQ(body_.use_count(), 1);
}

TEST_F(HttpServerStreamTest, SilenceIsNoReasonToEndIt) {
  constexpr milliseconds kShort{20};
  serve({.header_timeout = kShort, .body_timeout = kShort, .idle_timeout = kShort});
  const auto peer = begin();
  for (int i = 0; i < 2; ++i) {
    settle(kShort * 4);
    body_->give("one");
    EXPECT_EQ(read_until(*peer, "one\r\n"), "3\r\none\r\n");
  }
}

TEST_F(HttpServerStreamTest, ASlowReaderHasItsTimePerPiece) {
  serve({.body_timeout = milliseconds(100)});
  const auto slow = begin();
  const std::string piece(size_t{32} << 20U, 'x');
  body_->give(piece);
  settle(milliseconds(250));
  body_->give("more");
  const std::string got = read_to_end(*slow);
  EXPECT_THAT(got, StartsWith("2000000\r\nxxx"));
  EXPECT_LT(got.size(), piece.size());
  EXPECT_EQ(body_->asked, 1);
}

TEST_F(HttpServerStreamTest, AReaderThatIsNotThereIsNotReadFor) {
  const auto slow = begin("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string piece(size_t{1} << 20U, 'x');
  for (int i = 0; i < 40; ++i) body_->give(piece);
  body_->end();
  settle(milliseconds(50));
  const int asked = body_->asked;
  EXPECT_LT(asked, 30) << "what does not fit into the sockets stays with its source";
  settle(milliseconds(50));
  EXPECT_EQ(body_->asked, asked);
  const std::string got = read_to_end(*slow);
  EXPECT_GT(got.size(), 40 * piece.size());
  EXPECT_THAT(got, EndsWith("x\r\n0\r\n\r\n"));
}

TEST_F(HttpServerStreamTest, CloseWaitsForTheRegularEnd) {
  const auto peer = begin();
  TaskScope closing(loop_);
  closing.spawn(server_->close({}));
  settle();
  EXPECT_EQ(closing.size(), 1U);
  EXPECT_FALSE(body_->stopped);
  body_->give("last");
  body_->end();
  EXPECT_EQ(read_to_end(*peer), "4\r\nlast\r\n0\r\n\r\n");
  EXPECT_TRUE(loop_.run(closing.drain({})).has_value());
}

TEST_F(HttpServerStreamTest, CloseBreaksStreamsOffWhenItsStopComes) {
  const auto waiting = begin();
  const StopSource limit({}, loop_, loop_.mono_now() + milliseconds(30));
  loop_.run(server_->close(limit.stop()));
  EXPECT_TRUE(body_->stopped);
  EXPECT_EQ(read_to_end(*waiting), "");
}

TEST_F(HttpServerStreamTest, CloseCutsAReaderThatIsSlow) {
  const auto slow = begin();
  body_->give(std::string(size_t{32} << 20U, 'x'));
  settle();
  const StopSource limit({}, loop_, loop_.mono_now() + milliseconds(30));
  loop_.run(server_->close(limit.stop()));
  EXPECT_FALSE(body_->stopped) << "it was not asked again";
  EXPECT_THAT(read_to_end(*slow), Not(EndsWith("0\r\n\r\n")));
}

TEST_F(HttpServerStreamTest, AStatusWithoutABodyHasNoStreamEither) {
  const auto peer = connect();
  write(*peer, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n" + kEcho);
  EXPECT_EQ(read_head(*peer), "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(read_until(*peer, "/echo:hi"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(body_->asked, 0);
}

TEST_F(HttpServerStreamTest, HandlersSeeAllHeaderFields) {
  const auto peer = connect();
  write(*peer,
        "GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: kubectl/v1.32\r\nAccept: text/plain\r\n"
        "authorization: Bearer t\r\nACCEPT: application/json;as=Table, */*\r\n\r\n");
  read_head(*peer);
  EXPECT_EQ(last_.headers.find("user-agent"), "kubectl/v1.32");
  EXPECT_EQ(last_.headers.find("Authorization"), "Bearer t");
  EXPECT_THAT(last_.headers.find_all("Accept"),
              ElementsAre("text/plain", "application/json;as=Table, */*"));
  EXPECT_TRUE(last_.headers.find_all("X-None").empty());
}

}  // namespace
}  // namespace holmes
