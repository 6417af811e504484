// Who `holmes local` is to its clients: an authority of its own, the server's certificate, the
// token that clients bring, and the port. Kept, so that a kubeconfig stays good after a restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/random.h"
#include "base/result.h"
#include "base/time.h"
#include "config/values.h"
#include "net/certificates.h"
#include "net/tls.h"

namespace holmes {

class LocalIdentity {
 public:
  static LocalIdentity make(WallTime now, Random& random);
  // What to_text() gave. Fails with kInvalid, and says how to go on.
  static Result<LocalIdentity> read(std::string_view text);
  [[nodiscard]] std::string to_text() const;

  // Makes a certificate for this host, 127.0.0.1, ::1 and localhost when the one that is there does
  // not fit, or will soon have run out. Fails with kInvalid on a host that is neither an address
  // nor a name.
  Status serve_as(const std::string& host, WallTime now, Random& random);
  [[nodiscard]] uint16_t port() const { return port_; }  // 0: none yet
  void note_port(uint16_t port) { port_ = port; }
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] TlsServerOptions tls() const;

  // For clients, of a server that listens there; always the same bytes for the same identity.
  [[nodiscard]] std::string kubeconfig(const HostPort& address) const;

 private:
  LocalIdentity(CertificateAuthority authority, WallTime valid_to, std::string token);

  CertificateAuthority authority_;
  WallTime valid_to_;
  std::string token_;
  Certificate server_;
  std::vector<std::string> names_;  // of the server's certificate
  uint16_t port_ = 0;
};

// Under which clients reach a server that listens there: "https://127.0.0.1:8443".
std::string local_url(const HostPort& address);

}  // namespace holmes
