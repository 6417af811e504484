#include "net/tls_context.h"

#include <string_view>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "net/openssl_pem.h"

namespace holmes {
namespace {

using namespace openssl;

constexpr std::string_view kAlpn("\x08http/1.1", 9);

const unsigned char* alpn_bytes() {
  return reinterpret_cast<const unsigned char*>(kAlpn.data());
}

Status add_authorities(SSL_CTX* context, const std::string& pem, std::string_view whose) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const Owned<BIO> bio = reader(pem);
  size_t count = 0;
  while (const Owned<X509> certificate = next_certificate(bio.get())) {
    X509_STORE_add_cert(store, certificate.get());
    // A server names them to its clients, who may have several certificates.
    if (SSL_CTX_get_verify_mode(context) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) {
      SSL_CTX_add_client_CA(context, certificate.get());
    }
    ++count;
  }
  if (count > 0 && read_to_end()) return Status();
  return unusable(fmt::format("{} certificates (CA) cannot be read as PEM", whose));
}

Status trust(SSL_CTX* context, const std::string& pem) {
  if (!pem.empty()) return add_authorities(context, pem, "the trusted");
  // Not SSL_CTX_set_default_verify_paths, which looks into the environment.
  SSL_CTX_load_verify_file(context, X509_get_default_cert_file());
  SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir());
  return Status();
}

// `whose`: "client" or "server".
Status identify(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem,
                std::string_view whose) {
  const Owned<BIO> chain = reader(certificate_pem);
  const Owned<X509> own = next_certificate(chain.get());
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return unusable(fmt::format("the {} certificate cannot be used", whose));
  }
  while (const Owned<X509> issuer = next_certificate(chain.get())) {
    SSL_CTX_add1_chain_cert(context, issuer.get());
  }
  if (!read_to_end()) {
    return unusable(fmt::format("the {} certificate's chain cannot be read as PEM", whose));
  }
  const Owned<EVP_PKEY> key = read_key(key_pem);
  if (key == nullptr) {
    return unusable(
        fmt::format("the {} certificate's key cannot be read as PEM without a password", whose));
  }
  if (X509_check_private_key(own.get(), key.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return unusable(fmt::format("the {} certificate and its key do not belong together", whose));
  }
  return Status();
}

Status identify(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_pem.empty()) return Status();
  return identify(context, options.certificate_pem, options.key_pem, "client");
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* /*data*/) {
  // It only points into what was offered or what we have.
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, alpn_bytes(),
                            static_cast<unsigned>(kAlpn.size()), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* made) : context_(made) {
  HOLMES_ASSERT(made != nullptr);
  SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
  SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(made, 0);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);  // kept connections are mostly idle
  // What is trusted need not be self-signed, as with libcurl.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(made),
                       X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  TlsContext made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = made.context_.get();
  SSL_CTX_set_alpn_protos(context, alpn_bytes(), static_cast<unsigned>(kAlpn.size()));
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  HOLMES_CHECK(trust(context, options.ca_pem));
  HOLMES_CHECK(trust_also(context, options.extra_ca_pem));
  HOLMES_CHECK(identify(context, options));
  made.server_name_ = options.server_name;
  made.insecure_ = options.insecure;
  return made;
}

Result<TlsContext> TlsContext::make(const TlsServerOptions& options) {
  ERR_clear_error();
  TlsContext made(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = made.context_.get();
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  HOLMES_CHECK(identify(context, options.certificate_pem, options.key_pem, "server"));
  if (!options.client_ca_pem.empty()) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    HOLMES_CHECK(add_authorities(context, options.client_ca_pem, "the clients' trusted"));
  }
  return made;
}

Status trust_also(ssl_ctx_st* context, const std::string& pem) {
  if (pem.empty()) return Status();
  return add_authorities(context, pem, "the additionally trusted");
}

Status check_tls(const TlsOptions& options) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                             &SSL_CTX_free);
  HOLMES_ASSERT(context != nullptr);
  // The system's certificates, which no options mean, are not looked at.
  if (!options.ca_pem.empty()) HOLMES_CHECK(trust(context.get(), options.ca_pem));
  HOLMES_CHECK(trust_also(context.get(), options.extra_ca_pem));
  return identify(context.get(), options);
}

Status check_server_tls(const TlsServerOptions& options) {
  const Result<TlsContext> made = TlsContext::make(options);
  if (!made) return fail(made.error());
  return Status();
}

}  // namespace holmes
