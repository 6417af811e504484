// Growing delays between tries, with jitter.
#pragma once

#include <chrono>

#include "async/random.h"

namespace holmes::kube {

struct BackoffOptions {
  std::chrono::nanoseconds first{std::chrono::milliseconds(800)};
  std::chrono::nanoseconds cap{std::chrono::seconds(30)};  // no delay is longer
};

// The delay before try number `tries` + 1, after `tries` >= 1 failures in a row: first *
// 2^(tries-1) up to the cap, of which a random part between 0 and a half is taken off, so that many
// clients which failed together do not come back together.
std::chrono::nanoseconds backoff_delay(const BackoffOptions& options, unsigned tries,
                                       Random& random);

}  // namespace holmes::kube
