// Certificates made on the spot, for tests: valid whenever they run.
#pragma once

#include <string>
#include <vector>

#include "base/assert.h"
#include "net/certificates.h"

namespace holmes {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Test Authority")
      : authority_(CertificateAuthority::make(name, kAlways, random_)) {}

  [[nodiscard]] const std::string& ca_pem() const { return authority_.own().certificate_pem; }
  // `names`: DNS names and IP addresses.
  Certificate server(const std::vector<std::string>& names = {"127.0.0.1"}) {
    return checked(authority_.issue_server(names, kAlways, random_));
  }
  Certificate client(const std::string& name) {
    return checked(authority_.issue_client(name, {}, kAlways, random_));
  }

 private:
  static constexpr Validity kAlways{
      WallTime(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1)),
      WallTime(std::chrono::sys_days(std::chrono::year(2999) / 1 / 1))};
  static Certificate checked(Result<Certificate> made) {
    HOLMES_ASSERT(made.has_value());
    return *std::move(made);
  }

  SeededRandom random_{1};
  CertificateAuthority authority_;
};

}  // namespace holmes
