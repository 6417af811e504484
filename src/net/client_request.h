// What every HttpClient asks of a request before it is sent. Private to net. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/url.h"

namespace holmes {

// Where a request goes.
struct ClientOrigin {
  // What it was made of: the target up to its path, and connect_to.
  std::string given;
  std::string connect_to;

  Url url;            // scheme, host and port of the target
  std::string text;   // the same, "https://host:6443"
  Url peer;           // whom to connect to: the target's host, or connect_to
  std::string peers;  // the same of all requests that may share connections: text and connect_to

  [[nodiscard]] std::string_view host_header() const;
};

struct ClientTarget {
  std::shared_ptr<const ClientOrigin> origin;
  std::string_view rest;  // path, query and fragment as given, may be ""; points into the request
};

// Fails with kInvalid when method, URL, connect_to or a header cannot be sent as it is. `known`, of
// an earlier request or null, becomes the origin when it is this request's too: most clients ask
// one peer, whose URL need not be parsed for each request.
Result<ClientTarget> check_request(const HttpRequest& request,
                                   const std::shared_ptr<const ClientOrigin>& known = nullptr);

// For messages: "GET https://host/path", without the query.
std::string request_name(const HttpRequest& request);

// Whether the method changes nothing, so that the request may be repeated blindly.
bool is_repeatable(std::string_view method);

}  // namespace holmes
