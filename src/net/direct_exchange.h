// One request and its response over a connection of the pool. Private to net: direct_client.h is
// what others use.
//
// Many requests go in step: what has come for all of them is decrypted and parsed in one turn of
// the loop, looked at in the next, and what that leads to is sent in a third. Code that runs many
// times in a row is in the caches: one after the other from end to end, they cost 4 % more of all
// CPU.
//
// Destroying it ends the request: a connection in the middle of a response is closed. None of its
// calls may be under way then. Threads: the loop's.
#pragma once

#include <optional>
#include <string>

#include "net/direct_pool.h"
#include "net/response_parser.h"

namespace holmes {

class DirectExchange {
 public:
  // Without `body_bytes_max` the body is to be read() in pieces.
  DirectExchange(DirectPool& pool, HttpRequest request, std::optional<size_t> body_bytes_max);
  ~DirectExchange();
  DirectExchange(const DirectExchange&) = delete;
  DirectExchange& operator=(const DirectExchange&) = delete;

  // Sends the request, a second time where http.h says so. Errors: those of HttpClient. Call once.
  Task<Status> until_headers(Stop stop);
  // After until_headers, one of these.
  Task<Status> until_done(Stop stop);
  Task<Result<std::optional<std::string>>> read(Stop stop);  // see HttpStream

  // After until_headers or until_done.
  [[nodiscard]] HttpResponse& response() { return parser_->response(); }

 private:
  Task<Status> attempt(std::string text, Stop stop);
  Status take_in(TcpConnection::Received received, const Stop& stop);
  Status parse(TcpConnection::Received received);
  void cut();
  void end();
  [[nodiscard]] std::string what() const { return request_name(request_); }

  DirectPool& pool_;
  HttpRequest request_;  // without its body once the text is made
  const std::optional<size_t> body_bytes_max_;
  std::optional<ResponseParser> parser_;
  std::optional<PooledConnection> pooled_;  // from the sending to the response's end
  bool has_permit_ = false;
  bool sent_whole_ = false;
  bool answered_ = false;       // at least a byte came
  std::optional<Error> error_;  // that came after the headers
};

}  // namespace holmes
