// Bytes of a connection to one HTTP/1 response, over Beast's parser. Private to net. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace holmes {

class ResponseParser {
 public:
  // `to_head`: the request was a HEAD, whose response has no body. Without `body_bytes_max` the
  // body has no limit: the caller takes it away as it grows.
  ResponseParser(bool to_head, std::optional<size_t> body_bytes_max);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Takes the next bytes and says how many; those that it left, fewer than a header's limit, must
  // come again with more behind them. Interim responses (1xx) are skipped. Fails with kProtocol or
  // kTooLarge. Not to be called when done().
  Result<size_t> put(std::string_view bytes);
  // The peer sends no more. Fails with kUnavailable when the response is not whole.
  Status put_end();

  [[nodiscard]] bool headers_done() const;
  [[nodiscard]] bool done() const;
  // Whether the connection can take another request. Once done().
  [[nodiscard]] bool keeps_connection() const;
  // Status and headers once headers_done(); the body as far as it came.
  [[nodiscard]] HttpResponse& response() { return response_; }

 private:
  class Message;

  const bool to_head_;
  const std::optional<size_t> body_bytes_max_;
  HttpResponse response_;
  size_t header_bytes_ = 0;
  std::unique_ptr<Message> message_;
};

}  // namespace holmes
