// What a TLS client needs to know, as PEM text. Empty fields: the system's defaults.
#pragma once

#include <string>

namespace holmes {

struct TlsOptions {
  std::string ca_pem{};           // trust only these; empty: the system's store
  std::string certificate_pem{};  // client certificate chain, with its key
  std::string key_pem{};
  std::string server_name{};  // verified and sent instead of the URL's host
  bool insecure = false;      // no verification; only on the user's explicit word

  bool operator==(const TlsOptions&) const = default;
};

}  // namespace holmes
