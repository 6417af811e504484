#include "holmes/llm/model_error.h"

namespace holmes {
namespace {

ErrorCode code_of(ModelErrorKind kind) {
  switch (kind) {
    case ModelErrorKind::kAuthentication:
      return ErrorCode::kUnauthenticated;
    case ModelErrorKind::kForbidden:
    case ModelErrorKind::kQuotaExhausted:
      return ErrorCode::kForbidden;
    case ModelErrorKind::kRateLimited:
    case ModelErrorKind::kNoConnection:
      return ErrorCode::kRefused;
    case ModelErrorKind::kContextTooLong:
      return ErrorCode::kTooLarge;
    case ModelErrorKind::kInvalidRequest:
    case ModelErrorKind::kContentRefused:
      return ErrorCode::kInvalid;
    case ModelErrorKind::kUnknownModel:
      return ErrorCode::kNotFound;
    case ModelErrorKind::kCancelled:
      return ErrorCode::kCancelled;
    case ModelErrorKind::kUnreadable:
      return ErrorCode::kProtocol;
    case ModelErrorKind::kOverloaded:
    case ModelErrorKind::kServerError:
    case ModelErrorKind::kTimeout:
      break;
  }
  return ErrorCode::kUnavailable;
}

ModelErrorKind kind_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnauthenticated:
      return ModelErrorKind::kAuthentication;
    case ErrorCode::kForbidden:
      return ModelErrorKind::kForbidden;
    case ErrorCode::kNotFound:
      return ModelErrorKind::kUnknownModel;
    case ErrorCode::kTooLarge:
      return ModelErrorKind::kContextTooLong;
    case ErrorCode::kRefused:
      return ModelErrorKind::kNoConnection;
    case ErrorCode::kTimeout:
      return ModelErrorKind::kTimeout;
    case ErrorCode::kCancelled:
      return ModelErrorKind::kCancelled;
    case ErrorCode::kProtocol:
      return ModelErrorKind::kUnreadable;
    case ErrorCode::kInvalid:
      return ModelErrorKind::kInvalidRequest;
    default:
      return ModelErrorKind::kServerError;
  }
}

}  // namespace

std::string_view to_string(ModelErrorKind kind) {
  switch (kind) {
    case ModelErrorKind::kAuthentication:
      return "authentication";
    case ModelErrorKind::kForbidden:
      return "forbidden";
    case ModelErrorKind::kQuotaExhausted:
      return "quota exhausted";
    case ModelErrorKind::kRateLimited:
      return "rate limited";
    case ModelErrorKind::kOverloaded:
      return "overloaded";
    case ModelErrorKind::kContextTooLong:
      return "context too long";
    case ModelErrorKind::kInvalidRequest:
      return "invalid request";
    case ModelErrorKind::kUnknownModel:
      return "unknown model";
    case ModelErrorKind::kContentRefused:
      return "content refused";
    case ModelErrorKind::kServerError:
      return "server error";
    case ModelErrorKind::kNoConnection:
      return "no connection";
    case ModelErrorKind::kTimeout:
      return "timeout";
    case ModelErrorKind::kCancelled:
      return "cancelled";
    case ModelErrorKind::kUnreadable:
      break;
  }
  return "unreadable";
}

ModelError::ModelError(ModelErrorKind k, std::string text,
                       std::optional<std::chrono::milliseconds> retry)
    : Error(code_of(k), std::move(text), retry), kind(k) {}

ModelError::ModelError(Error error) : Error(std::move(error)), kind(kind_of(code)) {}

ModelError ModelError::within(std::string_view what) const {
  ModelError outer = *this;
  outer.message = Error::within(what).message;
  return outer;
}

}  // namespace holmes
