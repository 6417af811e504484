#include "net/openssl_pem.h"

#include <array>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace holmes::openssl {
namespace {

int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

}  // namespace

void Free::operator()(bio_st* bio) const {
  BIO_free(bio);
}
void Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}
void Free::operator()(x509_st* certificate) const {
  X509_free(certificate);
}

std::string reason() {
  const unsigned long error = ERR_peek_error();
  if (const char* const text = ERR_reason_error_string(error)) return text;
  std::array<char, 256> text{};
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

std::unexpected<Error> unusable(std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("TLS: {} ({})", what, reason()));
}

Owned<BIO> reader(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Owned<X509> next_certificate(BIO* bio) {
  return Owned<X509>(PEM_read_bio_X509(bio, nullptr, &no_password, nullptr));
}

bool read_to_end() {
  const bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (whole) ERR_clear_error();
  return whole;
}

Owned<EVP_PKEY> read_key(const std::string& pem) {
  return Owned<EVP_PKEY>(
      PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, &no_password, nullptr));
}

}  // namespace holmes::openssl
