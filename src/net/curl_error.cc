#include "net/curl_error.h"

#include <algorithm>

#include <curl/curl.h>

#include "base/strings.h"

namespace holmes {
namespace {

ErrorCode code_of(const CurlFailure& failure) {
  switch (failure.code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_SSL_CERTPROBLEM:     // our own certificate or key cannot be used
    case CURLE_SSL_CACERT_BADFILE:  // nor the trusted ones
    case CURLE_SSL_CIPHER:
      return ErrorCode::kInvalid;
    case CURLE_UNSUPPORTED_PROTOCOL:  // before sending: the scheme; after: not HTTP/1
      return failure.sent ? ErrorCode::kProtocol : ErrorCode::kInvalid;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_TOO_MANY_REDIRECTS:
      return ErrorCode::kProtocol;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return ErrorCode::kInternal;
    default:
      return failure.sent ? ErrorCode::kUnavailable : ErrorCode::kRefused;
  }
}

std::string text_of(const CurlFailure& failure) {
  // libcurl quotes the proxy's address, which may hold a password.
  if (failure.code == CURLE_COULDNT_RESOLVE_PROXY) {
    return "the proxy cannot be reached or its address is not usable";
  }
  std::string text = failure.detail.empty()
                         ? curl_easy_strerror(static_cast<CURLcode>(failure.code))
                         : failure.detail;
  std::ranges::replace_if(text, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  std::string_view shown = trim(text);
  while (shown.ends_with('.')) shown.remove_suffix(1);
  // What OpenSSL says when a certificate names the trusted authority but was signed by another one
  // of the same name, as after a cluster was made anew.
  const bool wrong_signature = failure.code == CURLE_SSL_CONNECT_ERROR &&
                               (shown.find("asn1 encoding routines") != shown.npos ||
                                shown.find("rsa routines") != shown.npos);
  if (!wrong_signature) return std::string(shown);
  return "the server's certificate is not signed by the trusted authority, only by one of the same "
         "name (" +
         std::string(shown) + ")";
}

}  // namespace

Error curl_error(const CurlFailure& failure) {
  if (failure.too_large) return {ErrorCode::kTooLarge, "the response is larger than allowed"};
  if (failure.sent_again || failure.headerless) {
    return {ErrorCode::kUnavailable, "the connection was closed before a whole response came"};
  }
  // libcurl's word for a header line over 100 kB (and for want of memory, which never comes).
  if (failure.code == CURLE_OUT_OF_MEMORY && failure.sent) {
    return {ErrorCode::kTooLarge, "a header line of the response is larger than allowed"};
  }
  return {code_of(failure), text_of(failure)};
}

}  // namespace holmes
