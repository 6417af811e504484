// What all TLS connections of a client, or of a server, share: OpenSSL's settings made of our
// options. Private to net.
//
// TLS 1.2 or later, HTTP/1.1 and nothing else by ALPN, no resumption: who is let in again has
// shown all of it again. Opens nothing but the system's trusted certificates.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/tls.h"

struct ssl_ctx_st;

namespace holmes {

// Beside what it trusts already. Fails with kInvalid when this is no PEM text of certificates.
Status trust_also(ssl_ctx_st* context, const std::string& pem);

class TlsContext {
 public:
  // Fail with kInvalid when the PEM texts cannot be used; quote none of them.
  static Result<TlsContext> make(const TlsOptions& options);
  static Result<TlsContext> make(const TlsServerOptions& options);

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  explicit TlsContext(ssl_ctx_st* context);

  std::unique_ptr<ssl_ctx_st, Free> context_;  // its sessions keep it, too
  std::string server_name_;
  bool insecure_ = false;
};

}  // namespace holmes
