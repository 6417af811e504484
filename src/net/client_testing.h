// For tests of HttpClients: a client and the listener it talks to, on one loop.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "net/net_testing.h"
#include "net/peer_client.h"

namespace holmes {

using Sending = Background<Result<HttpResponse>>;

struct ClientKind {
  std::string name;
  std::unique_ptr<HttpClient> (*make)(AsioLoop& loop, const CurlClientOptions& options);
};

inline void PrintTo(const ClientKind& kind, std::ostream* out) {
  *out << kind.name;
}

inline const ClientKind kCurlKind{"Curl", [](AsioLoop& loop, const CurlClientOptions& options) {
                                    return make_curl_client(loop, options);
                                  }};
inline const ClientKind kDirectKind{"Direct", [](AsioLoop& loop, const CurlClientOptions& options) {
                                      return make_direct_client(loop, direct_options(options));
                                    }};

class ClientTest : public testing::Test {
 protected:
  explicit ClientTest(ClientKind kind) : kind_(std::move(kind)) {}

  HttpRequest request(std::string method, std::string body = "") {
    return {std::move(method), listener_.url("/a/b?key=secret"), {}, std::move(body)};
  }
  std::unique_ptr<TcpPeer> accept() { return loop_.run(listener_.accept()); }
  std::string read_head(TcpPeer& peer) { return loop_.run(peer.read_until("\r\n\r\n")); }
  void write(TcpPeer& peer, std::string bytes) {
    EXPECT_TRUE(loop_.run(peer.write(std::move(bytes))));
  }
  // One exchange on a fresh connection.
  Result<HttpResponse> exchange(HttpRequest request, std::string answer) {
    Sending sending(loop_, client_->send(std::move(request), {}));
    const auto peer = accept();
    read_head(*peer);
    write(*peer, std::move(answer));
    return sending.get();
  }
  void use(const CurlClientOptions& options) { client_ = kind_.make(loop_, options); }

  const ClientKind kind_;
  AsioLoop loop_;
  Timer watchdog_ = watchdog(loop_);
  TcpListener listener_{loop_};
  std::unique_ptr<HttpClient> client_ = kind_.make(loop_, {});
};

// What both clients promise.
class EitherClientTest : public ClientTest, public testing::WithParamInterface<ClientKind> {
 protected:
  EitherClientTest() : ClientTest(GetParam()) {}
};

inline std::string client_name(const testing::TestParamInfo<ClientKind>& info) {
  return info.param.name;
}

}  // namespace holmes
