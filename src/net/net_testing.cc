#include "net/net_testing.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <poll.h>

#include "base/assert.h"
#include "net/io_awaiter.h"

namespace holmes {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kWatchdogTimeout{30};
constexpr size_t kChunkBytes = size_t{64} << 10U;

tcp::endpoint any_port() {
  return {asio::ip::address_v4::loopback(), 0};
}

}  // namespace

struct TcpPeer::Impl {
  explicit Impl(AsioLoop& loop) : socket(loop.context()) {}
  tcp::socket socket;
  std::string buffer;
  bool was_reset = false;

  Task<bool> read_more() {
    const size_t old = buffer.size();
    buffer.resize(old + kChunkBytes);
    const IoResult got = co_await io([this, old](auto done) {
      socket.async_read_some(asio::buffer(buffer.data() + old, kChunkBytes), std::move(done));
    });
    buffer.resize(old + got.bytes);
    was_reset = got.error == asio::error::connection_reset;
    co_return !got.error;
  }
};

TcpPeer::TcpPeer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpPeer::~TcpPeer() = default;

Task<std::unique_ptr<TcpPeer>> TcpPeer::connect(AsioLoop& loop, uint16_t port) {
  auto impl = std::make_unique<Impl>(loop);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  const IoResult connected =
      co_await io([&](auto done) { impl->socket.async_connect(endpoint, std::move(done)); });
  HOLMES_ASSERT(!connected.error);
  co_return std::unique_ptr<TcpPeer>(new TcpPeer(std::move(impl)));
}

Task<bool> TcpPeer::write(std::string bytes) {
  const IoResult sent = co_await io(
      [&](auto done) { asio::async_write(impl_->socket, asio::buffer(bytes), std::move(done)); });
  co_return !sent.error;
}

Task<std::string> TcpPeer::read_until(std::string end) {
  bool open = true;
  size_t found = impl_->buffer.find(end);
  while (open && found == std::string::npos) {
    open = co_await impl_->read_more();
    found = impl_->buffer.find(end);
  }
  const size_t size = found == std::string::npos ? impl_->buffer.size() : found + end.size();
  std::string taken = impl_->buffer.substr(0, size);
  impl_->buffer.erase(0, size);
  co_return taken;
}

Task<std::string> TcpPeer::read_to_end() {
  while (co_await impl_->read_more()) {
  }
  co_return std::exchange(impl_->buffer, {});
}

bool TcpPeer::was_reset() const {
  return impl_->was_reset;
}

struct TcpListener::Impl {
  explicit Impl(AsioLoop& l) : loop(l), acceptor(l.context(), any_port()) {}
  AsioLoop& loop;
  tcp::acceptor acceptor;
};

TcpListener::TcpListener(AsioLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
TcpListener::~TcpListener() = default;

uint16_t TcpListener::port() const {
  return impl_->acceptor.local_endpoint().port();
}

std::string TcpListener::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port(), path);
}

Task<std::unique_ptr<TcpPeer>> TcpListener::accept() {
  auto peer = std::make_unique<TcpPeer::Impl>(impl_->loop);
  const IoResult accepted =
      co_await io([&](auto done) { impl_->acceptor.async_accept(peer->socket, std::move(done)); });
  HOLMES_ASSERT(!accepted.error);
  co_return std::unique_ptr<TcpPeer>(new TcpPeer(std::move(peer)));
}

bool TcpListener::has_waiting() const {
  pollfd poll_one{impl_->acceptor.native_handle(), POLLIN, 0};
  return ::poll(&poll_one, 1, 0) == 1;
}

struct TlsServer::Impl {
  explicit Impl(AsioLoop& l)
      : loop(l),
        context(asio::ssl::context::tls_server),
        acceptor(l.context(), any_port()),
        tasks(l) {}

  using Stream = asio::ssl::stream<tcp::socket>;

  AsioLoop& loop;
  asio::ssl::context context;
  tcp::acceptor acceptor;
  TaskScope tasks;

  Task<> accept_all() {
    while (true) {
      auto stream = std::make_unique<Stream>(loop.context(), context);
      const IoResult accepted = co_await io(
          [&](auto done) { acceptor.async_accept(stream->next_layer(), std::move(done)); });
      if (accepted.error) co_return;
      tasks.spawn(serve(std::move(stream)));
    }
  }

  static Task<> serve(std::unique_ptr<Stream> stream) {
    const IoResult greeted = co_await io([&](auto done) {
      stream->async_handshake(asio::ssl::stream_base::server, std::move(done));
    });
    std::string buffer;
    while (!greeted.error) {
      const IoResult got = co_await io([&](auto done) {
        asio::async_read_until(*stream, asio::dynamic_buffer(buffer), "\r\n\r\n", std::move(done));
      });
      if (got.error) co_return;
      std::string body = describe(*stream, buffer.substr(0, got.bytes));
      const bool cut = buffer.starts_with("GET /cut ");
      const bool post = buffer.starts_with("POST ");
      buffer.erase(0, got.bytes);
      if (post) {
        co_await io([&](auto done) {
          asio::async_read_until(*stream, asio::dynamic_buffer(buffer), "END", std::move(done));
        });
        body = std::exchange(buffer, {});
      }
      const std::string size = cut ? "" : fmt::format("Content-Length: {}\r\n", body.size());
      const std::string answer = fmt::format("HTTP/1.1 200 OK\r\n{}\r\n{}", size, body);
      const IoResult sent = co_await io(
          [&](auto done) { asio::async_write(*stream, asio::buffer(answer), std::move(done)); });
      if (sent.error || cut) co_return;
    }
  }

  static std::string describe(Stream& stream, const std::string& request) {
    SSL* const ssl = stream.native_handle();
    const char* const sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    char name[64] = "";
    if (X509* const client = SSL_get0_peer_certificate(ssl)) {
      X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName, name, sizeof(name));
    }
    const size_t host = request.find("\r\nHost: ") + 8;
    return fmt::format("sni={} client={} host={}", sni == nullptr ? "" : sni, name,
                       request.substr(host, request.find("\r\n", host) - host));
  }
};

TlsServer::TlsServer(AsioLoop& loop, const Certificate& own, const std::string& client_ca_pem)
    : impl_(std::make_unique<Impl>(loop)) {
  impl_->context.use_certificate_chain(asio::buffer(own.certificate_pem));
  impl_->context.use_private_key(asio::buffer(own.key_pem), asio::ssl::context::pem);
  if (!client_ca_pem.empty()) {
    impl_->context.add_certificate_authority(asio::buffer(client_ca_pem));
    impl_->context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  impl_->tasks.spawn(impl_->accept_all());
}
TlsServer::~TlsServer() = default;

uint16_t TlsServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}

Task<> TlsServer::close() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  const Status drained = co_await impl_->tasks.drain({});
  HOLMES_ASSERT(drained.has_value());
}

Timer watchdog(AsioLoop& loop) {
  return {loop, loop.mono_now() + kWatchdogTimeout,
          [] { assertion_failed("the test hangs", __FILE__, __LINE__); }};
}

}  // namespace holmes
