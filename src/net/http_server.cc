#include "net/http_server.h"

#include <set>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "async/task_scope.h"
#include "base/assert.h"
#include "net/http_server_session.h"
#include "net/io_awaiter.h"

namespace holmes {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

// Above connections_max this many get a 503; the rest is closed without a word.
constexpr size_t kMaxTurnedAway = 64;
constexpr milliseconds kAcceptRetryDelay{100};

}  // namespace

struct HttpServer::Impl {
  Impl(AsioLoop& l, HttpHandler h, Logger lg, HttpServerOptions o)
      : loop(l),
        handler(std::move(h)),
        log(std::move(lg)),
        options(std::move(o)),
        acceptor(l.context()),
        tasks(l) {}

  AsioLoop& loop;
  const HttpHandler handler;
  const Logger log;
  const HttpServerOptions options;
  std::optional<TlsContext> tls;
  tcp::acceptor acceptor;
  uint16_t port = 0;
  bool closing = false;
  std::set<HttpServerSession*> sessions;
  TaskScope tasks;  // the accept loop and one per session; its stop is the hard one

  Status bind(const tcp::endpoint& endpoint);
  Task<> accept_all();
  void begin(tcp::socket socket);
  Task<> serve(std::unique_ptr<HttpServerSession> session, bool turned_away);
};

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
  const bool turned_away = sessions.size() >= options.connections_max;
  if (turned_away) {
    log.warning("too many connections", {{"limit", options.connections_max}});
    if (sessions.size() >= options.connections_max + kMaxTurnedAway) return;
  }
  error_code error;
  const int accepted = socket.release(error);
  if (error) return;
  auto session =
      std::make_unique<HttpServerSession>(loop, handler, log, options, tasks.stop(), accepted,
                                          tls ? std::make_unique<TlsSession>(*tls) : nullptr);
  sessions.insert(session.get());
  tasks.spawn(serve(std::move(session), turned_away));
}

Task<> HttpServer::Impl::serve(std::unique_ptr<HttpServerSession> session, bool turned_away) {
  co_await (turned_away ? session->turn_away() : session->serve());
  sessions.erase(session.get());
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
  if (impl_->options.tls) HOLMES_CHECK(set_tls(*impl_->options.tls));
  HOLMES_CHECK(impl_->bind(tcp::endpoint(address, impl_->options.port)));
  impl_->tasks.spawn(impl_->accept_all());
  return Status();
}

Status HttpServer::set_tls(const TlsServerOptions& tls) {
  HOLMES_ASSERT(impl_->options.tls.has_value());
  HOLMES_TRY(impl_->tls, TlsContext::make(tls));
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
  for (HttpServerSession* const session : impl_->sessions) session->begin_close();
  const Status drained = co_await impl_->tasks.drain(std::move(stop));
  if (drained) co_return;
  impl_->tasks.request_stop();
  for (HttpServerSession* const session : impl_->sessions) session->cut();
  const Status ended = co_await impl_->tasks.drain({});
  HOLMES_ASSERT(ended.has_value());
}

}  // namespace holmes
