#include "holmes/server/execute_request.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "holmes/server/answers.h"

namespace holmes {
namespace {

bool is_json_by_type(const HttpHeaders& headers) {
  const std::string_view type = headers.find("Content-Type").value_or("");
  return equals_ignoring_case(trim(type.substr(0, type.find(';'))), "application/json");
}

bool is_strict(const HttpHeaders& headers) {
  return equals_ignoring_case(trim(headers.find("Holmes-Strict").value_or("")), "true");
}

void read_key(const HttpHeaders& headers, ExecuteRequest& out, std::vector<FieldError>& errors) {
  const auto header = headers.find("Idempotency-Key");
  if (!header) return;
  const std::string_view key = trim(*header);
  const bool printable = std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
  if (key.empty() || key.size() > kMaxIdempotencyKeyLength || !printable) {
    errors.push_back({{"header", "Idempotency-Key"},
                      fmt::format("Should be 1 to {} printable ASCII characters without spaces",
                                  kMaxIdempotencyKeyLength),
                      "value_error"});
    return;
  }
  out.key = key;
}

void read_name(const HttpHeaders& headers, ExecuteRequest& out, std::vector<FieldError>& errors) {
  const std::string_view header = trim(headers.find("X-Check-Name").value_or(""));
  if (!header.empty()) out.check.name = to_valid_utf8(header);
  if (out.check.name.size() <= kMaxCheckNameLength) return;
  errors.push_back({header.empty() ? std::vector<std::string>{"body", "name"}
                                   : std::vector<std::string>{"header", "X-Check-Name"},
                    fmt::format("String should have at most {} bytes", kMaxCheckNameLength),
                    "string_too_long"});
}

}  // namespace

std::expected<ExecuteRequest, HttpResponse> read_execute_request(const HttpRequest& request) {
  if (!is_json_by_type(request.headers)) {
    return std::unexpected(detail_answer(415, "Content-Type must be application/json"));
  }
  const Result<json::value> body = parse_json(request.body);
  if (!body) {
    return std::unexpected(
        detail_answer(400, fmt::format("the body is not JSON: {}", body.error().message)));
  }
  ParsedRequest parsed = parse_check_request(*body, is_strict(request.headers));
  ExecuteRequest out;
  out.check = std::move(parsed.request);
  out.unknown_fields = std::move(parsed.unknown_fields);
  read_name(request.headers, out, parsed.errors);
  read_key(request.headers, out, parsed.errors);
  if (!parsed.errors.empty()) return std::unexpected(invalid_answer(parsed.errors));
  return out;
}

}  // namespace holmes
