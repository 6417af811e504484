// What may be asked of one model at one address at a time, as its owner configures it.
#pragma once

#include <cstdint>

namespace holmes {

struct ModelLimits {
  int64_t calls_max = 64;           // under way at once; what the provider allows may be fewer
  int64_t requests_per_minute = 0;  // 0: no limit
  int64_t tokens_per_minute = 0;    // read and written; 0: no limit
};

}  // namespace holmes
