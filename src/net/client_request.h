// What every HttpClient asks of a request before it is sent. Private to net. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/url.h"

namespace holmes {

struct ClientTarget {
  Url origin;  // scheme, host and port of the request's target
  std::string origin_text;
  Url peer;               // whom to connect to: the origin, or connect_to
  std::string_view rest;  // path, query and fragment as given, may be ""; points into the request

  [[nodiscard]] std::string_view host_header() const;
};

// Fails with kInvalid when method, URL, connect_to or a header cannot be sent as it is.
Result<ClientTarget> check_request(const HttpRequest& request);

// For messages: "GET https://host/path", without the query.
std::string request_name(const HttpRequest& request);

// Whether the method changes nothing, so that the request may be repeated blindly.
bool is_repeatable(std::string_view method);

}  // namespace holmes
