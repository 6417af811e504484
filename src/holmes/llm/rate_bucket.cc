#include "holmes/llm/rate_bucket.h"

#include <algorithm>
#include <chrono>

namespace holmes {
namespace {

// Of a minute's amount, at once. More would come in lumps, which providers that count by the second
// refuse; less would hold up the few checks of a quiet minute.
constexpr int64_t kBurstShare = 10;
// What rounding may lose of a level.
constexpr double kTolerance = 1e-6;

double burst(int64_t per_minute) {
  return static_cast<double>(std::max<int64_t>(1, per_minute / kBurstShare));
}

}  // namespace

// A minute sees the full bucket and what has come before the minute's end: with one less than that
// the sum is the limit.
RateBucket::RateBucket(int64_t per_minute, MonoTime now)
    : unlimited_(per_minute <= 0),
      capacity_(burst(per_minute)),
      per_second_((static_cast<double>(per_minute) + 1 - capacity_) / 60),
      level_(capacity_),
      at_(now) {}

MonoTime RateBucket::when(int64_t amount, MonoTime now) const {
  return when_level(std::min(static_cast<double>(amount), capacity_), now);
}

MonoTime RateBucket::when_sum(int64_t amount, MonoTime now) const {
  return when_level(static_cast<double>(amount), now);
}

void RateBucket::take(int64_t amount, MonoTime now) {
  if (unlimited_) return;
  level_ = std::min(capacity_, level(now) - static_cast<double>(amount));
  at_ = now;
}

double RateBucket::level(MonoTime now) const {
  const double seconds = std::chrono::duration<double>(now - at_).count();
  return std::min(capacity_, level_ + (seconds * per_second_));
}

MonoTime RateBucket::when_level(double wanted, MonoTime now) const {
  if (unlimited_) return now;
  const double missing = wanted - level(now);
  if (missing <= kTolerance) return now;
  const std::chrono::duration<double> wait(missing / per_second_);
  return now + std::chrono::ceil<std::chrono::nanoseconds>(wait);
}

}  // namespace holmes
