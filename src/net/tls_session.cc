#include "net/tls_session.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/assert.h"

namespace holmes {

// Lets OpenSSL read from input_ and write into output_, without a copy in between.
struct TlsSession::Bio {
  static int read(BIO* bio, char* to, int size) {
    std::string_view& input = static_cast<TlsSession*>(BIO_get_data(bio))->input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t taken = std::min(static_cast<size_t>(size), input.size());
    std::memcpy(to, input.data(), taken);
    input.remove_prefix(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    static_cast<TlsSession*>(BIO_get_data(bio))->output_.append(data, static_cast<size_t>(size));
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "memory");
      HOLMES_ASSERT(made != nullptr);
      BIO_meth_set_read(made, &read);
      BIO_meth_set_write(made, &write);
      BIO_meth_set_ctrl(made, &control);
      return made;
    }();
    return method;
  }
};

namespace {

constexpr std::string_view kAlpn("\x08http/1.1", 9);

struct FreeOpenSsl {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeOpenSsl>;

// The oldest of OpenSSL's errors.
std::string openssl_reason() {
  const unsigned long error = ERR_peek_error();
  if (const char* const reason = ERR_reason_error_string(error)) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

std::unexpected<Error> unusable(std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("TLS: {} ({})", what, openssl_reason()));
}

Owned<BIO> reader(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A key that needs a password is refused; OpenSSL would ask for it on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

Owned<X509> next_certificate(BIO* bio) {
  return Owned<X509>(PEM_read_bio_X509(bio, nullptr, &no_password, nullptr));
}

// Whether reading certificates ended with the text, not at something unreadable: a file may be half
// written. Takes the error away.
bool read_to_end() {
  const bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (whole) ERR_clear_error();
  return whole;
}

Status trust(SSL_CTX* context, const std::string& pem) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  // What is trusted need not be self-signed, as with libcurl.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  if (pem.empty()) {
    // Not SSL_CTX_set_default_verify_paths, which looks into the environment.
    SSL_CTX_load_verify_file(context, X509_get_default_cert_file());
    SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir());
    return Status();
  }
  const Owned<BIO> bio = reader(pem);
  size_t count = 0;
  while (const Owned<X509> certificate = next_certificate(bio.get())) {
    X509_STORE_add_cert(store, certificate.get());
    ++count;
  }
  if (count == 0 || !read_to_end()) {
    return unusable("the trusted certificates (CA) cannot be read as PEM");
  }
  return Status();
}

Status identify(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_pem.empty()) return Status();
  const Owned<BIO> chain = reader(options.certificate_pem);
  const Owned<X509> own = next_certificate(chain.get());
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return unusable("the client certificate cannot be used");
  }
  while (const Owned<X509> issuer = next_certificate(chain.get())) {
    SSL_CTX_add1_chain_cert(context, issuer.get());
  }
  if (!read_to_end()) return unusable("the client certificate's chain cannot be read as PEM");
  const Owned<BIO> bio = reader(options.key_pem);
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr));
  if (key == nullptr) {
    return unusable("the client certificate's key cannot be read as PEM without a password");
  }
  if (X509_check_private_key(own.get(), key.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return unusable("the client certificate and its key do not belong together");
  }
  return Status();
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

Status check_tls(const TlsOptions& options) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                             &SSL_CTX_free);
  HOLMES_ASSERT(context != nullptr);
  // The system's certificates, which no options mean, are not looked at.
  if (!options.ca_pem.empty()) HOLMES_CHECK(trust(context.get(), options.ca_pem));
  return identify(context.get(), options);
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  TlsContext made;
  made.context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = made.context_.get();
  HOLMES_ASSERT(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // kept connections are mostly idle
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kAlpn.data()),
                          static_cast<unsigned>(kAlpn.size()));
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  HOLMES_CHECK(trust(context, options.ca_pem));
  HOLMES_CHECK(identify(context, options));
  made.server_name_ = options.server_name;
  made.insecure_ = options.insecure;
  return made;
}

void TlsSession::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

TlsSession::TlsSession(const TlsContext& context, const std::string& host)
    : name_(context.server_name_.empty() ? host : context.server_name_),
      ssl_(SSL_new(context.context_.get())) {
  HOLMES_ASSERT(ssl_ != nullptr);
  while (name_.ends_with('.')) name_.pop_back();  // "host." is in no certificate
  const bool address = is_address(name_);
  if (!address) SSL_set_tlsext_host_name(ssl_.get(), name_.c_str());
  if (!context.insecure_) {
    X509_VERIFY_PARAM* const verified = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(verified, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(verified, name_.c_str())
                            : X509_VERIFY_PARAM_set1_host(verified, name_.data(), name_.size());
    if (set != 1 || name_.empty()) {  // OpenSSL takes "" for "do not verify"
      ended_ = Progress::kFailed;
      failure_ = fmt::format("\"{}\" is no name that a certificate can be for", name_);
    }
  }
  BIO* const bio = BIO_new(Bio::method());
  HOLMES_ASSERT(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
}

TlsSession::Progress TlsSession::handshake() {
  if (ended_) return *ended_;
  ERR_clear_error();
  return progress_of(SSL_do_handshake(ssl_.get()));
}

bool TlsSession::write(std::string_view plaintext) {
  if (ended_ == Progress::kFailed) return false;
  ERR_clear_error();
  size_t written = 0;
  return progress_of(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written)) ==
         Progress::kDone;
}

TlsSession::Progress TlsSession::read(char* to, size_t size, size_t& got) {
  got = 0;
  if (ended_) return *ended_;
  ERR_clear_error();
  return progress_of(SSL_read_ex(ssl_.get(), to, size, &got));
}

bool TlsSession::has_input() const {
  return ended_ || !input_.empty() || SSL_pending(ssl_.get()) > 0;
}

TlsSession::Progress TlsSession::progress_of(int result) {
  if (result > 0) return Progress::kDone;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Progress::kNeedsInput;
    case SSL_ERROR_ZERO_RETURN:
      ended_ = Progress::kClosed;
      break;
    default:
      ended_ = Progress::kFailed;
      failure_ = explain();
  }
  return *ended_;
}

std::string TlsSession::explain() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  switch (verified) {
    case X509_V_OK:
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("the server's certificate is not for \"{}\"", name_);
    // As after a cluster was made anew.
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "the server's certificate is not signed by the trusted authority, only by one of the "
             "same name";
    default:
      return fmt::format("the server's certificate is not trusted: {}",
                         X509_verify_cert_error_string(verified));
  }
  return fmt::format("TLS: {}", openssl_reason());
}

}  // namespace holmes
