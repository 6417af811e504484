// A limit per minute as a token bucket: a tenth of it may be taken at once, the rest comes evenly.
// Pure: time is a value that never goes back.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace holmes {

class RateBucket {
 public:
  // Full at first. `per_minute` is what may be taken within any minute; 0: no limit.
  RateBucket(int64_t per_minute, MonoTime now);

  // When that much may be taken: now, or later. More than the bucket holds may be taken when it is
  // full, and is owed then.
  [[nodiscard]] MonoTime when(int64_t amount, MonoTime now) const;
  // When that much has come, if nobody takes anything meanwhile.
  [[nodiscard]] MonoTime when_sum(int64_t amount, MonoTime now) const;
  // Negative: gives back.
  void take(int64_t amount, MonoTime now);

 private:
  [[nodiscard]] double level(MonoTime now) const;
  [[nodiscard]] MonoTime when_level(double wanted, MonoTime now) const;

  bool unlimited_;
  double capacity_;
  double per_second_;
  double level_;
  MonoTime at_;  // of level_
};

}  // namespace holmes
