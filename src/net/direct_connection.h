// A TCP connection to a server, with TLS or without, that costs one system call to send and one or
// two to receive. Private to net.
//
// Errors are for people; the caller knows what was under way and adds the code. One call at a time.
// Destroying it closes it; no call may be under way then. Threads: the loop's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/asio_loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "net/tls_session.h"

namespace holmes {

class DirectConnection {
 public:
  // `tls` is null without TLS.
  DirectConnection(AsioLoop& loop, std::unique_ptr<TlsSession> tls);
  ~DirectConnection();
  DirectConnection(const DirectConnection&) = delete;
  DirectConnection& operator=(const DirectConnection&) = delete;

  // To "10.0.0.1:5050" or "[::1]:5050", with the TLS handshake. The stop closes it.
  Task<bool> connect(std::string address, Stop stop);
  // `bytes` stay until it returns. When it fails there may still be an answer to receive.
  Task<bool> send(std::string_view bytes);

  enum class Received { kBytes, kEnd, kBroken };
  // Waits until there are more bytes(). kEnd: the peer sends no more, and said so.
  Task<Received> receive();
  // What was received and not consumed.
  [[nodiscard]] std::string_view bytes() const;
  void consume(size_t count);

  // Why the last call failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // Whether it is open and nothing has come unasked, such as the peer's goodbye.
  [[nodiscard]] bool is_quiet();
  // A call that is under way fails soon.
  void close();

 private:
  struct Impl;
  Task<bool> greet();
  Task<bool> write(std::string_view bytes);
  Task<Received> receive_tls();
  Task<bool> read_input();
  Received decrypt();

  std::unique_ptr<Impl> impl_;
  std::unique_ptr<TlsSession> tls_;
  std::string failure_;
};

}  // namespace holmes
