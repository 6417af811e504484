// Assertions for programmer errors; they stay on in release builds. Untrusted input never asserts.
#pragma once

namespace holmes {

// Prints the failed expression with its place to stderr and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace holmes

#define HOLMES_ASSERT(expression)      \
  ((expression) ? static_cast<void>(0) \
                : ::holmes::assertion_failed(#expression, __FILE__, __LINE__))
