#include "net/tcp_connection.h"

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
#include <unistd.h>

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
// Encrypted at once, so that a large body is not held twice.
constexpr size_t kMaxEncryptedBytes = size_t{256} << 10U;
constexpr size_t kMaxKeptOutputBytes = size_t{4} << 10U;
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

struct TcpConnection::Impl {
  explicit Impl(AsioLoop& loop) : socket(loop.context()) {}

  // A connection that waits, as thousands may, holds no buffers.
  tcp::socket socket;
  boost::beast::flat_buffer plain;
  std::unique_ptr<char[]> input;  // of the TLS session, while it has something for it
  bool input_may_wait = false;    // the last read did not take all there was

  // Waits until a read may have something to say; its result has an error when none will.
  auto readable() {
    return io([this](auto done) { socket.async_wait(tcp::socket::wait_read, std::move(done)); });
  }

  // As much as has come; would_block without input when that is nothing.
  size_t read_input(error_code& error) {
    if (input == nullptr) input = std::make_unique_for_overwrite<char[]>(kTlsReadBytes);
    const size_t got = socket.read_some(asio::buffer(input.get(), kTlsReadBytes), error);
    input_may_wait = got == kTlsReadBytes;
    if (error == asio::error::interrupted) error = asio::error::would_block;
    if (error) input.reset();
    return got;
  }

  // The same into `plain`.
  size_t read_plain(error_code& error) {
    const size_t got = socket.read_some(plain.prepare(kReadBytes), error);
    plain.commit(got);
    if (error == asio::error::interrupted) error = asio::error::would_block;
    if (plain.size() == 0) plain.shrink_to_fit();
    return got;
  }

  error_code open(const tcp::endpoint& peer) {
    error_code error;
    socket.open(peer.protocol(), error);
    if (!error) set_up(error);
    return error;
  }

  error_code adopt(int accepted) {
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    ::getsockname(accepted, reinterpret_cast<sockaddr*>(&own), &size);
    error_code error;
    socket.assign(own.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), accepted, error);
    if (error) ::close(accepted);
    if (!error) set_up(error);
    return error;
  }

  // Whoever waits for long finds out that the peer's machine is gone.
  void set_up(error_code& error) {
    socket.non_blocking(true, error);
    if (!error) socket.set_option(tcp::no_delay(true), error);
    if (!error) socket.set_option(asio::socket_base::keep_alive(true), error);
    if (!error) socket.set_option(KeepAliveIdle(kKeepAliveIdleSeconds), error);
    if (!error) socket.set_option(KeepAliveInterval(kKeepAliveIntervalSeconds), error);
  }
};

TcpConnection::TcpConnection(AsioLoop& loop, std::unique_ptr<TlsSession> tls)
    : impl_(std::make_unique<Impl>(loop)), tls_(std::move(tls)) {}

TcpConnection::TcpConnection(AsioLoop& loop, int accepted, std::unique_ptr<TlsSession> tls)
    : TcpConnection(loop, std::move(tls)) {
  if (impl_->adopt(accepted)) close();
}

TcpConnection::~TcpConnection() = default;

Task<bool> TcpConnection::connect(std::string address, Stop stop) {
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
  co_return co_await greet() == Greeting::kDone;
}

Task<TcpConnection::Greeting> TcpConnection::greet() {
  while (tls_ != nullptr) {
    const TlsSession::Progress progress = tls_->handshake();
    const bool sent = co_await flush();  // when it failed, our word about it
    if (progress == TlsSession::Progress::kDone && sent) break;
    if (tls_->met_plain_http()) {
      failure_ = tls_->failure();
      tls_.reset();
      co_return Greeting::kPlainHttp;
    }
    if (progress == TlsSession::Progress::kFailed || progress == TlsSession::Progress::kClosed) {
      failure_ = tls_->failure();
      co_return Greeting::kFailed;
    }
    if (!sent || !co_await read_input()) {
      failure_ = "the connection was closed during the TLS handshake: " + failure_;
      co_return Greeting::kFailed;
    }
  }
  co_return Greeting::kDone;
}

Task<bool> TcpConnection::send(std::string_view bytes) {
  if (tls_ == nullptr) co_return co_await write(bytes);
  bool sent = true;
  while (sent && !bytes.empty()) {
    const std::string_view part = bytes.substr(0, kMaxEncryptedBytes);
    bytes.remove_prefix(part.size());
    const bool encrypted = tls_->write(part);
    sent = co_await flush() && encrypted;
    if (!encrypted) failure_ = tls_->failure();
  }
  co_return sent;
}

Task<> TcpConnection::send_end() {
  if (tls_ != nullptr) {
    tls_->write_end();
    if (!co_await flush()) co_return;
  }
  error_code ignored;
  impl_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

// What TLS has to say.
Task<bool> TcpConnection::flush() {
  std::string& output = tls_->output();
  const bool sent = co_await write(output);
  output.clear();
  if (output.capacity() > kMaxKeptOutputBytes) output.shrink_to_fit();
  co_return sent;
}

// At once when the kernel has room.
Task<bool> TcpConnection::write(std::string_view bytes) {
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

// One frame for all that is waited for here: thousands may wait.
Task<TcpConnection::Received> TcpConnection::receive() {
  const size_t before = impl_->plain.size();
  // An answer is hardly ever there at once; that costs a wait, where trying would cost a read.
  bool look = impl_->input_may_wait || (tls_ != nullptr && tls_->has_input());
  while (true) {
    const Received received = look ? receive_now() : Received::kBytes;
    if (tls_ != nullptr && !tls_->output().empty()) {  // TLS's own answers
      const bool sent = co_await flush();
      if (!sent && received != Received::kBytes) co_return Received::kBroken;
    }
    if (received != Received::kBytes || impl_->plain.size() > before) co_return received;
    const IoResult readable = co_await impl_->readable();
    if (readable.error) {
      failure_ = readable.error.message();
      co_return Received::kBroken;
    }
    look = true;
  }
}

// kBytes, perhaps none, when more input may help.
TcpConnection::Received TcpConnection::decrypt() {
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
  if (!tls_->has_input()) {
    impl_->input.reset();
    tls_->release_buffers();
  }
  if (plain.size() == 0) plain.shrink_to_fit();
  return Received::kBytes;
}

// For the handshake.
Task<bool> TcpConnection::read_input() {
  error_code error = asio::error::would_block;
  size_t got = 0;
  while (error == asio::error::would_block) {
    const IoResult readable = co_await impl_->readable();
    error = readable.error;
    if (!error) got = impl_->read_input(error);
  }
  if (error) failure_ = error.message();
  tls_->set_input({impl_->input.get(), got});
  co_return !error;
}

std::string_view TcpConnection::bytes() const {
  const auto data = impl_->plain.cdata();
  return {static_cast<const char*>(data.data()), data.size()};
}

void TcpConnection::consume(size_t count) {
  impl_->plain.consume(count);
  if (impl_->plain.size() == 0) impl_->plain.shrink_to_fit();
}

struct TcpConnection::HangUpWatch::State {
  TcpConnection* connection;
  StopSource* stop;  // null: nobody wants to know any more
  bool hung_up = false;
};

TcpConnection::HangUpWatch::HangUpWatch(TcpConnection& connection, StopSource& stop)
    : state_(std::make_shared<State>(State{&connection, &stop})) {
  if (!connection.bytes().empty()) return;
  const bool more_came = connection.tls_ != nullptr && connection.tls_->has_input();
  more_came ? look(*state_) : wait(state_);
}

TcpConnection::HangUpWatch::~HangUpWatch() {
  state_->stop = nullptr;
  error_code ignored;
  state_->connection->impl_->socket.cancel(ignored);
}

bool TcpConnection::HangUpWatch::hung_up() const {
  return state_->hung_up;
}

void TcpConnection::HangUpWatch::wait(const std::shared_ptr<State>& state) {
  state->connection->impl_->socket.async_wait(
      tcp::socket::wait_read, [state](const error_code& error) {
        if (error || state->stop == nullptr) return;
        look(*state);
        if (!state->hung_up && state->connection->bytes().empty()) wait(state);
      });
}

void TcpConnection::HangUpWatch::look(State& state) {
  if (state.connection->receive_now() == Received::kBytes) return;
  state.hung_up = true;
  state.stop->request_stop();
}

// What has come, without waiting; kBytes when that is nothing.
TcpConnection::Received TcpConnection::receive_now() {
  if (tls_ != nullptr && tls_->has_input()) return decrypt();
  error_code error;
  const size_t got = tls_ == nullptr ? impl_->read_plain(error) : impl_->read_input(error);
  if (error == asio::error::would_block) return Received::kBytes;
  if (error) {
    failure_ = error.message();
    // Without TLS's own goodbye the end may be anybody's doing.
    const bool said = error == asio::error::eof && tls_ == nullptr;
    return said ? Received::kEnd : Received::kBroken;
  }
  if (tls_ == nullptr) return Received::kBytes;
  tls_->set_input({impl_->input.get(), got});
  return decrypt();
}

bool TcpConnection::is_quiet() {
  if (!impl_->socket.is_open() || !bytes().empty()) return false;
  if (tls_ != nullptr && tls_->has_input()) return false;
  char byte = 0;
  const ssize_t got = ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void TcpConnection::close() {
  error_code ignored;
  impl_->socket.close(ignored);
}

void TcpConnection::reset() {
  error_code ignored;
  impl_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

}  // namespace holmes
