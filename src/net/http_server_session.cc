#include "net/http_server_session.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "async/wait.h"
#include "net/http_wire.h"

namespace holmes {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::string_view kTurnedAwayRetrySeconds = "1";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kPlainHttp = "Client sent an HTTP request to an HTTPS server.";
// Bytes of a body's frame that one call of the parser wants to see whole.
constexpr size_t kMaxFrameBytes = size_t{4} << 10U;
// Up to here, head and body are one piece for TLS and the kernel.
constexpr size_t kSmallBodyBytes = size_t{16} << 10U;
// After an answer to a request that was not read: closing at once would reset the connection, and
// the client might lose the answer.
constexpr milliseconds kLingerTimeout{2000};
constexpr size_t kMaxLingerBytes = size_t{1} << 20U;

std::optional<HttpResponse> rejection(const error_code& error, const HttpServerOptions& options) {
  if (error == http::error::body_limit) {
    return error_response(413,
                          fmt::format("the body is larger than {} bytes", options.body_bytes_max));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return error_response(
        431, fmt::format("the header is larger than {} bytes", options.header_bytes_max));
  }
  const bool cut_off = error == http::error::partial_message;  // it broke or the time is over
  if (cut_off) return std::nullopt;
  return error_response(400, "malformed HTTP: " + error.message());
}

}  // namespace

struct HttpServerSession::Parser : http::request_parser<http::string_body> {};

HttpServerSession::HttpServerSession(AsioLoop& loop, const HttpHandler& handler, const Logger& log,
                                     const HttpServerOptions& options, Stop hard_stop, int accepted,
                                     std::unique_ptr<TlsSession> tls)
    : loop_(loop),
      handler_(handler),
      log_(log),
      options_(options),
      hard_stop_(std::move(hard_stop)),
      connection_(loop, accepted, std::move(tls)) {}

HttpServerSession::~HttpServerSession() = default;

Task<> HttpServerSession::serve() {
  if (!co_await greet()) co_return;
  milliseconds first_byte_timeout = options_.header_timeout;
  while (!closing_) {
    std::optional<HttpRequest> request = co_await receive(first_byte_timeout);
    if (!request) co_return;
    const bool again = co_await answer(std::move(*request));
    if (!again) co_return;
    state_ = State::kReceiving;
    first_byte_timeout = options_.idle_timeout;
  }
}

Task<> HttpServerSession::turn_away() {
  if (!co_await greet()) co_return;
  HttpResponse response = error_response(503, "too many connections");
  response.headers.add("Retry-After", kTurnedAwayRetrySeconds);
  co_await reject(std::move(response));
}

void HttpServerSession::begin_close() {
  closing_ = true;
  if (state_ == State::kReceiving) connection_.close();
}

void HttpServerSession::cut() {
  if (state_ != State::kHandling) connection_.close();
}

Task<bool> HttpServerSession::greet() {
  limit(options_.header_timeout);
  const TcpConnection::Greeting greeting = co_await connection_.greet();
  if (greeting == TcpConnection::Greeting::kDone) co_return true;
  log_.debug("TLS handshake failed", {{"error", connection_.failure()}});
  if (greeting == TcpConnection::Greeting::kPlainHttp) {
    co_await reject(error_response(400, kPlainHttp));
  } else {
    co_await linger();  // the client may still have to read our word about it
  }
  co_return false;
}

Task<std::optional<HttpRequest>> HttpServerSession::receive(milliseconds first_byte_timeout) {
  if (connection_.bytes().empty()) {
    limit(first_byte_timeout);
    const auto received = co_await connection_.receive();
    if (received != TcpConnection::Received::kBytes) co_return std::nullopt;
  }
  error_code error = co_await read_header();
  const bool hosts_wrong =
      !error && parser_->get().version() >= 11 && parser_->get().count(http::field::host) != 1;
  if (hosts_wrong) {
    co_await reject(error_response(400, "malformed HTTP: there must be one Host header"));
    co_return std::nullopt;
  }
  if (!error) error = co_await read_body();
  if (error) {
    std::optional<HttpResponse> response = rejection(error, options_);
    if (response) co_await reject(std::move(*response));
    co_return std::nullopt;
  }
  co_return take_request();
}

Task<error_code> HttpServerSession::read_header() {
  parser_ = std::make_unique<Parser>();
  parser_->header_limit(static_cast<uint32_t>(options_.header_bytes_max));
  parser_->body_limit(options_.body_bytes_max);
  limit(options_.header_timeout);
  co_return co_await read(false);
}

Task<error_code> HttpServerSession::read_body() {
  if (parser_->is_done()) co_return error_code();
  limit(options_.body_timeout);
  const bool client_waits =
      boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
  if (client_waits && !co_await connection_.send(kContinue)) {
    co_return http::make_error_code(http::error::partial_message);
  }
  co_return co_await read(true);
}

// Until the parser has the header, or the whole message.
Task<error_code> HttpServerSession::read(bool whole) {
  const size_t bytes_max = options_.header_bytes_max + kMaxFrameBytes;
  while (!(whole ? parser_->is_done() : parser_->is_header_done())) {
    const std::string_view bytes = connection_.bytes();
    error_code error = http::make_error_code(http::error::need_more);
    if (!bytes.empty()) {
      connection_.consume(parser_->put(boost::asio::buffer(bytes), error));
    }
    if (!error) continue;
    if (error != http::error::need_more) co_return error;
    if (connection_.bytes().size() > bytes_max) {
      co_return http::make_error_code(http::error::buffer_overflow);
    }
    const auto received = co_await connection_.receive();
    if (received != TcpConnection::Received::kBytes) {
      co_return http::make_error_code(http::error::partial_message);
    }
  }
  co_return error_code();
}

HttpRequest HttpServerSession::take_request() {
  auto& message = parser_->get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.add(field.name_string(), field.value());
  }
  request.body = std::move(message.body());
  return request;
}

Task<bool> HttpServerSession::answer(HttpRequest request) {
  const bool head = request.method == "HEAD";
  const bool client_keeps = parser_->keep_alive();
  time_limit_.cancel();
  state_ = State::kHandling;
  HttpResponse response;
  {
    StopSource stop(hard_stop_);
    const TcpConnection::HangUpWatch watch(connection_, stop);
    response = co_await handler_(std::move(request), stop.stop());
    if (watch.hung_up() || hard_stop_.requested()) co_return false;
  }
  const bool keep_alive = client_keeps && !closing_;
  co_return co_await send(std::move(response), head, keep_alive);
}

Task<bool> HttpServerSession::send(HttpResponse response, bool without_body, bool keep_alive) {
  const bool streams = response.stream != nullptr;
  const bool knows_chunks = parser_ == nullptr || parser_->get().version() >= 11;
  Framing framing = Framing::kLength;
  if (streams) framing = knows_chunks ? Framing::kChunks : Framing::kConnectionEnd;
  keep_alive = keep_alive && framing != Framing::kConnectionEnd;
  without_body = without_body || !may_have_body(response.status);

  std::string head = response_head(response, framing, keep_alive);
  const bool in_one_piece = !streams && response.body.size() <= kSmallBodyBytes;
  if (in_one_piece && !without_body) head += response.body;
  bool sent = co_await send_bytes(head);
  if (sent && !without_body && !in_one_piece) {
    sent = streams ? co_await send_stream(response.stream, framing == Framing::kChunks)
                   : co_await send_bytes(response.body);
  }
  if (sent && !keep_alive) {
    limit(options_.body_timeout);
    co_await connection_.send_end();
  }
  co_return sent&& keep_alive;
}

Task<bool> HttpServerSession::send_stream(std::shared_ptr<HttpBody> body, bool in_chunks) {
  while (true) {
    const Result<std::optional<std::string>> piece = co_await next_piece(*body);
    if (!piece) {
      log_.debug("a streamed response was broken off", {{"error", piece.error()}});
      // Without chunks the end of the connection would be that of the body.
      if (!in_chunks) connection_.reset();
      co_return false;
    }
    if (!*piece) break;
    if ((*piece)->empty()) continue;
    const bool sent = co_await send_bytes(in_chunks ? chunk(**piece) : **piece);
    if (!sent) co_return false;
    co_await next_turn(loop_);  // a body that is always ready leaves room for others
  }
  if (!in_chunks) co_return true;
  co_return co_await send_bytes(kLastChunk);
}

Task<Result<std::optional<std::string>>> HttpServerSession::next_piece(HttpBody& body) {
  state_ = State::kHandling;
  StopSource stop(hard_stop_);
  const TcpConnection::HangUpWatch watch(connection_, stop);
  Result<std::optional<std::string>> piece = co_await body.next(stop.stop());
  if (watch.hung_up()) co_return fail(ErrorCode::kUnavailable, "the client hung up");
  if (hard_stop_.requested()) co_return fail(hard_stop_.error("send a response"));
  co_return piece;
}

Task<bool> HttpServerSession::send_bytes(std::string_view bytes) {
  state_ = State::kSending;
  limit(options_.body_timeout);
  const bool sent = co_await connection_.send(bytes);
  time_limit_.cancel();
  co_return sent;
}

Task<> HttpServerSession::reject(HttpResponse response) {
  log_.debug("request rejected", {{"status", response.status}, {"body", response.body}});
  parser_.reset();
  co_await send(std::move(response), false, false);
  co_await linger();
}

Task<> HttpServerSession::linger() {
  limit(kLingerTimeout);
  co_await connection_.send_end();
  size_t bytes = 0;
  auto received = TcpConnection::Received::kBytes;
  while (received == TcpConnection::Received::kBytes && bytes < kMaxLingerBytes) {
    bytes += connection_.bytes().size();
    connection_.consume(connection_.bytes().size());
    received = co_await connection_.receive();
  }
}

void HttpServerSession::limit(milliseconds time) {
  time_limit_ = Timer(loop_, loop_.mono_now() + time, [this] { connection_.close(); });
}

}  // namespace holmes
