// Certificates of nobody, for tests: whole, and each with its own key.
#pragma once

#include <string>

#include "net/certificates_testing.h"

namespace holmes::kube {

inline const std::string kCa = TestAuthority("ca1").ca_pem();
inline const std::string kOtherCa = TestAuthority("ca2").ca_pem();

inline const Certificate kClient = TestAuthority("ca1").client("user-a");
inline const std::string kCertificate = kClient.certificate_pem;
inline const std::string kKey = kClient.key_pem;

inline const Certificate kOtherClient = TestAuthority("ca1").client("user-b");
inline const std::string kOtherCertificate = kOtherClient.certificate_pem;
inline const std::string kOtherKey = kOtherClient.key_pem;

}  // namespace holmes::kube
