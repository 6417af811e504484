#include "net/tls_session.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/assert.h"
#include "net/openssl_pem.h"

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

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

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
  set_up();
  SSL_set_connect_state(ssl_.get());
}

TlsSession::TlsSession(const TlsContext& context) : ssl_(SSL_new(context.context_.get())) {
  HOLMES_ASSERT(ssl_ != nullptr);
  set_up();
  SSL_set_accept_state(ssl_.get());
}

void TlsSession::set_up() {
  BIO* const bio = BIO_new(Bio::method());
  HOLMES_ASSERT(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
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

void TlsSession::write_end() {
  const bool said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  if (said || ended_ == Progress::kFailed) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
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

// In the middle of a record they are in use.
void TlsSession::release_buffers() {
  const bool between_records = std::string_view(SSL_rstate_string(ssl_.get())) == "RH";
  if (between_records && !has_input()) SSL_free_buffers(ssl_.get());
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
      met_plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  }
  return *ended_;
}

std::string TlsSession::explain() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (SSL_is_server(ssl_.get()) == 1 && verified != X509_V_OK) {
    return fmt::format("the client's certificate is not trusted: {}",
                       X509_verify_cert_error_string(verified));
  }
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
  return fmt::format("TLS: {}", openssl::reason());
}

}  // namespace holmes
