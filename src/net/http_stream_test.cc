#include <fmt/format.h>

#include "net/client_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using Opening = Background<Result<std::unique_ptr<HttpStream>>>;
using Reading = Background<Result<std::optional<std::string>>>;

class HttpStreamTest : public EitherClientTest {
 protected:
  // Opens a stream whose other end is peer_.
  std::unique_ptr<HttpStream> open(std::string head) {
    Opening opening(loop_, client_->open(request("GET"), {}));
    peer_ = accept();
    read_head(*peer_);
    write(*peer_, std::move(head));
    return std::move(opening.get().value());
  }

  const std::string chunked_ = "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::unique_ptr<TcpPeer> peer_;
};

TEST_P(HttpStreamTest, GivesPiecesAsTheyCome) {
  const auto stream = open(chunked_);
  EXPECT_EQ(stream->status(), 200);
  EXPECT_EQ(stream->headers().find("x-a"), "1");
  for (const std::string piece : {"abc", "de"}) {
    write(*peer_, fmt::format("{}\r\n{}\r\n", piece.size(), piece));
    EXPECT_EQ(loop_.run(stream->read({})).value(), piece);
  }
  write(*peer_, "0\r\n\r\n");
  EXPECT_EQ(loop_.run(stream->read({})).value(), std::nullopt);
  EXPECT_EQ(loop_.run(stream->read({})).value(), std::nullopt);
}

TEST_P(HttpStreamTest, ABreakIsUnavailableAfterTheBytesBeforeIt) {
  const auto stream = open(chunked_ + "3\r\nabc\r\n");
  peer_.reset();
  EXPECT_EQ(loop_.run(stream->read({})).value(), "abc");
  const auto read = loop_.run(stream->read({}));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
}

TEST_P(HttpStreamTest, AnErrorThatCameWithTheHeadersIsTheReaders) {
  const auto stream = open(chunked_ + "3\r\nabc\r\nnonsense\r\n");
  EXPECT_EQ(loop_.run(stream->read({})).value(), "abc");
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(loop_.run(stream->read({})).has_value());
}

TEST_P(HttpStreamTest, NoAnswerIsAnErrorOfOpen) {
  Opening opening(loop_, client_->open(request("GET"), {}));
  peer_ = accept();
  read_head(*peer_);
  peer_.reset();
  const auto opened = opening.get();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
}

TEST_P(HttpStreamTest, TheStopEndsReadingAndTheConnection) {
  const auto stream = open(chunked_);
  StopSource stop;
  Reading reading(loop_, stream->read(stop.stop()));
  stop.request_stop();
  const auto read = reading.get();
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(loop_.run(peer_->read_to_end()), "");
}

TEST_P(HttpStreamTest, DestroyingItClosesTheConnection) {
  auto stream = open(chunked_);
  stream.reset();
  EXPECT_EQ(loop_.run(peer_->read_to_end()), "");
}

TEST_P(HttpStreamTest, ASlowReaderHoldsTheSenderBackAndLosesNothing) {
  use({.stream_buffer_bytes_max = size_t{32} << 10U});
  constexpr size_t kBytes = size_t{24} << 20U;  // more than the kernel's buffers take
  const auto stream = open(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", kBytes));
  std::string body;
  for (size_t i = 0; body.size() < kBytes; ++i) body += std::to_string(i);
  body.resize(kBytes);
  Background<bool> writing(loop_, peer_->write(body));
  EXPECT_TRUE(loop_.run(sleep_for(loop_, milliseconds(100), {})).has_value());
  EXPECT_FALSE(writing.done());
  std::string got;
  size_t longest = 0;
  while (true) {
    auto piece = loop_.run(stream->read({})).value();
    if (!piece) break;
    longest = std::max(longest, piece->size());
    got += *piece;
  }
  EXPECT_TRUE(writing.get());
  EXPECT_TRUE(got == body);
  EXPECT_LE(longest, size_t{64} << 10U);
}

INSTANTIATE_TEST_SUITE_P(Clients, HttpStreamTest, testing::Values(kCurlKind, kDirectKind),
                         client_name);

}  // namespace
}  // namespace holmes
