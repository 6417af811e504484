#include "net/certificates.h"

#include <array>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/assert.h"
#include "net/openssl_pem.h"

namespace holmes {
namespace {

using namespace openssl;

constexpr size_t kSerialBytes = 16;       // RFC 5280, 4.1.2.2: at most 20
constexpr size_t kMaxNameBytes = 64;      // RFC 5280, A.1: ub-common-name, ub-organization-name
constexpr size_t kMaxDnsNameBytes = 253;  // RFC 1035, as text
constexpr size_t kMaxLabelBytes = 63;

Owned<EVP_PKEY> make_key() {
  Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  HOLMES_ASSERT(key != nullptr);
  return key;
}

void set_serial(X509* certificate, Random& random) {
  std::array<unsigned char, kSerialBytes> bytes{};
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random.next() >> 56U);
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7FU) | 0x40U);  // positive and not zero
  BIGNUM* const number = BN_bin2bn(bytes.data(), kSerialBytes, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

void set_validity(X509* certificate, Validity validity) {
  const auto seconds = [](WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(validity.from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(validity.to));
}

// False when it does not fit.
bool add_name(X509* certificate, const char* field, const std::string& text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

// `value` as OpenSSL's configuration has it.
void add_extension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  HOLMES_ASSERT(made != nullptr && X509_add_ext(certificate, made, -1) == 1);
  X509_EXTENSION_free(made);
}

// Without a subject and what it is for.
Owned<X509> blank(EVP_PKEY* key, Validity validity, Random& random) {
  Owned<X509> made(X509_new());
  HOLMES_ASSERT(made != nullptr);
  X509_set_version(made.get(), X509_VERSION_3);
  set_serial(made.get(), random);
  set_validity(made.get(), validity);
  X509_set_pubkey(made.get(), key);
  return made;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  HOLMES_ASSERT(X509_sign(certificate, key, EVP_sha256()) > 0);
}

template <class Write>
std::string pem(Write write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  HOLMES_ASSERT(bio != nullptr && write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Certificate as_pem(X509* certificate, EVP_PKEY* key) {
  return {pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); }), pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

bool is_label(std::string_view label) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !label.empty() && label.size() <= kMaxLabelBytes && !label.starts_with('-') &&
         !label.ends_with('-') && label.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_dns_name(std::string_view name) {
  if (name.size() > kMaxDnsNameBytes) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_label(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return is_label(name);
}

GENERAL_NAME* make_alternative(int type, const void* data, size_t size) {
  const bool address = type == GEN_IPADD;
  ASN1_STRING* const text = address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  GENERAL_NAME* const made = GENERAL_NAME_new();
  HOLMES_ASSERT(text != nullptr && made != nullptr);
  ASN1_STRING_set(text, data, static_cast<int>(size));
  GENERAL_NAME_set0_value(made, type, text);
  return made;
}

// Null when it is neither a DNS name nor an address.
GENERAL_NAME* alternative(const std::string& name) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(name, error);
  if (error) {
    return is_dns_name(name) ? make_alternative(GEN_DNS, name.data(), name.size()) : nullptr;
  }
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return make_alternative(GEN_IPADD, bytes.data(), bytes.size());
  }
  const auto bytes = address.to_v6().to_bytes();
  return make_alternative(GEN_IPADD, bytes.data(), bytes.size());
}

Status add_alternatives(X509* certificate, const std::vector<std::string>& names, bool critical) {
  if (names.empty()) {
    return fail(ErrorCode::kInvalid, "a server's certificate needs a DNS name or an IP address");
  }
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> all(GENERAL_NAMES_new(),
                                                                     &GENERAL_NAMES_free);
  for (const std::string& name : names) {
    GENERAL_NAME* const one = alternative(name);
    if (one == nullptr) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is neither a DNS name nor an IP address", name));
    }
    sk_GENERAL_NAME_push(all.get(), one);
  }
  const int added =
      X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), critical ? 1 : 0, 0);
  HOLMES_ASSERT(added == 1);
  return Status();
}

void add_usage(X509* certificate, X509* issuer, const char* extended) {
  add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate, issuer, NID_ext_key_usage, extended);
}

}  // namespace

struct CertificateAuthority::Impl {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Impl> impl, Certificate own)
    : impl_(std::move(impl)), own_(std::move(own)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

CertificateAuthority CertificateAuthority::make(const std::string& name, Validity validity,
                                                Random& random) {
  ERR_clear_error();
  Owned<EVP_PKEY> key = make_key();
  Owned<X509> made = blank(key.get(), validity, random);
  HOLMES_ASSERT(add_name(made.get(), "CN", name));
  // Of leaves only: it makes no further authority.
  add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(made.get(), made.get(), key.get());
  Certificate own = as_pem(made.get(), key.get());
  return {std::make_unique<Impl>(Impl{std::move(made), std::move(key)}), std::move(own)};
}

Result<CertificateAuthority> CertificateAuthority::read(Certificate own) {
  ERR_clear_error();
  Owned<X509> certificate = next_certificate(reader(own.certificate_pem).get());
  if (certificate == nullptr) return unusable("the authority's certificate cannot be read as PEM");
  if (X509_check_ca(certificate.get()) == 0) {
    return fail(ErrorCode::kInvalid, "TLS: the authority's certificate is none of an authority");
  }
  Owned<EVP_PKEY> key = read_key(own.key_pem);
  if (key == nullptr) {
    return unusable("the authority's key cannot be read as PEM without a password");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return unusable("the authority's certificate and its key do not belong together");
  }
  auto impl = std::make_unique<Impl>(Impl{std::move(certificate), std::move(key)});
  return CertificateAuthority(std::move(impl), std::move(own));
}

Result<Certificate> CertificateAuthority::issue_server(const std::vector<std::string>& names,
                                                       Validity validity, Random& random) const {
  ERR_clear_error();
  const Owned<EVP_PKEY> key = make_key();
  const Owned<X509> made = blank(key.get(), validity, random);
  // For people; it may be too long. Without it the other names are critical (RFC 5280, 4.2.1.6).
  const bool has_subject = !names.empty() && add_name(made.get(), "CN", names.front());
  HOLMES_CHECK(add_alternatives(made.get(), names, !has_subject));
  add_usage(made.get(), impl_->certificate.get(), "serverAuth");
  sign(made.get(), impl_->certificate.get(), impl_->key.get());
  return as_pem(made.get(), key.get());
}

Result<Certificate> CertificateAuthority::issue_client(
    const std::string& common_name, const std::vector<std::string>& organizations,
    Validity validity, Random& random) const {
  ERR_clear_error();
  const Owned<EVP_PKEY> key = make_key();
  const Owned<X509> made = blank(key.get(), validity, random);
  const auto add = [&](const char* field, const std::string& text) -> Status {
    if (add_name(made.get(), field, text)) return Status();
    return fail(
        ErrorCode::kInvalid,
        fmt::format("\"{}\" cannot be in a certificate: it has to be 1 to {} bytes of UTF-8", text,
                    kMaxNameBytes));
  };
  for (const std::string& organization : organizations) {
    HOLMES_CHECK(add("O", organization));
  }
  HOLMES_CHECK(add("CN", common_name));
  add_usage(made.get(), impl_->certificate.get(), "clientAuth");
  sign(made.get(), impl_->certificate.get(), impl_->key.get());
  return as_pem(made.get(), key.get());
}

}  // namespace holmes
