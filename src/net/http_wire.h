// What the HTTP server writes. Private to net. Pure.
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace holmes {

// Status line and header fields of an HTTP/1.1 response, with the empty line. Content-Length and
// Connection are ours; the handler's are left out, as are fields that would break the message.
std::string response_head(const HttpResponse& response, bool keep_alive);

// {"detail": "<text>"}, for what never reaches a handler.
HttpResponse error_response(int status, std::string_view text);

}  // namespace holmes
