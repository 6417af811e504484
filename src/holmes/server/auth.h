// Who may call the API server: one shared key. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace holmes {

// True when there is no key, or when X-API-Key or "Authorization: Bearer" carries it. The time it
// takes does not tell how much of a wrong key was right.
bool is_authorized(const HttpHeaders& headers, std::string_view api_key);

// A server without a key may listen on loopback only, unless the user says otherwise. Fails with
// kInvalid and the sentence for the user.
Status check_exposure(std::string_view host, std::string_view api_key, bool allow_unauthenticated);

}  // namespace holmes
