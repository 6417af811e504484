#include "holmes/llm/model_pace.h"

#include <algorithm>

#include "base/assert.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Of the newest value in a moving average, as for round trip times in TCP (RFC 6298).
constexpr double kNewest = 1.0 / 8;

double average(double before, double newest) {
  return before == 0 ? newest : before + ((newest - before) * kNewest);
}

}  // namespace

ModelLimits stricter(const ModelLimits& a, const ModelLimits& b) {
  const auto rate = [](int64_t x, int64_t y) {
    return x == 0 || y == 0 ? std::max(x, y) : std::min(x, y);
  };
  return {std::min(a.calls_max, b.calls_max), rate(a.requests_per_minute, b.requests_per_minute),
          rate(a.tokens_per_minute, b.tokens_per_minute), std::min(a.waiting_max, b.waiting_max)};
}

ModelPace::ModelPace(const ModelLimits& limits, MonoTime now)
    : limits_(limits),
      limit_(static_cast<double>(limits.calls_max)),
      held_until_(now),
      requests_(limits.requests_per_minute, now),
      tokens_(limits.tokens_per_minute, now) {
  HOLMES_ASSERT(limits.calls_max >= 1);
}

std::optional<MonoTime> ModelPace::may_begin(int64_t tokens, MonoTime now) const {
  if (under_way_ >= limit()) return std::nullopt;
  return std::max({now, held_until_, requests_.when(1, now), tokens_.when(tokens, now)});
}

ModelPace::Call ModelPace::begin(int64_t tokens, MonoTime now) {
  HOLMES_ASSERT(under_way_ < limit());
  ++under_way_;
  requests_.take(1, now);
  tokens_.take(tokens, now);
  return {now, tokens, round_};
}

void ModelPace::end(const Call& call, const End& end, MonoTime now) {
  HOLMES_ASSERT(under_way_ > 0);
  const int64_t under_way = under_way_--;
  const double seconds = std::chrono::duration<double>(now - call.begun).count();
  requests_.take(end.requests - 1, now);
  switch (end.outcome) {
    case CallOutcome::kAnswered:
      tokens_.take(end.tokens - call.tokens, now);
      tokens_per_call_ = average(tokens_per_call_, static_cast<double>(end.tokens));
      seconds_per_call_ = average(seconds_per_call_, seconds);
      if (call.round == round_ && under_way >= limit()) {
        limit_ = std::min(limit_ + (1 / limit_), static_cast<double>(limits_.calls_max));
      }
      break;
    case CallOutcome::kNoRoom:
      tokens_.take(-call.tokens, now);
      held_until_ =
          std::max(held_until_, now + std::clamp(end.retry_after.value_or(kProviderHoldDefault),
                                                 milliseconds(0), kProviderHoldMax));
      if (call.round == round_) shrink(under_way);
      break;
    case CallOutcome::kOther:
      // Who was given up took at least that long; what failed fast says nothing.
      if (seconds > seconds_per_call_) seconds_per_call_ = average(seconds_per_call_, seconds);
      break;
  }
}

void ModelPace::shrink(int64_t under_way) {
  limit_ = std::max(1.0, std::min(limit_, static_cast<double>(under_way)) / 2);
  ++round_;
}

nanoseconds ModelPace::expected_wait(int64_t before_it, MonoTime now) const {
  const nanoseconds held = std::max(nanoseconds(0), held_until_ - now);
  const int64_t calls_to_end = before_it + 1 - std::max<int64_t>(0, limit() - under_way_);
  const std::chrono::duration<double> for_room(
      seconds_per_call_ * static_cast<double>(std::max<int64_t>(0, calls_to_end)) /
      static_cast<double>(limit()));
  const auto tokens = static_cast<int64_t>(tokens_per_call_ * static_cast<double>(before_it + 1));
  return std::max({held + std::chrono::ceil<nanoseconds>(for_room),
                   nanoseconds(requests_.when_sum(before_it + 1, now) - now),
                   nanoseconds(tokens_.when_sum(tokens, now) - now)});
}

}  // namespace holmes
