// What may be asked of one model at one address at a time, as its owner configures it.
#pragma once

#include <cstdint>

namespace holmes {

struct ModelLimits {
  int64_t calls_max = 64;           // under way at once; what the provider allows may be fewer
  int64_t requests_per_minute = 0;  // 0: no limit
  int64_t tokens_per_minute = 0;    // read and written; 0: no limit
  // Calls that wait for room: beyond, a server takes no more checks. Those that run go on asking.
  int64_t waiting_max = 1'000;

  bool operator==(const ModelLimits&) const = default;
};

// For two names of one model: the smaller of each.
ModelLimits stricter(const ModelLimits& a, const ModelLimits& b);

}  // namespace holmes
