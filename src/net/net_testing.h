// For tests: raw TCP peers, a small TLS server, and tasks that run while the test does something
// else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/asio_loop.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "net/certificates_testing.h"

namespace holmes {

// A TCP connection on loopback, driven byte by byte.
class TcpPeer {
 public:
  static Task<std::unique_ptr<TcpPeer>> connect(AsioLoop& loop, uint16_t port);
  ~TcpPeer();

  // False when the other side is gone.
  Task<bool> write(std::string bytes);
  // All bytes up to and with `end`; when the connection ends before, what had come.
  Task<std::string> read_until(std::string end);
  Task<std::string> read_to_end();
  // Whether the other side broke it off instead of ending it, as reading has found.
  [[nodiscard]] bool was_reset() const;

 private:
  friend class TcpListener;
  struct Impl;
  explicit TcpPeer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

class TcpListener {
 public:
  explicit TcpListener(AsioLoop& loop);
  ~TcpListener();

  [[nodiscard]] uint16_t port() const;
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  Task<std::unique_ptr<TcpPeer>> accept();
  // Whether a connection waits to be accepted.
  [[nodiscard]] bool has_waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Answers each request with "sni=<...> client=<common name> host=<Host header>", a POST, whose body
// must end with "END", with that body, and "GET /cut" with a body whose end is the connection's,
// which then breaks without TLS's goodbye.
class TlsServer {
 public:
  // With `client_ca_pem`, clients must show a certificate of that authority.
  TlsServer(AsioLoop& loop, const Certificate& own, const std::string& client_ca_pem = "");
  ~TlsServer();
  [[nodiscard]] uint16_t port() const;
  // Stops accepting and waits until the clients are gone.
  Task<> close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A task that runs whenever the loop does.
template <class T>
class Background {
 public:
  Background(AsioLoop& loop, Task<T> task) : loop_(loop), scope_(loop) {
    scope_.spawn(task_scope_internal::store(std::move(task), value_));
  }
  [[nodiscard]] bool done() const { return value_.has_value(); }
  // Runs the loop until the task has ended. Call it before the end.
  T get() {
    const Status drained = loop_.run(scope_.drain({}));
    HOLMES_ASSERT(drained.has_value());
    return std::move(*value_);
  }

 private:
  AsioLoop& loop_;
  std::optional<T> value_;
  TaskScope scope_;
};

// Ends the process when a test hangs.
Timer watchdog(AsioLoop& loop);

}  // namespace holmes
