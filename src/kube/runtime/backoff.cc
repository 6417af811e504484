#include "kube/runtime/backoff.h"

#include <algorithm>

namespace holmes::kube {

std::chrono::nanoseconds backoff_delay(const BackoffOptions& options, unsigned tries,
                                       Random& random) {
  std::chrono::nanoseconds delay = std::min(options.first, options.cap);
  for (unsigned i = 1; i < tries && delay < options.cap; ++i) {
    delay = std::min(delay * 2, options.cap);
  }
  const double kept = 0.5 + random.unit() / 2;
  return std::chrono::nanoseconds(static_cast<int64_t>(static_cast<double>(delay.count()) * kept));
}

}  // namespace holmes::kube
