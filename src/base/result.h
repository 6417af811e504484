// Result<T>: a value or an Error. For everything that can fail in operation.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace holmes {

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error(code, std::move(message)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace holmes

#define HOLMES_CONCAT_INNER(a, b) a##b
#define HOLMES_CONCAT(a, b) HOLMES_CONCAT_INNER(a, b)

// HOLMES_TRY(auto x, f()) returns f's error from the enclosing function or binds its value.
// HOLMES_CO_TRY is the same inside a coroutine.
#define HOLMES_TRY_IMPL(ret, temporary, declaration, expression)                \
  auto temporary = (expression);                                                \
  if (!temporary.has_value()) ret ::holmes::fail(std::move(temporary).error()); \
  declaration = std::move(temporary).value()
#define HOLMES_TRY(declaration, expression) \
  HOLMES_TRY_IMPL(return, HOLMES_CONCAT(result_, __LINE__), declaration, expression)
#define HOLMES_CO_TRY(declaration, expression) \
  HOLMES_TRY_IMPL(co_return, HOLMES_CONCAT(result_, __LINE__), declaration, expression)

// The same for a Status, whose value nobody needs.
#define HOLMES_CHECK_IMPL(ret, temporary, expression)        \
  if (auto temporary = (expression); !temporary.has_value()) \
  ret ::holmes::fail(std::move(temporary).error())
#define HOLMES_CHECK(expression) \
  HOLMES_CHECK_IMPL(return, HOLMES_CONCAT(status_, __LINE__), expression)
#define HOLMES_CO_CHECK(expression) \
  HOLMES_CHECK_IMPL(co_return, HOLMES_CONCAT(status_, __LINE__), expression)
