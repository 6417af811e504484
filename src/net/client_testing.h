// For tests of the curl client: a client and the listener it talks to, on one loop.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "net/curl_client.h"
#include "net/net_testing.h"

namespace holmes {

using Sending = Background<Result<HttpResponse>>;

class CurlClientTest : public testing::Test {
 protected:
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
  void use(CurlClientOptions options) { client_ = make_curl_client(loop_, std::move(options)); }

  AsioLoop loop_;
  Timer watchdog_ = watchdog(loop_);
  TcpListener listener_{loop_};
  std::unique_ptr<HttpClient> client_ = make_curl_client(loop_);
};

}  // namespace holmes
