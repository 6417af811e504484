// Why a model gave no reply, in the classes that decide what helps: waiting, another model, a
// shorter conversation, a new key, or nothing.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace holmes {

enum class ModelErrorKind {
  kAuthentication,  // the key or signature is not accepted
  kForbidden,       // it is, but it has no right to this
  kQuotaExhausted,  // money, or what is allowed per day, is used up: waiting does not help a check
  kRateLimited,     // too many requests or tokens just now
  kOverloaded,      // the provider has no room for anybody
  kContextTooLong,  // more than the model can read
  kInvalidRequest,
  kUnknownModel,
  kContentRefused,  // a filter of the provider refused what was asked
  kServerError,
  kNoConnection,
  kTimeout,  // the provider's (code kUnavailable), or our deadline (code kTimeout)
  kCancelled,
  kUnreadable,  // the answer is not what this provider says
};

// "authentication", "quota exhausted", ...: for logs and labels.
std::string_view to_string(ModelErrorKind kind);

// The code follows from the kind: kRefused and kUnavailable may pass by themselves, no other does.
struct ModelError : Error {
  ModelErrorKind kind = ModelErrorKind::kServerError;
  std::chrono::nanoseconds waited{0};  // for room at the model
  bool asked = true;                   // false: it ended before the model was asked

  ModelError(ModelErrorKind k, std::string text,
             std::optional<std::chrono::milliseconds> retry = std::nullopt);
  // What went wrong below HTTP, or by the stop.
  ModelError(Error error);  // NOLINT(google-explicit-constructor): fail() makes Errors

  [[nodiscard]] ModelError within(std::string_view what) const;
};

inline std::unexpected<ModelError> fail(ModelErrorKind kind, std::string message) {
  return std::unexpected(ModelError(kind, std::move(message)));
}
inline std::unexpected<ModelError> fail(ModelError error) {
  return std::unexpected(std::move(error));
}

}  // namespace holmes
