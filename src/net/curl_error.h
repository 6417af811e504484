// From libcurl's result to our Error. Private to net. Pure.
#pragma once

#include <string>

#include "base/error.h"

namespace holmes {

struct CurlFailure {
  int code = 0;             // a CURLcode
  std::string detail;       // what libcurl wrote about it, may be ""
  bool sent = false;        // the peer may have seen the request
  bool sent_again = false;  // libcurl was kept from repeating it
  bool too_large = false;   // we ended it because of a size limit
  bool headerless = false;  // the connection was closed within the header: no error to libcurl
};

// The codes of HttpClient (http.h): kRefused never when the request may have been seen.
Error curl_error(const CurlFailure& failure);

}  // namespace holmes
