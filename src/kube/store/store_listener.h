// The API over HTTP: what a listener needs to know beside what it serves.
#pragma once

#include <string>

#include "kube/store/api_server.h"
#include "net/http.h"

namespace holmes::kube {

// Answers requests that carry this bearer token, and refuses all others with 401 (health paths ask
// for none). An empty token: everybody may ask, which is for loopback and tests. The server
// outlives the handler.
HttpHandler serve_api(ApiServer& server, std::string token);

}  // namespace holmes::kube
