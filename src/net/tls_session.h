// One TLS connection as a machine of bytes: OpenSSL without sockets. Private to net.
//
// A client verifies the server's name, or address, unless TlsOptions says otherwise. Waits for
// nothing and opens nothing. Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/tls_context.h"

struct bio_st;
struct ssl_st;

namespace holmes {

// Stays where it is: OpenSSL points at it.
class TlsSession {
 public:
  enum class Progress {
    kDone,
    kNeedsInput,
    kClosed,  // the peer said that it sends no more
    kFailed,  // see failure()
  };

  // A client's. `host` is the server's name or address, unless the options name another.
  TlsSession(const TlsContext& context, const std::string& host);
  // A server's.
  explicit TlsSession(const TlsContext& context);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Progress handshake();
  // Encrypts all of it into output(). False when the session has failed.
  bool write(std::string_view plaintext);
  // Puts into output() that no more will be written. The peer can tell it from a broken connection.
  void write_end();
  // Decrypts at most `size` bytes and says how many in `got`; kDone when there was at least one.
  Progress read(char* to, size_t size, size_t& got);

  // What came from the peer. The bytes must stay until one of the calls above needs more.
  void set_input(std::string_view bytes) { input_ = bytes; }
  // Whether read() has something to say without more input.
  [[nodiscard]] bool has_input() const;
  // Frees the 16 KiB that OpenSSL keeps after a session ticket for a record that may be long in
  // coming. Only without input.
  void release_buffers();
  // What is to be sent to the peer, after any of the calls above; the caller clears it.
  [[nodiscard]] std::string& output() { return output_; }
  // Why it failed, for people; "" unless it did.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // Whether the handshake failed because the client speaks HTTP without TLS.
  [[nodiscard]] bool met_plain_http() const { return met_plain_http_; }

 private:
  struct Bio;
  friend struct Bio;
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  void set_up();
  Progress progress_of(int result);
  [[nodiscard]] std::string explain() const;

  std::string name_;  // verified; "" in a server
  std::unique_ptr<ssl_st, Free> ssl_;
  std::optional<Progress> ended_;  // kClosed or kFailed
  std::string_view input_;
  std::string output_;
  std::string failure_;
  bool met_plain_http_ = false;
};

}  // namespace holmes
