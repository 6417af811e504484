#include "net/direct_exchange.h"

#include <utility>

#include <fmt/format.h>

#include "async/wait.h"
#include "base/assert.h"
#include "net/http_wire.h"

namespace holmes {
namespace {

// While the peer thinks, as it may for minutes about each of a thousand requests, they are not
// kept.
void free_memory(std::string& text) {
  std::string().swap(text);
}

}  // namespace

DirectExchange::DirectExchange(DirectPool& pool, HttpRequest request,
                               std::optional<size_t> body_bytes_max)
    : pool_(pool), request_(std::move(request)), body_bytes_max_(body_bytes_max) {}

DirectExchange::~DirectExchange() {
  end();
}

Task<Status> DirectExchange::until_headers(Stop stop) {
  HOLMES_ASSERT(!has_permit_);
  HOLMES_CO_TRY(const ClientTarget target, pool_.check(request_));
  co_await next_turn(pool_.loop());
  has_permit_ = (co_await pool_.permits().acquire(stop)).has_value();
  if (!has_permit_) co_return fail(stop.error(what()));
  std::string text = request_text(request_, target, pool_.options().user_agent);
  free_memory(request_.body);
  pooled_ = pool_.take(target.origin->peers);
  if (pooled_ && !is_repeatable(request_.method)) co_return co_await attempt(std::move(text), stop);
  if (pooled_) {
    const Status sent = co_await attempt(text, stop);
    const bool dead = !sent && !answered_ && !stop.requested();
    if (!dead) co_return sent;
  }
  auto made = co_await pool_.connect(target.origin, stop);
  if (stop.requested()) co_return fail(stop.error(what()));
  if (!made) co_return fail(made.error().within(what()));
  pooled_ = std::move(*made);
  co_return co_await attempt(std::move(text), stop);
}

Task<Status> DirectExchange::attempt(std::string text, Stop stop) {
  parser_.emplace(request_.method == "HEAD", body_bytes_max_);
  const StopCallback on_stop(stop, [this](StopReason) { cut(); });
  // When it fails, there may be an answer that says why.
  sent_whole_ = co_await pooled_->connection->send(text);
  free_memory(text);
  while (!parser_->headers_done()) {
    Status came = take_in(co_await pooled_->connection->receive(), stop);
    if (came) continue;
    if (!parser_->headers_done()) co_return came;
    error_ = std::move(came).error();  // whoever reads the body learns of it
  }
  co_return Status();
}

Task<Status> DirectExchange::until_done(Stop stop) {
  if (error_) co_return fail(*error_);
  if (!parser_->done()) {
    const StopCallback on_stop(stop, [this](StopReason) { cut(); });
    while (!parser_->done()) {
      HOLMES_CO_CHECK(take_in(co_await pooled_->connection->receive(), stop));
    }
  }
  co_await next_turn(pool_.loop());
  co_return Status();
}

Task<Result<std::optional<std::string>>> DirectExchange::read(Stop stop) {
  std::string& body = response().body;
  if (body.empty() && !parser_->done() && !error_) {
    const StopCallback on_stop(stop, [this](StopReason) { cut(); });
    Status came;
    while (came && body.empty() && !parser_->done()) {
      came = take_in(co_await pooled_->connection->receive(), stop);
    }
    co_await next_turn(pool_.loop());
    if (!came) error_ = std::move(came).error();
    if (error_) end();
  }
  if (!body.empty()) co_return std::exchange(body, {});
  if (error_) co_return fail(*error_);
  co_return std::nullopt;
}

// The next piece of the response, and its end.
Status DirectExchange::take_in(TcpConnection::Received received, const Stop& stop) {
  Status taken = stop.requested() ? fail(stop.error(what())) : parse(received);
  if (!taken) pooled_.reset();
  if (taken && parser_->done()) end();
  return taken;
}

Status DirectExchange::parse(TcpConnection::Received received) {
  TcpConnection& connection = *pooled_->connection;
  switch (received) {
    case TcpConnection::Received::kBytes:
      break;
    case TcpConnection::Received::kEnd:
      if (Status whole = parser_->put_end(); !whole) return fail(whole.error().within(what()));
      return Status();
    case TcpConnection::Received::kBroken:
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{}: the connection was closed before a whole response came: {}",
                              what(), connection.failure()));
  }
  answered_ = true;
  const Result<size_t> taken = parser_->put(connection.bytes());
  if (!taken) return fail(taken.error().within(what()));
  connection.consume(*taken);
  return Status();
}

void DirectExchange::cut() {
  if (pooled_) pooled_->connection->close();
}

// Off the connection, which is kept when it can be.
void DirectExchange::end() {
  if (pooled_) {
    const bool reusable = sent_whole_ && parser_->done() && parser_->keeps_connection() &&
                          pooled_->connection->bytes().empty();
    if (reusable) pool_.keep(std::move(*pooled_));
    pooled_.reset();
  }
  if (std::exchange(has_permit_, false)) pool_.permits().release();
}

}  // namespace holmes
