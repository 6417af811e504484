// What libcurl's client does beyond the promises of http_client_test.cc.
#include <fmt/format.h>

#include "net/client_testing.h"

namespace holmes {
namespace {

class CurlClientTest : public ClientTest {
 protected:
  CurlClientTest() : ClientTest(kCurlKind) {}
};

TEST_F(CurlClientTest, NeverQuotesTheProxysPassword) {
  use({.proxy = "http://user:pa/ssw0rd@proxy:3128"});
  const auto response = loop_.run(client_->send(request("GET"), {}));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().message.find("ssw0rd"), std::string::npos) << response.error().message;
}

TEST_F(CurlClientTest, DecodesGzip) {
  const std::string_view zipped(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00"
      "\x00\x00",
      25);
  const auto response = exchange(
      request("GET"),
      fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{}",
                  zipped.size(), zipped));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST_F(CurlClientTest, GoesThroughTheProxyExceptWhereTold) {
  use({.proxy = listener_.url(), .no_proxy = "127.0.0.1"});
  HttpRequest get = request("GET");
  get.target = "http://server.example/x";
  Sending proxied(loop_, client_->send(get, {}));
  const auto peer = accept();
  EXPECT_TRUE(read_head(*peer).starts_with("GET http://server.example/x HTTP/1.1\r\n"));
  write(*peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(proxied.get().has_value());
  Sending direct(loop_, client_->send(request("GET"), {}));
  const auto server = accept();
  EXPECT_TRUE(read_head(*server).starts_with("GET /a/b"));
  write(*server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(direct.get().has_value());
}

}  // namespace
}  // namespace holmes
