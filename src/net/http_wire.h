// What the HTTP server and the direct client write. Private to net. Pure.
#pragma once

#include <string>
#include <string_view>

#include "net/client_request.h"
#include "net/http.h"

namespace holmes {

// How the client finds the end of a body.
enum class Framing { kLength, kChunks, kConnectionEnd };

// Whether a response of this status has a body, even an empty one.
bool may_have_body(int status);

// Status line and header fields of an HTTP/1.1 response, with the empty line. What frames the
// message is ours; the handler's is left out, as are fields that would break the message.
std::string response_head(const HttpResponse& response, Framing framing, bool keep_alive);

// A piece of a body in chunks (RFC 9112, 7.1); an empty one would be the end.
std::string chunk(std::string_view piece);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// A whole HTTP/1.1 request. What frames the message is ours, as above; Host, User-Agent and Accept
// are the request's if it has them.
std::string request_text(const HttpRequest& request, const ClientTarget& target,
                         std::string_view user_agent);

// {"detail": "<text>"}, for what never reaches a handler.
HttpResponse error_response(int status, std::string_view text);

}  // namespace holmes
