#include "net/http_server.h"

#include <array>
#include <cerrno>
#include <optional>
#include <set>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "async/task_scope.h"
#include "base/assert.h"
#include "net/http_wire.h"
#include "net/io_awaiter.h"

namespace holmes {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr size_t kReadBytes = size_t{4} << 10U;
// Above connections_max this many get a 503; the rest is closed without a word.
constexpr size_t kMaxTurnedAway = 64;
constexpr std::string_view kTurnedAwayRetrySeconds = "1";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr milliseconds kAcceptRetryDelay{100};
// After an answer to a request that was not read: closing at once would reset the connection, and
// the client might lose the answer.
constexpr milliseconds kLingerTimeout{2000};
constexpr size_t kMaxLingerBytes = size_t{1} << 20U;

// Requests the stop when the peer hangs up while this lives. Data (a next request that came too
// early) is no hang-up; after it nothing is noticed any more.
class HangUpWatch {
 public:
  HangUpWatch(tcp::socket& socket, StopSource& stop)
      : state_(std::make_shared<State>(State{&socket, &stop, false})) {
    wait(state_);
  }
  ~HangUpWatch() {
    state_->stop = nullptr;
    error_code ignored;
    state_->socket->cancel(ignored);
  }
  HangUpWatch(const HangUpWatch&) = delete;
  HangUpWatch& operator=(const HangUpWatch&) = delete;

  [[nodiscard]] bool hung_up() const { return state_->hung_up; }

 private:
  struct State {
    tcp::socket* socket;
    StopSource* stop;  // null: nobody wants to know any more
    bool hung_up;
  };

  static void wait(const std::shared_ptr<State>& state) {
    state->socket->async_wait(tcp::socket::wait_read, [state](const error_code& error) {
      if (error || state->stop == nullptr) return;
      char byte = 0;
      const ssize_t got = ::recv(state->socket->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      if (got > 0) return;
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait(state);
      state->hung_up = true;
      state->stop->request_stop();
    });
  }

  std::shared_ptr<State> state_;
};

std::optional<HttpResponse> rejection(const error_code& error, const HttpServerOptions& options) {
  using Http = beast::http::error;
  if (error == Http::body_limit) {
    return error_response(413,
                          fmt::format("the body is larger than {} bytes", options.body_bytes_max));
  }
  if (error == Http::header_limit || error == Http::buffer_overflow) {
    return error_response(
        431, fmt::format("the header is larger than {} bytes", options.header_bytes_max));
  }
  const bool cut_off = error == Http::end_of_stream || error == Http::partial_message;
  if (error.category() != make_error_code(Http::bad_method).category() || cut_off) {
    return std::nullopt;  // the connection broke or the time is over
  }
  return error_response(400, "malformed HTTP: " + error.message());
}

}  // namespace

struct HttpServer::Impl {
  Impl(AsioLoop& l, HttpHandler h, Logger lg, HttpServerOptions o)
      : loop(l),
        handler(std::move(h)),
        log(std::move(lg)),
        options(std::move(o)),
        acceptor(l.context()),
        tasks(l) {}

  class Connection;

  AsioLoop& loop;
  const HttpHandler handler;
  const Logger log;
  const HttpServerOptions options;
  tcp::acceptor acceptor;
  uint16_t port = 0;
  bool closing = false;
  std::set<Connection*> connections;
  TaskScope tasks;  // the accept loop and one per connection; its stop is the hard one

  Status bind(const tcp::endpoint& endpoint);
  Task<> accept_all();
  void begin(tcp::socket socket);
  static Task<> serve(std::unique_ptr<Connection> connection);
};

// One client. Its coroutine runs serve() and owns it.
class HttpServer::Impl::Connection {
 public:
  Connection(Impl& server, tcp::socket socket, bool turned_away)
      : server_(server),
        stream_(std::move(socket)),
        turned_away_(turned_away),
        buffer_(server.options.header_bytes_max + kReadBytes) {
    server_.connections.insert(this);
  }
  ~Connection() { server_.connections.erase(this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Task<> serve();
  enum class State { kReceiving, kHandling, kSending };
  [[nodiscard]] State state() const { return state_; }
  // Whatever is under way on the socket fails; a handler is not touched.
  void cut() { stream_.close(); }

 private:
  // The next request; nullopt when there is none and the connection is to be closed.
  Task<std::optional<HttpRequest>> receive(milliseconds first_byte_timeout);
  Task<IoResult> read_header();
  Task<IoResult> read_body();
  // True when the connection can take another request.
  Task<bool> answer(HttpRequest request);
  Task<bool> send(const HttpResponse& response, bool without_body, bool keep_alive);
  Task<> reject(HttpResponse response);

  Impl& server_;
  beast::tcp_stream stream_;
  const bool turned_away_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  State state_ = State::kReceiving;
};

Task<> HttpServer::Impl::Connection::serve() {
  if (turned_away_) {
    HttpResponse response = error_response(503, "too many connections");
    response.headers.add("Retry-After", std::string(kTurnedAwayRetrySeconds));
    co_await reject(std::move(response));
    co_return;
  }
  milliseconds first_byte_timeout = server_.options.header_timeout;
  while (!server_.closing) {
    std::optional<HttpRequest> request = co_await receive(first_byte_timeout);
    if (!request) co_return;
    const bool again = co_await answer(std::move(*request));
    if (!again) co_return;
    state_ = State::kReceiving;
    first_byte_timeout = server_.options.idle_timeout;
  }
}

Task<std::optional<HttpRequest>> HttpServer::Impl::Connection::receive(
    milliseconds first_byte_timeout) {
  if (buffer_.size() == 0) {
    stream_.expires_after(first_byte_timeout);
    const IoResult got = co_await io([this](auto done) {
      stream_.async_read_some(buffer_.prepare(kReadBytes), std::move(done));
    });
    if (got.error) co_return std::nullopt;
    buffer_.commit(got.bytes);
  }
  IoResult got = co_await read_header();
  const bool hosts_wrong = !got.error && parser_->get().version() >= 11 &&
                           parser_->get().count(beast::http::field::host) != 1;
  if (hosts_wrong) {
    co_await reject(error_response(400, "malformed HTTP: there must be one Host header"));
    co_return std::nullopt;
  }
  if (!got.error) got = co_await read_body();
  if (got.error) {
    std::optional<HttpResponse> response = rejection(got.error, server_.options);
    if (response) co_await reject(std::move(*response));
    co_return std::nullopt;
  }
  auto& message = parser_->get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  co_return request;
}

Task<IoResult> HttpServer::Impl::Connection::read_header() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(server_.options.header_bytes_max));
  parser_->body_limit(server_.options.body_bytes_max);
  stream_.expires_after(server_.options.header_timeout);
  co_return co_await io([this](auto done) {
    beast::http::async_read_header(stream_, buffer_, *parser_, std::move(done));
  });
}

Task<IoResult> HttpServer::Impl::Connection::read_body() {
  stream_.expires_after(server_.options.body_timeout);
  const bool client_waits =
      !parser_->is_done() &&
      beast::iequals(parser_->get()[beast::http::field::expect], "100-continue");
  if (client_waits) {
    const IoResult sent = co_await io([this](auto done) {
      asio::async_write(stream_, asio::buffer(kContinue), std::move(done));
    });
    if (sent.error) co_return sent;
  }
  co_return co_await io(
      [this](auto done) { beast::http::async_read(stream_, buffer_, *parser_, std::move(done)); });
}

Task<bool> HttpServer::Impl::Connection::answer(HttpRequest request) {
  const bool head = request.method == "HEAD";
  const bool client_keeps = parser_->keep_alive();
  parser_.reset();
  stream_.expires_never();
  state_ = State::kHandling;
  HttpResponse response;
  bool gone = false;
  {
    StopSource stop(server_.tasks.stop());
    const HangUpWatch watch(stream_.socket(), stop);
    response = co_await server_.handler(std::move(request), stop.stop());
    gone = watch.hung_up();
  }
  if (gone || server_.tasks.stop().requested()) co_return false;
  state_ = State::kSending;
  const bool keep_alive = client_keeps && !server_.closing;
  const bool sent = co_await send(response, head, keep_alive);
  co_return sent&& keep_alive;
}

Task<bool> HttpServer::Impl::Connection::send(const HttpResponse& response, bool without_body,
                                              bool keep_alive) {
  const std::string head = response_head(response, keep_alive);
  const std::array<asio::const_buffer, 2> parts = {
      asio::buffer(head), without_body ? asio::const_buffer() : asio::buffer(response.body)};
  stream_.expires_after(server_.options.body_timeout);
  const IoResult sent = co_await io(
      [this, &parts](auto done) { asio::async_write(stream_, parts, std::move(done)); });
  co_return !sent.error;
}

Task<> HttpServer::Impl::Connection::reject(HttpResponse response) {
  server_.log.debug("request rejected", {{"status", response.status}, {"body", response.body}});
  if (!co_await send(response, false, false)) co_return;
  error_code error;
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  stream_.expires_after(kLingerTimeout);
  size_t bytes = 0;
  while (!error && bytes < kMaxLingerBytes) {
    buffer_.clear();
    const IoResult got = co_await io([this](auto done) {
      stream_.async_read_some(buffer_.prepare(kReadBytes), std::move(done));
    });
    error = got.error;
    bytes += got.bytes;
  }
}

Task<> HttpServer::Impl::serve(std::unique_ptr<Connection> connection) {
  co_await connection->serve();
}

Status HttpServer::Impl::bind(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  if (!error) return Status();
  error_code ignored;
  acceptor.close(ignored);
  return fail(ErrorCode::kUnavailable,
              fmt::format("listen on {} port {}: {}", options.host, options.port, error.message()));
}

Task<> HttpServer::Impl::accept_all() {
  while (!closing) {
    tcp::socket socket(loop.context());
    const IoResult accepted =
        co_await io([this, &socket](auto done) { acceptor.async_accept(socket, std::move(done)); });
    if (closing) co_return;
    if (accepted.error) {
      log.warning("cannot accept a connection", {{"error", accepted.error.message()}});
      const Status slept = co_await sleep_for(loop, kAcceptRetryDelay, tasks.stop());
      if (!slept) co_return;
      continue;
    }
    begin(std::move(socket));
  }
}

void HttpServer::Impl::begin(tcp::socket socket) {
  const bool turned_away = connections.size() >= options.connections_max;
  if (turned_away) {
    log.warning("too many connections", {{"limit", options.connections_max}});
    if (connections.size() >= options.connections_max + kMaxTurnedAway) return;
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  tasks.spawn(serve(std::make_unique<Connection>(*this, std::move(socket), turned_away)));
}

HttpServer::HttpServer(AsioLoop& loop, HttpHandler handler, Logger log, HttpServerOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(handler), std::move(log), std::move(options))) {}

HttpServer::~HttpServer() = default;

Status HttpServer::listen() {
  HOLMES_ASSERT(!impl_->acceptor.is_open() && !impl_->closing);
  error_code error;
  const auto address = asio::ip::make_address(impl_->options.host, error);
  if (error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("listen: \"{}\" is not an IP address", impl_->options.host));
  }
  HOLMES_CHECK(impl_->bind(tcp::endpoint(address, impl_->options.port)));
  impl_->tasks.spawn(impl_->accept_all());
  return Status();
}

uint16_t HttpServer::port() const {
  return impl_->port;
}

std::string HttpServer::address() const {
  const std::string& host = impl_->options.host;
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}:{}", ipv6 ? "[" + host + "]" : host, impl_->port);
}

Task<> HttpServer::close(Stop stop) {
  impl_->closing = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
  using State = Impl::Connection::State;
  for (Impl::Connection* const connection : impl_->connections) {
    if (connection->state() == State::kReceiving) connection->cut();
  }
  const Status drained = co_await impl_->tasks.drain(std::move(stop));
  if (drained) co_return;
  impl_->tasks.request_stop();
  for (Impl::Connection* const connection : impl_->connections) {
    if (connection->state() != State::kHandling) connection->cut();
  }
  const Status ended = co_await impl_->tasks.drain({});
  HOLMES_ASSERT(ended.has_value());
}

}  // namespace holmes
