// The one error type. HTTP bodies, conditions and command-line messages are derived from it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holmes {

enum class ErrorCode {
  kInvalid,          // the input is wrong; the same input fails again
  kUnauthenticated,  // 401
  kForbidden,        // 403
  kNotFound,         // 404
  kConflict,         // 409: somebody else changed it first
  kAlreadyExists,    // 409 on create
  kGone,         // 410: the version asked for is no longer kept, or not reached yet (Kubernetes)
  kTooLarge,     // a limit of ours or of the peer's was exceeded
  kRefused,      // nothing was sent or the peer did not take it: safe to send again
  kUnavailable,  // the peer could not answer; whether it acted is unknown
  kTimeout,      // the deadline passed
  kCancelled,    // the caller asked to stop
  kProtocol,     // the peer sent what we cannot read
  kInternal,
};

// The name as it stands in logs: "not found", "conflict", ...
std::string_view to_string(ErrorCode code);

// One sentence that says what was attempted and what went wrong, without a final full stop.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after;  // as the peer asked

  Error(ErrorCode c, std::string m, std::optional<std::chrono::milliseconds> retry = std::nullopt)
      : code(c), message(std::move(m)), retry_after(retry) {}

  // The same error seen from further out: "<what>: <message>".
  [[nodiscard]] Error within(std::string_view what) const;

  bool operator==(const Error&) const = default;
};

}  // namespace holmes
