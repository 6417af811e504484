#include "net/direct_connection.h"

#include <cerrno>
#include <optional>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/io_awaiter.h"
#include "net/url.h"

namespace holmes {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadBytes = size_t{16} << 10U;
constexpr size_t kTlsReadBytes = kReadBytes + 512;  // a record of the largest size
// Decrypted at once, when several records came together.
constexpr size_t kMaxDecryptedBytes = 2 * kReadBytes;
constexpr size_t kMaxKeptOutputBytes = size_t{64} << 10U;
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 10;

std::optional<tcp::endpoint> parse_endpoint(const std::string& address) {
  const Result<Url> url = parse_url("http://" + address);
  if (!url) return std::nullopt;
  error_code error;
  const auto ip = asio::ip::make_address(url->host, error);
  if (error) return std::nullopt;
  return tcp::endpoint(ip, url->port);
}

using KeepAliveIdle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
using KeepAliveInterval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;

}  // namespace

struct DirectConnection::Impl {
  Impl(AsioLoop& loop, bool tls) : socket(loop.context()), input(tls ? kTlsReadBytes : 0) {}

  tcp::socket socket;
  boost::beast::flat_buffer plain;
  std::vector<char> input;  // of the TLS session

  error_code open(const tcp::endpoint& peer) {
    error_code error;
    socket.open(peer.protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (!error) socket.set_option(tcp::no_delay(true), error);
    if (!error) socket.set_option(asio::socket_base::keep_alive(true), error);
    if (!error) socket.set_option(KeepAliveIdle(kKeepAliveIdleSeconds), error);
    if (!error) socket.set_option(KeepAliveInterval(kKeepAliveIntervalSeconds), error);
    return error;
  }
};

DirectConnection::DirectConnection(AsioLoop& loop, std::unique_ptr<TlsSession> tls)
    : impl_(std::make_unique<Impl>(loop, tls != nullptr)), tls_(std::move(tls)) {}

DirectConnection::~DirectConnection() = default;

Task<bool> DirectConnection::connect(std::string address, Stop stop) {
  const auto peer = parse_endpoint(address);
  if (!peer || stop.requested()) {
    failure_ = peer ? "stopped" : "not an address";
    co_return false;
  }
  error_code error = impl_->open(*peer);
  const StopCallback on_stop(stop, [this](StopReason) { close(); });
  if (!error) {
    const IoResult connected =
        co_await io([&](auto done) { impl_->socket.async_connect(*peer, std::move(done)); });
    error = connected.error;
  }
  if (error) {
    failure_ = error.message();
    co_return false;
  }
  if (tls_ == nullptr) co_return true;
  co_return co_await greet();
}

Task<bool> DirectConnection::greet() {
  while (true) {
    const TlsSession::Progress progress = tls_->handshake();
    const bool sent = co_await write(tls_->output());  // when it failed, our word about it
    tls_->output().clear();
    if (progress == TlsSession::Progress::kDone) co_return sent;
    if (progress != TlsSession::Progress::kNeedsInput) {
      failure_ = tls_->failure();
      co_return false;
    }
    if (!sent || !co_await read_input()) {
      failure_ = "the connection was closed during the TLS handshake: " + failure_;
      co_return false;
    }
  }
}

Task<bool> DirectConnection::send(std::string_view bytes) {
  if (tls_ == nullptr) co_return co_await write(bytes);
  std::string& output = tls_->output();
  const bool encrypted = tls_->write(bytes);
  const bool sent = co_await write(output);
  output.clear();
  if (output.capacity() > kMaxKeptOutputBytes) output.shrink_to_fit();
  if (!encrypted) failure_ = tls_->failure();
  co_return encrypted&& sent;
}

// At once when the kernel has room.
Task<bool> DirectConnection::write(std::string_view bytes) {
  if (bytes.empty()) co_return true;
  error_code error;
  const size_t sent = impl_->socket.write_some(asio::buffer(bytes), error);
  if (error == asio::error::would_block) error = {};
  if (!error && sent < bytes.size()) {
    const std::string_view rest = bytes.substr(sent);
    const IoResult written = co_await io([this, rest](auto done) {
      asio::async_write(impl_->socket, asio::buffer(rest), std::move(done));
    });
    error = written.error;
  }
  if (error) failure_ = error.message();
  co_return !error;
}

Task<DirectConnection::Received> DirectConnection::receive() {
  if (tls_ != nullptr) co_return co_await receive_tls();
  const IoResult got = co_await io([this](auto done) {
    impl_->socket.async_receive(impl_->plain.prepare(kReadBytes), std::move(done));
  });
  impl_->plain.commit(got.bytes);
  if (!got.error) co_return Received::kBytes;
  failure_ = got.error.message();
  co_return got.error == asio::error::eof ? Received::kEnd : Received::kBroken;
}

Task<DirectConnection::Received> DirectConnection::receive_tls() {
  const size_t before = impl_->plain.size();
  while (true) {
    const Received received = decrypt();
    if (!tls_->output().empty()) {  // TLS's own answers
      const bool sent = co_await write(tls_->output());
      tls_->output().clear();
      if (!sent && received != Received::kBytes) co_return Received::kBroken;
    }
    if (received != Received::kBytes || impl_->plain.size() > before) co_return received;
    // Without TLS's own goodbye the end may be anybody's doing.
    if (!co_await read_input()) co_return Received::kBroken;
  }
}

// kBytes, perhaps none, when more input may help.
DirectConnection::Received DirectConnection::decrypt() {
  boost::beast::flat_buffer& plain = impl_->plain;
  const size_t before = plain.size();
  while (tls_->has_input() && plain.size() - before < kMaxDecryptedBytes) {
    const auto space = plain.prepare(kReadBytes);
    size_t got = 0;
    const auto progress = tls_->read(static_cast<char*>(space.data()), space.size(), got);
    plain.commit(got);
    if (progress == TlsSession::Progress::kNeedsInput) break;
    if (progress == TlsSession::Progress::kDone) continue;
    if (plain.size() > before) break;  // first what came before
    failure_ = tls_->failure();
    return progress == TlsSession::Progress::kClosed ? Received::kEnd : Received::kBroken;
  }
  return Received::kBytes;
}

Task<bool> DirectConnection::read_input() {
  const IoResult got = co_await io([this](auto done) {
    impl_->socket.async_receive(asio::buffer(impl_->input), std::move(done));
  });
  if (got.error) failure_ = got.error.message();
  tls_->set_input({impl_->input.data(), got.bytes});
  co_return !got.error;
}

std::string_view DirectConnection::bytes() const {
  const auto data = impl_->plain.cdata();
  return {static_cast<const char*>(data.data()), data.size()};
}

void DirectConnection::consume(size_t count) {
  impl_->plain.consume(count);
}

bool DirectConnection::is_quiet() {
  if (!impl_->socket.is_open() || !bytes().empty()) return false;
  if (tls_ != nullptr && tls_->has_input()) return false;
  char byte = 0;
  const ssize_t got = ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void DirectConnection::close() {
  error_code ignored;
  impl_->socket.close(ignored);
}

}  // namespace holmes
