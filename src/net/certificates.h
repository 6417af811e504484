// X.509 certificates made by ourselves: a small authority for servers and clients that know each
// other (RFC 5280; keys are ECDSA P-256, signatures SHA-256).
//
// Keys come from OpenSSL's generator, as serial numbers come from the Random that is handed in; no
// clock is read. Everything is PEM text. Takes about a tenth of a millisecond per certificate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/random.h"
#include "base/result.h"
#include "base/time.h"

namespace holmes {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;  // PKCS #8, without a password
};

// Both ends belong to it; parts of a second are cut off.
struct Validity {
  WallTime from;
  WallTime to;
};

class CertificateAuthority {
 public:
  // A new one. `name` is its common name, 1..64 bytes of UTF-8 (asserted).
  static CertificateAuthority make(const std::string& name, Validity validity, Random& random);
  // One that was made before. Fails with kInvalid when the PEM texts cannot be read, the key is not
  // the certificate's, or the certificate is none of an authority; quotes neither.
  static Result<CertificateAuthority> read(Certificate own);

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  // What clients and servers trust, and the key that nobody else may have.
  [[nodiscard]] const Certificate& own() const { return own_; }

  // For a server that is reached under these DNS names ("*.example.com" stands for one label) and
  // IP addresses. Fails with kInvalid on no name at all and on what is neither, quoting it.
  [[nodiscard]] Result<Certificate> issue_server(const std::vector<std::string>& names,
                                                 Validity validity, Random& random) const;
  // For a client; to Kubernetes the common name is a user and the organizations are its groups.
  // Fails with kInvalid on what does not fit: each is 1..64 bytes of UTF-8.
  [[nodiscard]] Result<Certificate> issue_client(const std::string& common_name,
                                                 const std::vector<std::string>& organizations,
                                                 Validity validity, Random& random) const;

 private:
  struct Impl;
  CertificateAuthority(std::unique_ptr<Impl> impl, Certificate own);

  std::unique_ptr<Impl> impl_;
  Certificate own_;
};

}  // namespace holmes
