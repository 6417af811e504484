// One client of an HttpServer: its requests, one after another. Private to net.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "async/asio_loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/tcp_connection.h"

namespace holmes {

// What is given by reference outlives it. Threads: the loop's.
class HttpServerSession {
 public:
  // `hard_stop` is the handlers'; after it nothing that they return is sent.
  HttpServerSession(AsioLoop& loop, const HttpHandler& handler, const Logger& log,
                    const HttpServerOptions& options, Stop hard_stop, int accepted,
                    std::unique_ptr<TlsSession> tls);
  ~HttpServerSession();
  HttpServerSession(const HttpServerSession&) = delete;
  HttpServerSession& operator=(const HttpServerSession&) = delete;

  // Returns when the client or the server wants no more of it.
  Task<> serve();
  // Answers 503, for one client too many.
  Task<> turn_away();

  // No request after the one that is being answered.
  void begin_close();
  // Whatever is under way on the socket fails; a handler is not touched.
  void cut();

 private:
  struct Parser;
  enum class State { kReceiving, kHandling, kSending };

  Task<bool> greet();
  // The next request; nullopt when there is none and the connection is to be closed.
  Task<std::optional<HttpRequest>> receive(std::chrono::milliseconds first_byte_timeout);
  Task<boost::system::error_code> read_header();
  Task<boost::system::error_code> read_body();
  Task<boost::system::error_code> read(bool whole);
  HttpRequest take_request();
  // True when the connection can take another request.
  Task<bool> answer(HttpRequest request);
  Task<bool> send(HttpResponse response, bool without_body, bool keep_alive);
  Task<bool> send_stream(std::shared_ptr<HttpBody> body, bool in_chunks);
  Task<Result<std::optional<std::string>>> next_piece(HttpBody& body);
  Task<bool> send_bytes(std::string_view bytes);
  Task<> reject(HttpResponse response);
  Task<> linger();
  void limit(std::chrono::milliseconds time);

  AsioLoop& loop_;
  const HttpHandler& handler_;
  const Logger& log_;
  const HttpServerOptions& options_;
  const Stop hard_stop_;
  TcpConnection connection_;
  std::unique_ptr<Parser> parser_;
  Timer time_limit_;  // of what is under way on the socket
  State state_ = State::kReceiving;
  bool closing_ = false;
};

}  // namespace holmes
