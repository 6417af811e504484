// What the HTTP server and the direct client write. Private to net. Pure.
#pragma once

#include <string>
#include <string_view>

#include "net/client_request.h"
#include "net/http.h"

namespace holmes {

// Status line and header fields of an HTTP/1.1 response, with the empty line. Content-Length and
// Connection are ours; the handler's are left out, as are fields that would break the message.
std::string response_head(const HttpResponse& response, bool keep_alive);

// A whole HTTP/1.1 request. What frames the message is ours, as above; Host, User-Agent and Accept
// are the request's if it has them.
std::string request_text(const HttpRequest& request, const ClientTarget& target,
                         std::string_view user_agent);

// {"detail": "<text>"}, for what never reaches a handler.
HttpResponse error_response(int status, std::string_view text);

}  // namespace holmes
