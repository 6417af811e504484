#include "net/client_testing.h"

namespace holmes {
namespace {

TEST(PeerClient, KnowsTheHostsThatAreSurelyReachedWithoutTheProxy) {
  struct Row {
    std::string host, no_proxy;
    bool without;
  };
  const Row rows[] = {
      {"api.example.com", "", false},
      {"api.example.com", "*", true},
      {"api.example.com", "example.com", true},
      {"api.example.com", "a.b, .EXAMPLE.com ", true},
      {"example.com", "example.com", true},
      {"myexample.com", "example.com", false},
      {"example.com", "api.example.com", false},
      {"example.com", ",.,", false},
      {"10.0.0.1", "10.0.0.1", true},
      {"10.0.0.1", "0.0.1", false},
      {"10.0.0.1", "10.0.0.0/8", false},  // libcurl's to say
      {"::1", "localhost,127.0.0.1,::1", true},
  };
  for (const auto& [host, no_proxy, without] : rows) {
    EXPECT_EQ(is_without_proxy(host, no_proxy), without) << host << " in " << no_proxy;
  }
}

class PeerClientTest : public ClientTest {
 protected:
  PeerClientTest() : ClientTest(kDirectKind) {}

  // Whether the request came to the proxy, or to the peer itself.
  bool is_proxied(const std::string& no_proxy) {
    CurlClientOptions options;
    options.proxy = listener_.url();
    options.no_proxy = no_proxy;
    const TcpListener peer(loop_);
    client_ = make_peer_client(loop_, parse_url(peer.url()).value(), options);
    HttpRequest get;
    get.target = peer.url();
    StopSource stop;
    Sending sending(loop_, client_->send(get, stop.stop()));
    while (!listener_.has_waiting() && !peer.has_waiting()) {
      EXPECT_TRUE(loop_.run(sleep_for(loop_, std::chrono::milliseconds(1), {})).has_value());
    }
    const bool proxied = listener_.has_waiting();
    stop.request_stop();
    EXPECT_FALSE(sending.get().has_value());
    return proxied;
  }
};

TEST_F(PeerClientTest, GoesThroughTheProxyUnlessThePeerIsExcepted) {
  EXPECT_TRUE(is_proxied("other.example"));
}

TEST_F(PeerClientTest, GoesDirectlyToAnExceptedPeer) {
  EXPECT_FALSE(is_proxied("127.0.0.1"));
  EXPECT_FALSE(is_proxied("127.0.0.0/8"));  // by libcurl
}

}  // namespace
}  // namespace holmes
