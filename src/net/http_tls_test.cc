#include <fmt/format.h>

#include "net/client_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;

// Of a server at 127.0.0.1, signed by a "Test Authority" that is gone, and without its key's
// identifier: only the signature tells that it is not the one of that name.
const Certificate kSignedByANamesake{R"(-----BEGIN CERTIFICATE-----
MIIBQDCB56ADAgECAhQFs2kxA16YJ9ZbhttXZTylD1293zAKBggqhkjOPQQDAjAZ
MRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNjExMjYyMjU1NTJaGA8yMTI2
MTEwMjIyNTU1MlowETEPMA0GA1UEAwwGc2VydmVyMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEC3sMsJN75d049+EGrZmCrcHnTaiahoOIY5tZu9EEqGqgRwF/qf6u
ygYPQg0VP/lbemG5i3+LsVaV9ODBCIe92aMTMBEwDwYDVR0RBAgwBocEfwAAATAK
BggqhkjOPQQDAgNIADBFAiBZC7Ft3s6SMr4kt3WmxnMNAXRU36zd7aYlrO6ipdju
MwIhAJwH68g98uW9WwyosmSUcN9s0QJj0dhnxIPJqf1knIc9
-----END CERTIFICATE-----
)",
                                     R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwHPBE43NG0sx/LCB
uEoy1r/No+EGe9Vn4fTQXn+CSUmhRANCAAQLewywk3vl3Tj34QatmYKtwedNqJqG
g4hjm1m70QSoaqBHAX+p/q7KBg9CDRU/+Vt6YbmLf4uxVpX04MEIh73Z
-----END PRIVATE KEY-----
)"};

class HttpTlsTest : public EitherClientTest {
 protected:
  void SetUp() override { serve(authority_.server({"localhost", "127.0.0.1", "api.example"})); }
  void TearDown() override {
    client_.reset();
    loop_.run(server_->close());
  }
  void serve(const Certificate& own, const std::string& client_ca_pem = "") {
    if (server_ != nullptr) loop_.run(server_->close());
    server_ = std::make_unique<TlsServer>(loop_, own, client_ca_pem);
  }
  Result<HttpResponse> get(TlsOptions tls, const std::string& host = "127.0.0.1",
                           const std::string& path = "/x") {
    use({.tls = std::move(tls)});
    HttpRequest get;
    get.target = fmt::format("https://{}:{}{}", host, server_->port(), path);
    return loop_.run(client_->send(std::move(get), {}));
  }
  void expect_refused(const Result<HttpResponse>& response, std::string_view why) {
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kRefused) << response.error().message;
    EXPECT_NE(response.error().message.find(why), std::string::npos) << response.error().message;
  }

  TestAuthority authority_;
  std::unique_ptr<TlsServer> server_;
};

TEST_P(HttpTlsTest, TrustsTheGivenAuthority) {
  const auto response = get({.ca_pem = authority_.ca_pem()}, "localhost");
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body,
            fmt::format("sni=localhost client= host=localhost:{}", server_->port()));
}

TEST_P(HttpTlsTest, TrustsAFurtherAuthorityBesideTheOthers) {
  EXPECT_TRUE(get({.extra_ca_pem = authority_.ca_pem()}).has_value());
  const std::string other = TestAuthority("Another").ca_pem();
  EXPECT_TRUE(get({.ca_pem = other, .extra_ca_pem = authority_.ca_pem()}).has_value());
  EXPECT_TRUE(get({.ca_pem = authority_.ca_pem(), .extra_ca_pem = other}).has_value());
  expect_refused(get({.extra_ca_pem = other}), "certificate");
}

TEST_P(HttpTlsTest, RefusesAnotherAuthorityAndSaysWhy) {
  expect_refused(get({.ca_pem = TestAuthority("Another").ca_pem()}), "certificate");
  expect_refused(get({.ca_pem = TestAuthority().ca_pem()}), "certificate");
  expect_refused(get({}), "certificate");  // the system's authorities
  serve(kSignedByANamesake);
  expect_refused(get({.ca_pem = TestAuthority().ca_pem()}), "same name");
}

TEST_P(HttpTlsTest, RefusesAnotherName) {
  serve(authority_.server({"other.example"}));
  expect_refused(get({.ca_pem = authority_.ca_pem()}), "127.0.0.1");
}

TEST_P(HttpTlsTest, InsecureTakesAnything) {
  serve(TestAuthority().server({"other.example"}));
  EXPECT_TRUE(get({.insecure = true}).has_value());
}

TEST_P(HttpTlsTest, VerifiesAndSendsTheServerName) {
  const auto response = get({.ca_pem = authority_.ca_pem(), .server_name = "api.example"});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body,
            fmt::format("sni=api.example client= host=127.0.0.1:{}", server_->port()));
  expect_refused(get({.ca_pem = authority_.ca_pem(), .server_name = "x.example"}), "x.example");
}

TEST_P(HttpTlsTest, ShowsTheClientCertificate) {
  const Certificate own = authority_.server({"127.0.0.1"});
  const Certificate client = authority_.client("operator");
  serve(own, authority_.ca_pem());
  const auto response = get({.ca_pem = authority_.ca_pem(),
                             .certificate_pem = client.certificate_pem,
                             .key_pem = client.key_pem});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_NE(response->body.find("client=operator"), std::string::npos) << response->body;
  EXPECT_FALSE(get({.ca_pem = authority_.ca_pem()}).has_value());
}

TEST_P(HttpTlsTest, UnreadablePemIsInvalid) {
  const Certificate client = authority_.client("operator");
  const TlsOptions rows[] = {
      {.ca_pem = "nonsense"},
      {.extra_ca_pem = "nonsense"},
      {.ca_pem = authority_.ca_pem(), .certificate_pem = "nonsense", .key_pem = client.key_pem},
      {.ca_pem = authority_.ca_pem(),
       .certificate_pem = client.certificate_pem,
       .key_pem = "nonsense"},
      {.ca_pem = authority_.ca_pem(),
       .certificate_pem = client.certificate_pem,
       .key_pem = authority_.client("other").key_pem},
  };
  for (const TlsOptions& row : rows) {
    const auto response = get(row);
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kInvalid) << response.error().message;
    EXPECT_EQ(response.error().message.find("nonsense"), std::string::npos);
  }
}

TEST(CheckTls, TakesWholeTextsThatBelongTogether) {
  TestAuthority authority;
  const std::string ca = authority.ca_pem();
  const Certificate own = authority.client("operator");
  const Certificate other = authority.client("other");
  const TlsOptions good[] = {
      {},
      {.ca_pem = "A comment\n" + ca + ca + "\nand another\n"},
      {.ca_pem = ca, .certificate_pem = own.certificate_pem + ca, .key_pem = own.key_pem},
  };
  for (const TlsOptions& row : good) EXPECT_EQ(check_tls(row), Status());
  const TlsOptions bad[] = {
      {.ca_pem = "nonsense"},
      {.extra_ca_pem = "nonsense"},
      {.ca_pem = ca.substr(0, ca.size() / 2)},
      {.ca_pem = ca + ca.substr(0, ca.size() / 2)},
      {.certificate_pem = own.certificate_pem, .key_pem = ""},
      {.certificate_pem = own.certificate_pem, .key_pem = other.key_pem},
      {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem.substr(0, 90)},
      {.certificate_pem = own.certificate_pem.substr(0, 200), .key_pem = own.key_pem},
      {.certificate_pem = own.certificate_pem + ca.substr(0, ca.size() / 2),
       .key_pem = own.key_pem},
  };
  for (const TlsOptions& row : bad) {
    const Status checked = check_tls(row);
    ASSERT_FALSE(checked) << row.ca_pem << row.certificate_pem;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid);
  }
}

TEST_P(HttpTlsTest, ASilentServerIsRefusedAfterTheConnectTimeout) {
  use({.tls = {.insecure = true}, .connect_timeout = milliseconds(100)});
  HttpRequest silent;
  silent.target = fmt::format("https://127.0.0.1:{}/", listener_.port());
  expect_refused(loop_.run(client_->send(std::move(silent), {})), "time");
}

TEST_P(HttpTlsTest, TheStopEndsTheHandshakeAtOnce) {
  use({.tls = {.insecure = true}});
  HttpRequest silent;
  silent.target = fmt::format("https://127.0.0.1:{}/", listener_.port());
  StopSource stop;
  Sending sending(loop_, client_->send(std::move(silent), stop.stop()));
  const auto peer = accept();
  loop_.run(peer->read_until("http/1.1"));  // in the client's first word
  stop.request_stop();
  const auto response = sending.get();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kCancelled);
  loop_.run(peer->read_to_end());  // hung up
}

TEST_P(HttpTlsTest, CarriesManyRecordsBothWays) {
  use({.tls = {.ca_pem = authority_.ca_pem()}});
  constexpr size_t kBytes = size_t{300} << 10U;
  HttpRequest post{"POST", fmt::format("https://127.0.0.1:{}/x", server_->port()), {}, ""};
  for (size_t i = 0; post.body.size() < kBytes; ++i) post.body += std::to_string(i);
  post.body += "END";
  const auto response = loop_.run(client_->send(post, {}));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_TRUE(response->body == post.body);

  const auto stream = loop_.run(client_->open(post, {})).value();
  std::string body;
  while (auto piece = loop_.run(stream->read({})).value()) body += *piece;
  EXPECT_TRUE(body == post.body);
}

// libcurl takes it for the end.
class DirectTlsTest : public HttpTlsTest {};
TEST_P(DirectTlsTest, AConnectionThatIsCutOffIsNoEndOfABody) {
  const auto response = get({.ca_pem = authority_.ca_pem()}, "127.0.0.1", "/cut");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable) << response.error().message;
}

// To OpenSSL an empty name means that none is verified.
TEST_P(DirectTlsTest, ANameThatNoCertificateCanHaveIsRefused) {
  for (const char* name : {".", "..", "a%b\n"}) {
    const auto response = get({.ca_pem = authority_.ca_pem(), .server_name = name});
    EXPECT_FALSE(response.has_value()) << name;
  }
  expect_refused(get({.ca_pem = authority_.ca_pem(), .server_name = "."}), "no name");
}

INSTANTIATE_TEST_SUITE_P(Clients, HttpTlsTest, testing::Values(kCurlKind, kDirectKind),
                         client_name);
INSTANTIATE_TEST_SUITE_P(Clients, DirectTlsTest, testing::Values(kDirectKind), client_name);

}  // namespace
}  // namespace holmes
