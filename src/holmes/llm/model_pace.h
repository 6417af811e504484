// How fast one model may be asked: how many calls at once, which the provider's refusals teach, and
// how many requests and tokens per minute, which its owner knows. Pure: time is a value that never
// goes back.
//
// Calls at once, by additive increase and multiplicative decrease as in TCP (RFC 5681): a refusal
// halves the calls under way, once for all that had begun by then; as many answers as the limit, by
// calls that began afterwards and used it up, add one. It begins at what the owner allows, because
// a burst that fits must not wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "holmes/llm/model_limits.h"
#include "holmes/llm/rate_bucket.h"

namespace holmes {

// A provider that asks for more is asked again after this time, by the calls that can wait.
inline constexpr std::chrono::milliseconds kProviderHoldMax = std::chrono::seconds(60);
// After a refusal that does not say how long to wait.
inline constexpr std::chrono::milliseconds kProviderHoldDefault{250};

enum class CallOutcome {
  kAnswered,
  kNoRoom,  // rate limited, or the provider is overloaded
  kOther,   // says nothing about room
};

class ModelPace {
 public:
  ModelPace(const ModelLimits& limits, MonoTime now);

  // A call that is under way.
  struct Call {
    MonoTime begun;
    int64_t tokens = 0;
    int64_t round = 0;
  };

  // When a call of about that many tokens may begin, now or later; nullopt: when another has ended.
  [[nodiscard]] std::optional<MonoTime> may_begin(int64_t tokens, MonoTime now) const;
  Call begin(int64_t tokens, MonoTime now);

  struct End {
    CallOutcome outcome = CallOutcome::kOther;
    int64_t requests = 1;  // that it took
    int64_t tokens = 0;    // with kAnswered: that it read and wrote
    std::optional<std::chrono::milliseconds> retry_after{};  // with kNoRoom: holds back all calls
  };
  void end(const Call& call, const End& end, MonoTime now);

  // About how long a call would wait that has so many before it.
  [[nodiscard]] std::chrono::nanoseconds expected_wait(int64_t before_it, MonoTime now) const;

  [[nodiscard]] int64_t limit() const { return static_cast<int64_t>(limit_); }
  [[nodiscard]] int64_t under_way() const { return under_way_; }
  [[nodiscard]] bool limits_tokens() const { return limits_.tokens_per_minute > 0; }

 private:
  void shrink(int64_t under_way);

  ModelLimits limits_;
  double limit_;
  int64_t under_way_ = 0;
  int64_t round_ = 0;  // grows with each halving
  MonoTime held_until_;
  RateBucket requests_;
  RateBucket tokens_;
  // Of a call; moving averages, 0 before the first answer.
  double seconds_per_call_ = 0;
  double tokens_per_call_ = 0;
};

}  // namespace holmes
