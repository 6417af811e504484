// What a TLS client needs to know, as PEM text. Empty fields: the system's defaults.
#pragma once

#include <string>

#include "base/result.h"

namespace holmes {

struct TlsOptions {
  std::string ca_pem{};           // trust only these; empty: the system's store
  std::string certificate_pem{};  // client certificate chain, with its key
  std::string key_pem{};
  std::string server_name{};  // verified and sent instead of the URL's host
  bool insecure = false;      // no verification; only on the user's explicit word

  bool operator==(const TlsOptions&) const = default;
};

// Whether a client can be made of the PEM texts: all certificates are whole, and the key is that of
// the client certificate. Fails with kInvalid; quotes none of them.
Status check_tls(const TlsOptions& options);

}  // namespace holmes
