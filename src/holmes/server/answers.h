// The JSON answers of the API server. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/check.h"
#include "base/json.h"
#include "net/http.h"

namespace holmes {

HttpResponse json_answer(int status, std::string body);
HttpResponse json_answer(int status, const json::value& body);

// {"detail": "<sentence>"}
HttpResponse detail_answer(int status, std::string_view detail);
// 422 {"detail": [{loc, msg, type}, ...]}
HttpResponse invalid_answer(const std::vector<FieldError>& errors);
// The work was not taken: Retry-After tells when to try again, in whole seconds.
HttpResponse busy_answer(int status, std::string_view detail,
                         std::chrono::milliseconds retry_after);

}  // namespace holmes
