// The client's side of TLS as a machine of bytes: OpenSSL without sockets. Private to net.
//
// TlsContext is what all connections of a client share; TlsSession is one connection. TLS 1.2 or
// later; host names, or addresses, are verified unless TlsOptions says otherwise. Waits for nothing
// and opens nothing but the system's trusted certificates. Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/tls.h"

struct bio_st;
struct ssl_st;
struct ssl_ctx_st;

namespace holmes {

class TlsContext {
 public:
  // Fails with kInvalid when the PEM texts cannot be used; quotes none of them.
  static Result<TlsContext> make(const TlsOptions& options);

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  TlsContext() = default;

  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::string server_name_;
  bool insecure_ = false;
};

// Stays where it is: OpenSSL points at it.
class TlsSession {
 public:
  enum class Progress {
    kDone,
    kNeedsInput,
    kClosed,  // the peer said that it sends no more
    kFailed,  // see failure()
  };

  // `host` is the server's name or address, unless the options name another.
  TlsSession(const TlsContext& context, const std::string& host);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Progress handshake();
  // Encrypts all of it into output(). False when the session has failed.
  bool write(std::string_view plaintext);
  // Decrypts at most `size` bytes and says how many in `got`; kDone when there was at least one.
  Progress read(char* to, size_t size, size_t& got);

  // What came from the peer. The bytes must stay until one of the calls above needs more.
  void set_input(std::string_view bytes) { input_ = bytes; }
  // Whether read() has something to say without more input.
  [[nodiscard]] bool has_input() const;
  // What is to be sent to the peer, after any of the calls above; the caller clears it.
  [[nodiscard]] std::string& output() { return output_; }
  // Why it failed, for people; "" unless it did.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  struct Bio;
  friend struct Bio;
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  Progress progress_of(int result);
  [[nodiscard]] std::string explain() const;

  std::string name_;  // verified
  std::unique_ptr<ssl_st, Free> ssl_;
  std::optional<Progress> ended_;  // kClosed or kFailed
  std::string_view input_;
  std::string output_;
  std::string failure_;
};

}  // namespace holmes
