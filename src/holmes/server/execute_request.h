// Reading a request to execute a check: headers and body to values. Pure.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "api/check.h"
#include "net/http.h"

namespace holmes {

inline constexpr size_t kMaxIdempotencyKeyLength = 256;
inline constexpr size_t kMaxCheckNameLength = 512;

struct ExecuteRequest {
  CheckRequest check;                       // the name is the header's, else the body's
  std::string key;                          // Idempotency-Key; empty: none was sent
  std::vector<std::string> unknown_fields;  // of the body, ignored
};

// Otherwise the answer that says what is wrong: 415 (not JSON by its type), 400 (not JSON), 422.
std::expected<ExecuteRequest, HttpResponse> read_execute_request(const HttpRequest& request);

}  // namespace holmes
