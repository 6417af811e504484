// One check on the wire: what POST /api/check/execute takes and answers. Pure.
//
// The custom resource's spec and status reuse these types, so that each limit stands once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace holmes {

// Limits of the contract, in characters (Unicode code points), seconds and items.
inline constexpr size_t kMaxQueryLength = 5000;
inline constexpr size_t kMaxMessageLength = 4100;
inline constexpr size_t kMaxRationaleLength = 4000;
inline constexpr size_t kMaxErrorLength = 4000;
inline constexpr size_t kMaxNameLength = 253;  // of models, channels and the like
inline constexpr size_t kMaxFieldErrors = 20;  // told of one request
inline constexpr size_t kMaxDestinations = 10;
inline constexpr size_t kMaxDestinationConfigBytes = 8192;
inline constexpr size_t kMaxEvidence = 20;
inline constexpr size_t kMaxEvidenceSummaryLength = 500;
inline constexpr std::chrono::seconds kMaxCheckTimeout{300};
inline constexpr std::chrono::seconds kDefaultCheckTimeout{30};

enum class CheckMode { kMonitor, kAlert };
std::string_view to_string(CheckMode mode);  // "monitor", "alert"
std::optional<CheckMode> parse_check_mode(std::string_view text);

// pass, fail, or error: "could not be judged", which is never a fail.
enum class CheckStatus { kPass, kFail, kError };
std::string_view to_string(CheckStatus status);
std::optional<CheckStatus> parse_check_status(std::string_view text);

// Why a check could not be judged.
enum class ErrorReason {
  kPermissionDenied,
  kDataMissing,
  kToolFailed,
  kNoEvidence,
  kUnparsable,
  kTimeout,
  kBudgetExceeded,
  kModelUnavailable,
  kCancelled,
};
std::string_view to_string(ErrorReason reason);  // "PermissionDenied", ...
std::optional<ErrorReason> parse_error_reason(std::string_view text);

// The one type of destination that the server delivers to.
inline constexpr std::string_view kSlackDestination = "slack";

struct Destination {
  std::string type;
  std::string name;     // a destination of the server's configuration; may be empty
  json::object config;  // free form

  bool operator==(const Destination&) const = default;
};

struct Notification {
  enum class Outcome { kSent, kFailed, kSkipped };
  std::string type;
  std::string channel;  // empty: none
  Outcome outcome = Outcome::kSkipped;
  std::string error;  // empty: none

  bool operator==(const Notification&) const = default;
};
std::string_view to_string(Notification::Outcome outcome);  // "sent", "failed", "skipped"

struct Usage {
  int64_t model_calls = 0;
  int64_t tool_calls = 0;
  int64_t input_tokens = 0;
  int64_t cached_input_tokens = 0;
  int64_t output_tokens = 0;
  std::string cost_usd;  // decimal; empty when no price is known

  bool operator==(const Usage&) const = default;
};

// One tool call that the verdict rests on; redacted.
struct Evidence {
  std::string tool;
  std::string arguments;  // JSON text
  std::string summary;
  int64_t bytes = 0;

  bool operator==(const Evidence&) const = default;
};

struct CheckRequest {
  std::string query;
  std::chrono::seconds timeout = kDefaultCheckTimeout;
  CheckMode mode = CheckMode::kMonitor;
  std::vector<Destination> destinations;
  std::string model;  // empty: the server's default
  std::string name;   // "namespace/name" of the check; may be empty

  bool operator==(const CheckRequest&) const = default;
};

struct CheckResponse {
  CheckStatus status = CheckStatus::kError;
  std::string message;
  double duration_seconds = 0;
  std::string rationale;
  std::string error;                  // empty: null on the wire
  std::optional<ErrorReason> reason;  // with status error
  std::string model_used;
  std::vector<Notification> notifications;
  Usage usage;
  std::vector<Evidence> evidence;

  bool operator==(const CheckResponse&) const = default;
};

// One problem of a request body, as FastAPI words it: {"loc": ["body", "query"], "msg", "type"}.
struct FieldError {
  std::vector<std::string> loc;
  std::string msg;
  std::string type;

  bool operator==(const FieldError&) const = default;
};
json::array to_json(const std::vector<FieldError>& errors);

struct ParsedRequest {
  CheckRequest request;
  std::vector<FieldError> errors;           // when not empty, the request must be refused (422)
  std::vector<std::string> unknown_fields;  // ignored; an error too when strict
};
ParsedRequest parse_check_request(const json::value& body, bool strict);
json::object to_json(const CheckRequest& request);

// Reads an answer of any server of this protocol, also one without our additions. Fails with
// kProtocol, naming the field. Texts over the limits are cut.
Result<CheckResponse> parse_check_response(const json::object& body);
json::object to_json(const CheckResponse& response);

// The parts that the custom resource shares with the wire.
json::object to_json(const Destination& destination);
json::object to_json(const Notification& notification);
json::object to_json(const Usage& usage);
json::object to_json(const Evidence& evidence);
Result<Destination> parse_destination(const json::value& value);
Result<Notification> parse_notification(const json::value& value);
Usage parse_usage(const json::object& object);
Result<Evidence> parse_evidence(const json::value& value);

// At most `length` characters; "..." marks a cut.
std::string limit_length(std::string_view text, size_t length);

}  // namespace holmes
