// metav1.Status: how the API server says no. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace holmes::kube {

// The Error for an answer that is not 2xx. `body` may be a Status object, whose message, reason and
// details.retryAfterSeconds then count, or any text, which is quoted in part.
//   kAlreadyExists, kConflict   409, told apart by the reason
//   kGone                       410, reason Expired, and cause ResourceVersionTooLarge (504): the
//                               version asked for is not there (any more or yet)
//   kRefused                    429, and 503 with a retry hint: nothing happened
//   kUnavailable                any other 5xx: a write may have happened; the hint is kept
//   kInvalid                    400, 405, 406, 415, 422
//   kUnauthenticated, kForbidden, kNotFound, kTooLarge   401, 403, 404, 413
//   kProtocol                   anything else
Error status_error(int http_status, std::string_view body,
                   std::optional<std::chrono::milliseconds> retry_after);

// The same for a Status object inside a watch (ERROR event).
Error status_error(const json::object& status);

// Whether a write that failed so may have been carried out all the same, or may still be: only a
// read can tell, and it must not be sent again blindly.
bool may_have_happened(const Error& error);

}  // namespace holmes::kube
