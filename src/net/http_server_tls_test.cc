#include <fmt/format.h>
#include <gmock/gmock.h>

#include "net/client_testing.h"
#include "net/http_server_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpServerTlsTest : public AnsweringServerTest,
                          public testing::WithParamInterface<ClientKind> {
 protected:
  void SetUp() override { serve_tls(); }

  TlsServerOptions tls(const std::string& client_ca_pem = "") {
    const Certificate own = authority_.server();
    return {own.certificate_pem, own.key_pem, client_ca_pem};
  }
  void serve_tls(HttpServerOptions options = {}) {
    if (!options.tls) options.tls = tls();
    serve(std::move(options));
  }
  std::unique_ptr<HttpClient> client(TlsOptions options = {}) {
    if (options.ca_pem.empty()) options.ca_pem = authority_.ca_pem();
    return GetParam().make(loop_, {.tls = std::move(options)});
  }
  HttpRequest request(const std::string& target, std::string body = "") {
    return {body.empty() ? "GET" : "POST",
            "https://" + server_->address() + target,
            {},
            std::move(body)};
  }
  Result<HttpResponse> get(TlsOptions options = {}) {
    return loop_.run(client(std::move(options))->send(request("/x"), {}));
  }
  TlsOptions with(const Certificate& certificate) {
    return {.certificate_pem = certificate.certificate_pem, .key_pem = certificate.key_pem};
  }

  TestAuthority authority_;
};

TEST_P(HttpServerTlsTest, ServesRequestsOnOneConnection) {
  const auto client = this->client();
  const std::string large(100'000, 'b');
  for (const std::string& body : {std::string("hi"), large, std::string()}) {
    const auto response = loop_.run(client->send(request("/echo", body), {}));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_TRUE(response->body == "/echo:" + body);
  }
}

TEST_P(HttpServerTlsTest, CarriesLargeBodies) {
  const auto client = this->client();
  const auto response = loop_.run(client->send(request("/big"), {}));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_TRUE(response->body == std::string(kBigBytes, 'x'));
}

TEST_P(HttpServerTlsTest, CarriesStreamsAndTheirEnd) {
  const auto client = this->client();
  const auto stream = loop_.run(client->open(request("/stream"), {})).value();
  for (const std::string piece : {"one", "two"}) {
    body_->give(piece);
    EXPECT_EQ(loop_.run(stream->read({})), piece);
  }
  body_->end();
  EXPECT_EQ(loop_.run(stream->read({})), std::nullopt);
  EXPECT_TRUE(loop_.run(client->send(request("/x"), {})).has_value());
}

TEST_P(HttpServerTlsTest, ABrokenStreamHasNoRegularEnd) {
  const auto client = this->client();
  const auto stream = loop_.run(client->open(request("/stream"), {})).value();
  body_->give("one");
  EXPECT_EQ(loop_.run(stream->read({})), "one");
  body_->give(fail(ErrorCode::kInternal, "no more"));
  EXPECT_FALSE(loop_.run(stream->read({})).has_value());
}

TEST_P(HttpServerTlsTest, ASlowReaderHasItsTimePerPiece) {
  serve_tls({.body_timeout = milliseconds(100), .tls = tls()});
  const auto client = this->client();
  const auto stream = loop_.run(client->open(request("/stream"), {})).value();
  body_->give(std::string(size_t{32} << 20U, 'x'));
  settle(milliseconds(250));
  Result<std::optional<std::string>> piece = std::nullopt;
  size_t bytes = 0;
  do {
    piece = loop_.run(stream->read({}));
    if (piece && *piece) bytes += (*piece)->size();
  } while (piece && *piece);
  EXPECT_FALSE(piece.has_value()) << "no regular end";
  EXPECT_LT(bytes, size_t{32} << 20U);
  EXPECT_EQ(body_->asked, 1);
}

TEST_P(HttpServerTlsTest, AHangUpStopsTheSourceThatWaits) {
  auto client = this->client();
  auto stream = loop_.run(client->open(request("/stream"), {})).value();
  wait_until([&] { return body_->asked > 0; });
  settle();
  EXPECT_FALSE(body_->stopped);
  stream.reset();
  client.reset();
  wait_until([&] { return body_->stopped; });
}

TEST_P(HttpServerTlsTest, RequiresACertificateOfTheAuthority) {
  serve_tls({.tls = tls(authority_.ca_pem())});
  const auto good = get(with(authority_.client("operator")));
  EXPECT_TRUE(good.has_value()) << good.error().message;
  EXPECT_FALSE(get().has_value());
  EXPECT_FALSE(get(with(TestAuthority().client("operator"))).has_value());
  EXPECT_FALSE(get(with(authority_.server())).has_value()) << "it is for servers";
}

TEST_P(HttpServerTlsTest, NewCertificatesAreForNewConnections) {
  const auto before = client();
  EXPECT_TRUE(loop_.run(before->send(request("/x"), {})).has_value());
  TestAuthority next;
  const Certificate own = next.server();
  const TlsOptions trusting_next{.ca_pem = next.ca_pem()};
  EXPECT_FALSE(get(trusting_next).has_value());
  ASSERT_TRUE(server_->set_tls({own.certificate_pem, own.key_pem}).has_value());
  EXPECT_TRUE(loop_.run(before->send(request("/x"), {})).has_value()) << "it is still connected";
  EXPECT_TRUE(get(trusting_next).has_value());
  EXPECT_FALSE(get().has_value());
}

TEST_P(HttpServerTlsTest, CertificatesThatCannotBeUsedChangeNothing) {
  EXPECT_FALSE(server_->set_tls({"nonsense", "nonsense"}).has_value());
  EXPECT_TRUE(get().has_value());
}

INSTANTIATE_TEST_SUITE_P(Clients, HttpServerTlsTest, testing::Values(kCurlKind, kDirectKind),
                         client_name);

// What a peer sees that does not do its part.
class HttpServerTlsPeerTest : public HttpServerTlsTest {};

TEST_P(HttpServerTlsPeerTest, ARequestWithoutTlsIsToldSo) {
  for (const std::string method : {"GET", "POST", "PUT", "HEAD"}) {
    const auto peer = connect();
    write(*peer, method + " /x HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = read_to_end(*peer);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("Client sent an HTTP request to an HTTPS server.\"}"));
    EXPECT_FALSE(peer->was_reset());
  }
}

TEST_P(HttpServerTlsPeerTest, NonsenseIsClosed) {
  for (const std::string& bytes :
       {std::string("\0\0\0\0\0\0\0\0", 8), std::string("SSH-2.0-x\r\n"),
        std::string("\x16\x03\x01\x00\x05hello"), std::string("\x16\x03\x01\xff\xff", 5)}) {
    const auto peer = connect();
    write(*peer, bytes + std::string(100, 'x'));
    EXPECT_LT(read_to_end(*peer).size(), 10U);  // at most an alert
  }
  EXPECT_TRUE(get().has_value());
}

TEST_P(HttpServerTlsPeerTest, AHandshakeCountsAsAConnection) {
  serve_tls({.connections_max = 2, .tls = tls()});
  const auto silent = connect();
  const auto slow = connect();
  write(*slow, "\x16\x03\x01");
  settle(milliseconds(50));
  const auto turned_away = get();
  ASSERT_TRUE(turned_away.has_value()) << turned_away.error().message;
  EXPECT_EQ(turned_away->status, 503);
}

TEST_P(HttpServerTlsPeerTest, AHandshakeHasATimeLimit) {
  serve_tls({.connections_max = 2, .header_timeout = milliseconds(300), .tls = tls()});
  const auto silent = connect();
  const auto slow = connect();
  write(*slow, "\x16\x03\x01");
  EXPECT_EQ(read_to_end(*silent), "");
  EXPECT_EQ(read_to_end(*slow), "");
  EXPECT_EQ(get()->status, 200);
}

TEST_P(HttpServerTlsPeerTest, CloseEndsAHandshakeThatIsUnderWay) {
  const auto silent = connect();
  settle();
  close();
  EXPECT_EQ(read_to_end(*silent), "");
}

TEST_P(HttpServerTlsPeerTest, SaysWhyCertificatesCannotBeUsed) {
  const Certificate own = authority_.server();
  const std::string other_key = authority_.server().key_pem;
  struct Row {
    TlsServerOptions given;
    std::string why;
  };
  const Row rows[] = {
      {{"", own.key_pem}, "the server certificate cannot be used"},
      {{own.certificate_pem.substr(0, 200), own.key_pem}, "the server certificate cannot be used"},
      {{own.certificate_pem + own.certificate_pem.substr(0, 200), own.key_pem}, "chain"},
      {{own.certificate_pem, ""}, "key cannot be read as PEM without a password"},
      {{own.certificate_pem, other_key}, "the server certificate and its key do not belong"},
      {{own.certificate_pem, own.key_pem, "nonsense"}, "the clients' trusted certificates (CA)"},
  };
  for (const Row& row : rows) {
    EXPECT_FALSE(check_server_tls(row.given).has_value());
    HttpServer server(loop_, nullptr, Logger(), {.tls = row.given});
    const Status listening = server.listen();
    ASSERT_FALSE(listening.has_value()) << row.why;
    EXPECT_EQ(listening.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(listening.error().message, HasSubstr(row.why));
  }
}

INSTANTIATE_TEST_SUITE_P(Clients, HttpServerTlsPeerTest, testing::Values(kDirectKind), client_name);

}  // namespace
}  // namespace holmes
