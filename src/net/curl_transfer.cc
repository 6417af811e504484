#include "net/curl_transfer.h"

#include <algorithm>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "net/curl_error.h"

namespace holmes {
namespace {

constexpr size_t kMaxResponseHeaderBytes = size_t{256} << 10U;

void append(curl_slist*& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list, line.c_str());
  HOLMES_ASSERT(longer != nullptr);
  list = longer;
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

// What libcurl calls while it works. They only take notes: nobody else's code runs inside.
struct CurlTransfer::Callbacks {
  static size_t header(const char* data, size_t /*one*/, size_t size, void* self) {
    CurlTransfer& t = *static_cast<CurlTransfer*>(self);
    t.header_bytes_ += size;
    if (t.header_bytes_ > kMaxResponseHeaderBytes) {
      t.too_large_ = true;
      return 0;
    }
    if (t.headers_done_) return size;  // trailers
    const std::string_view line = trim(std::string_view(data, size));
    if (line.empty()) {
      end_of_headers(t);
    } else if (line.starts_with("HTTP/")) {
      t.response_.headers = {};  // what came before was an interim response
    } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
      t.response_.headers.add(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    return size;
  }

  static void end_of_headers(CurlTransfer& t) {
    constexpr long kFirstFinalStatus = 200;
    long status = 0;
    curl_easy_getinfo(t.handle_, CURLINFO_RESPONSE_CODE, &status);
    if (status < kFirstFinalStatus) return;
    t.response_.status = static_cast<int>(status);
    t.headers_done_ = true;
    if (t.mode_ == CurlBody::kPieces) return t.changed_.set();
    curl_off_t length = -1;
    curl_easy_getinfo(t.handle_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    const size_t limit = t.engine_.options().response_body_bytes_max;
    if (length > 0) t.response_.body.reserve(std::min(static_cast<size_t>(length), limit));
  }

  static size_t body(const char* data, size_t /*one*/, size_t size, void* self) {
    CurlTransfer& t = *static_cast<CurlTransfer*>(self);
    std::string& body = t.response_.body;
    if (t.mode_ == CurlBody::kPieces) {
      if (body.size() >= t.engine_.options().stream_buffer_bytes_max) {
        t.paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
      }
      t.changed_.set();
    } else if (size > t.engine_.options().response_body_bytes_max - body.size()) {
      t.too_large_ = true;
      return CURL_WRITEFUNC_ERROR;
    }
    body.append(data, size);
    return size;
  }

  // The connection stands and the request is about to go out: for the first time, or again because
  // a kept connection was closed before the first byte of an answer. libcurl would repeat any
  // request then, though the peer may have acted on it.
  static int before_sending(void* self, char* /*peer*/, char* /*local*/, int /*peer_port*/,
                            int /*local_port*/) {
    CurlTransfer& t = *static_cast<CurlTransfer*>(self);
    if (t.sent_ && !is_repeatable(t.request_.method)) {
      t.sent_again_ = true;
      return CURL_PREREQFUNC_ABORT;
    }
    t.sent_ = true;
    return CURL_PREREQFUNC_OK;
  }
};

CurlTransfer::CurlTransfer(CurlEngine& engine, HttpRequest request, CurlBody mode)
    : engine_(engine), request_(std::move(request)), mode_(mode), changed_(engine.loop()) {
  static_assert(kErrorTextBytes == CURL_ERROR_SIZE);
}

CurlTransfer::~CurlTransfer() {
  end();
}

Status CurlTransfer::start() {
  HOLMES_ASSERT(handle_ == nullptr && !done_);
  HOLMES_TRY(const ClientTarget target, check_request(request_));
  CURL* const handle = engine_.take_handle();
  set_url(handle, target);
  set_headers(handle);
  set_method(handle);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(handle, CURLOPT_PRIVATE, static_cast<CurlHandleOwner*>(this));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, &Callbacks::before_sending);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, this);
  handle_ = handle;
  engine_.multi().add(handle);
  return Status();
}

void CurlTransfer::set_url(CURL* handle, const ClientTarget& target) {
  const Url& origin = target.origin->url;
  const Url& peer = target.origin->peer;
  // libcurl sends and verifies the URL's host, so that becomes the server name; the Host header
  // stays the original.
  const std::string& server_name = engine_.options().tls.server_name;
  const bool renamed = !server_name.empty() && origin.scheme == "https";
  const std::string name = bracketed(renamed ? server_name : origin.host);
  if (renamed) host_header_ = target.origin->host_header();
  const std::string url =
      fmt::format("{}://{}:{}{}", origin.scheme, name, origin.port, target.rest);
  curl_easy_setopt(handle, CURLOPT_URL, renamed ? url.c_str() : request_.target.c_str());
  if (renamed || !request_.connect_to.empty()) {
    append(connect_to_,
           fmt::format("{}:{}:{}:{}", name, origin.port, bracketed(peer.host), peer.port));
  }
  curl_easy_setopt(handle, CURLOPT_CONNECT_TO, connect_to_);
}

void CurlTransfer::set_headers(CURL* handle) {
  std::string line;
  for (const auto& [name, value] : request_.headers.all()) {
    line = name;
    line += value.empty() ? ";" : ": ";  // libcurl's way to say "empty"
    line += value;
    append(header_lines_, line);
  }
  if (!host_header_.empty() && !request_.headers.find("Host")) {
    append(header_lines_, "Host: " + host_header_);
  }
  // A name without a value keeps libcurl from adding a header of its own.
  if (!request_.headers.find("Content-Type")) append(header_lines_, "Content-Type:");
  append(header_lines_, "Expect:");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, header_lines_);
}

void CurlTransfer::set_method(CURL* handle) {
  const std::string& method = request_.method;
  const bool with_body =
      !request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
  curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);  // undoes the previous request's
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, nullptr);
  if (method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  if (with_body) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request_.body.c_str());  // not copied
  }
  if (method != (with_body ? "POST" : "GET")) {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void CurlTransfer::end() {
  if (handle_ != nullptr && !done_) {
    engine_.multi().remove(handle_);
    curl_easy_cleanup(handle_);
    handle_ = nullptr;
  }
  done_ = true;
  curl_slist_free_all(std::exchange(header_lines_, nullptr));
  curl_slist_free_all(std::exchange(connect_to_, nullptr));
}

void CurlTransfer::on_done(int code) {
  done_ = true;
  if (code == CURLE_OK && headers_done_) {
    engine_.give_back(handle_);
  } else {
    error_ = error(code);
    curl_easy_cleanup(handle_);
  }
  handle_ = nullptr;
  changed_.set();
}

Task<Status> CurlTransfer::changed(Stop stop) {
  changed_.reset();
  const Status waited = co_await changed_.wait(stop);
  if (!waited) {
    end();
    error_ = stopped(stop);
    co_return fail(*error_);
  }
  co_return Status();
}

Task<Status> CurlTransfer::until_headers(Stop stop) {
  while (!headers_done_ && !done_) HOLMES_CO_CHECK(co_await changed(stop));
  // Whoever reads the body learns of an error that came after the headers.
  if (!headers_done_) co_return fail(*error_);
  co_return Status();
}

Task<Status> CurlTransfer::until_done(Stop stop) {
  while (!done_) HOLMES_CO_CHECK(co_await changed(stop));
  if (error_) co_return fail(*error_);
  co_return Status();
}

Task<Result<std::optional<std::string>>> CurlTransfer::read(Stop stop) {
  while (response_.body.empty()) {
    if (error_) co_return fail(*error_);
    if (done_) co_return std::nullopt;
    HOLMES_CO_CHECK(co_await changed(stop));
  }
  std::string piece = std::exchange(response_.body, {});
  if (std::exchange(paused_, false) && !done_) engine_.multi().resume(handle_);
  co_return piece;
}

Error CurlTransfer::stopped(const Stop& stop) const {
  return stop.error(request_name(request_));
}

Error CurlTransfer::error(int code) const {
  CurlFailure failure;
  failure.code = code;
  failure.detail = error_text_.data();
  failure.sent = sent_;
  failure.sent_again = sent_again_;
  failure.too_large = too_large_;
  failure.headerless = code == CURLE_OK;
  return curl_error(failure).within(request_name(request_));
}

}  // namespace holmes
