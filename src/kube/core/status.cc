#include "kube/core/status.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxQuotedBytes = 300;
constexpr size_t kMaxMessageBytes = 2000;
constexpr int64_t kMaxRetryAfterSeconds = 3600;

ErrorCode code_of(int http_status, std::string_view reason, bool has_hint) {
  if (reason == "Expired" || reason == "Gone") return ErrorCode::kGone;
  switch (http_status) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return ErrorCode::kInvalid;
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kForbidden;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? ErrorCode::kAlreadyExists : ErrorCode::kConflict;
    case 410:
      return ErrorCode::kGone;
    case 413:
      return ErrorCode::kTooLarge;
    case 429:
      return ErrorCode::kRefused;
    case 503:
      return has_hint ? ErrorCode::kRefused : ErrorCode::kUnavailable;
    default:
      return http_status >= 500 && http_status <= 599 ? ErrorCode::kUnavailable
                                                      : ErrorCode::kProtocol;
  }
}

// A version that this API server has not seen yet, say after a restore from a backup.
bool version_too_large(const json::object& status) {
  const json::array* causes = json_array(status, {"details", "causes"});
  return causes != nullptr && std::ranges::any_of(*causes, [](const json::value& cause) {
           return json_string(cause, {"reason"}) == "ResourceVersionTooLarge";
         });
}

Error error_of(int http_status, const json::object& status, std::optional<milliseconds> hint) {
  const std::string reason = json_string_or(status, {"reason"});
  std::string message = cut(json_string_or(status, {"message"}), kMaxMessageBytes);
  if (message.empty()) {
    message = fmt::format("the API server answered {}{}{}", http_status, reason.empty() ? "" : " ",
                          reason);
  }
  const std::optional<int64_t> seconds = json_int(status, {"details", "retryAfterSeconds"});
  if (!hint && seconds && *seconds > 0) {
    hint = std::chrono::seconds(std::min(*seconds, kMaxRetryAfterSeconds));
  }
  const ErrorCode code =
      version_too_large(status) ? ErrorCode::kGone : code_of(http_status, reason, hint.has_value());
  return {code, std::move(message), hint};
}

}  // namespace

Error status_error(int http_status, std::string_view body,
                   std::optional<milliseconds> retry_after) {
  const Result<json::object> status = parse_json_object(body);
  if (status && json_string(*status, {"kind"}) == "Status") {
    return error_of(http_status, *status, retry_after);
  }
  std::string message = fmt::format("the API server answered {}", http_status);
  const std::string_view text = trim(body);
  if (!text.empty()) {
    message +=
        fmt::format(": {}", cut(to_valid_utf8(text.substr(0, kMaxQuotedBytes)), kMaxQuotedBytes));
  }
  return {code_of(http_status, "", retry_after.has_value()), std::move(message), retry_after};
}

Error status_error(const json::object& status) {
  return error_of(static_cast<int>(json_int(status, {"code"}).value_or(0)), status, std::nullopt);
}

bool may_have_happened(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout ||
         error.code == ErrorCode::kProtocol;
}

}  // namespace holmes::kube
