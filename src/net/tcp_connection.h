// A TCP connection, of a client or of a server, with TLS or without, that costs one system call to
// send and two to receive. One with TLS holds no buffers while it waits. Private to net.
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

class TcpConnection {
 public:
  // A client's, to connect. `tls` is null without TLS.
  TcpConnection(AsioLoop& loop, std::unique_ptr<TlsSession> tls);
  // A server's: takes over the socket of a connection that was accepted.
  TcpConnection(AsioLoop& loop, int accepted, std::unique_ptr<TlsSession> tls);
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  // To "10.0.0.1:5050" or "[::1]:5050", with the TLS handshake. The stop closes it.
  Task<bool> connect(std::string address, Stop stop);
  // The server's side of the handshake; done at once without TLS. After kPlainHttp, which is a
  // request without TLS where TLS was expected, an answer can be sent in plain text.
  enum class Greeting { kDone, kPlainHttp, kFailed };
  Task<Greeting> greet();
  // `bytes` stay until it returns. When it fails there may still be an answer to receive.
  Task<bool> send(std::string_view bytes);
  // Says that no more will be sent.
  Task<> send_end();

  enum class Received { kBytes, kEnd, kBroken };
  // Waits until there are more bytes(). kEnd: the peer sends no more, and said so.
  Task<Received> receive();
  // What was received and not consumed.
  [[nodiscard]] std::string_view bytes() const;
  void consume(size_t count);

  // Requests the stop when the peer hangs up while this lives and no other call is under way. Data
  // (a next request that came too early) is no hang-up; after it nothing is noticed any more.
  class HangUpWatch {
   public:
    HangUpWatch(TcpConnection& connection, StopSource& stop);
    ~HangUpWatch();
    HangUpWatch(const HangUpWatch&) = delete;
    HangUpWatch& operator=(const HangUpWatch&) = delete;

    [[nodiscard]] bool hung_up() const;

   private:
    struct State;
    static void wait(const std::shared_ptr<State>& state);
    static void look(State& state);
    std::shared_ptr<State> state_;
  };

  // Why the last call failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // Whether it is open and nothing has come unasked, such as the peer's goodbye.
  [[nodiscard]] bool is_quiet();
  // A call that is under way fails soon.
  void close();
  // Closes it so that the peer sees an error, not an end.
  void reset();

 private:
  struct Impl;
  Task<bool> write(std::string_view bytes);
  Task<bool> flush();
  Task<bool> read_input();
  Received decrypt();
  Received receive_now();

  std::unique_ptr<Impl> impl_;
  std::unique_ptr<TlsSession> tls_;
  std::string failure_;
};

}  // namespace holmes
