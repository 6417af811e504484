// What the two sides of TLS need to know, as PEM text.
#pragma once

#include <string>

#include "base/result.h"

namespace holmes {

// A client. Empty fields: the system's defaults.
struct TlsOptions {
  std::string ca_pem{};           // trust only these; empty: the system's store
  std::string extra_ca_pem{};     // trust these as well
  std::string certificate_pem{};  // client certificate chain, with its key
  std::string key_pem{};
  std::string server_name{};  // verified and sent instead of the URL's host
  bool insecure = false;      // no verification; only on the user's explicit word

  bool operator==(const TlsOptions&) const = default;
};

// Whether a client can be made of the PEM texts: all certificates are whole, and the key is that of
// the client certificate. Fails with kInvalid; quotes none of them.
Status check_tls(const TlsOptions& options);

// A server.
struct TlsServerOptions {
  std::string certificate_pem{};  // its certificate, then those that lead to the authority
  std::string key_pem{};
  // Clients must show a certificate of one of these authorities; empty: none is asked for.
  std::string client_ca_pem{};

  bool operator==(const TlsServerOptions&) const = default;
};

// The same for a server.
Status check_server_tls(const TlsServerOptions& options);

}  // namespace holmes
