#include "net/curl_client.h"

#include <csignal>

#include <curl/curl.h>

#include "base/assert.h"
#include "net/curl_transfer.h"
#include "net/tls_context.h"

namespace holmes {
namespace {

constexpr long kBufferBytes = 16L << 10U;  // libcurl's smallest for uploads; one TLS record
constexpr size_t kMaxIdleHandles = 16;     // each holds its buffers
constexpr long kMaxIdleConnectionSeconds = 90;
constexpr long kKeepAliveIdleSeconds = 30;
constexpr long kKeepAliveIntervalSeconds = 10;

void initialize_once() {
  static const CURLcode initialized = [] {
    // libcurl leaves the signal to us (CURLOPT_NOSIGNAL); a broken pipe is an error code here.
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT);
  }();
  HOLMES_ASSERT(initialized == CURLE_OK);
}

template <class T>
void set(CURL* handle, CURLoption option, T value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  HOLMES_ASSERT(code == CURLE_OK);
}

// Points into `pem`, which outlives the handle.
void set_pem(CURL* handle, CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{};
  blob.data = const_cast<char*>(pem.data());
  blob.len = pem.size();
  blob.flags = CURL_BLOB_NOCOPY;
  set(handle, option, &blob);
}

CURLcode add_trusted(CURL* /*handle*/, void* context, void* pem) {
  const Status added =
      trust_also(static_cast<ssl_ctx_st*>(context), *static_cast<const std::string*>(pem));
  return added ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

void set_tls(CURL* handle, const TlsOptions& tls) {
  set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(handle, CURLOPT_SSL_VERIFYPEER, tls.insecure ? 0L : 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, tls.insecure ? 0L : 2L);
  // Without the directory, what remains is the system's bundle, which libcurl reads once and shares
  // among connections, or only ours.
  set<const char*>(handle, CURLOPT_CAPATH, nullptr);
  set_pem(handle, CURLOPT_CAINFO_BLOB, tls.ca_pem);
  if (!tls.extra_ca_pem.empty()) {
    set(handle, CURLOPT_SSL_CTX_FUNCTION, &add_trusted);
    set(handle, CURLOPT_SSL_CTX_DATA, &tls.extra_ca_pem);
  }
  set_pem(handle, CURLOPT_SSLCERT_BLOB, tls.certificate_pem);
  set_pem(handle, CURLOPT_SSLKEY_BLOB, tls.key_pem);
  set(handle, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

void set_connection(CURL* handle, const CurlClientOptions& options) {
  set(handle, CURLOPT_NOSIGNAL, 1L);
  // A transfer that is stopped while a name server is silent must not wait for the resolver's
  // thread: that would stop the loop. The thread frees what it has by itself.
  set(handle, CURLOPT_QUICK_EXIT, 1L);
  set(handle, CURLOPT_TCP_NODELAY, 1L);
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set(handle, CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(handle, CURLOPT_MAXAGE_CONN, kMaxIdleConnectionSeconds);
  set(handle, CURLOPT_MAXLIFETIME_CONN, static_cast<long>(options.connection_age_max.count()));
  // Set even when empty, or libcurl would look into the environment.
  set(handle, CURLOPT_PROXY, options.proxy.c_str());
  set(handle, CURLOPT_NOPROXY, options.no_proxy.c_str());
  set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
  set(handle, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
}

class CurlStream final : public HttpStream {
 public:
  explicit CurlStream(std::unique_ptr<CurlTransfer> transfer) : transfer_(std::move(transfer)) {}

  [[nodiscard]] int status() const override { return transfer_->response().status; }
  [[nodiscard]] const HttpHeaders& headers() const override {
    return transfer_->response().headers;
  }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    return transfer_->read(std::move(stop));
  }

 private:
  std::unique_ptr<CurlTransfer> transfer_;
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(AsioLoop& loop, CurlClientOptions options) : engine_(loop, std::move(options)) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    CurlTransfer transfer(engine_, std::move(request), CurlBody::kWhole);
    if (stop.requested()) co_return fail(transfer.stopped(stop));
    HOLMES_CO_CHECK(transfer.start());
    HOLMES_CO_CHECK(co_await transfer.until_done(stop));
    co_return std::move(transfer.response());
  }

  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override {
    auto transfer = std::make_unique<CurlTransfer>(engine_, std::move(request), CurlBody::kPieces);
    if (stop.requested()) co_return fail(transfer->stopped(stop));
    HOLMES_CO_CHECK(transfer->start());
    HOLMES_CO_CHECK(co_await transfer->until_headers(stop));
    co_return std::make_unique<CurlStream>(std::move(transfer));
  }

 private:
  CurlEngine engine_;
};

}  // namespace

CurlEngine::CurlEngine(AsioLoop& loop, CurlClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      multi_((initialize_once(), loop), options_.connections_max) {}

CurlEngine::~CurlEngine() {
  for (CURL* const handle : idle_) curl_easy_cleanup(handle);
}

CURL* CurlEngine::make_handle() {
  CURL* const handle = curl_easy_init();
  HOLMES_ASSERT(handle != nullptr);
  multi_.prepare(handle);
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_PATH_AS_IS, 1L);
  set(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
  set(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
  set_connection(handle, options_);
  set_tls(handle, options_.tls);
  return handle;
}

CURL* CurlEngine::take_handle() {
  if (idle_.empty()) return make_handle();
  CURL* const handle = idle_.back();
  idle_.pop_back();
  return handle;
}

void CurlEngine::give_back(CURL* handle) {
  set<char*>(handle, CURLOPT_ERRORBUFFER, nullptr);  // the transfer's own
  if (idle_.size() < kMaxIdleHandles) {
    idle_.push_back(handle);
  } else {
    curl_easy_cleanup(handle);
  }
}

std::unique_ptr<HttpClient> make_curl_client(AsioLoop& loop, CurlClientOptions options) {
  return std::make_unique<CurlClient>(loop, std::move(options));
}

}  // namespace holmes
