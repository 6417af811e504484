#include "holmes/llm/rate_bucket.h"

#include <deque>

#include <gtest/gtest.h>

namespace holmes {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{std::chrono::hours(1)};

TEST(RateBucket, WithoutALimitHoldsNothingBack) {
  RateBucket bucket(0, kStart);
  bucket.take(1'000'000, kStart);
  EXPECT_EQ(bucket.when(1'000'000, kStart), kStart);
  EXPECT_EQ(bucket.when_sum(1'000'000, kStart), kStart);
}

// Takes one whenever it may, as fast as it may.
TEST(RateBucket, GivesTheLimitWithinAnyMinuteAndNotMore) {
  for (const int64_t per_minute : {1, 2, 5, 9, 10, 11, 50, 60, 500}) {
    RateBucket bucket(per_minute, kStart);
    std::deque<MonoTime> last_minute;
    MonoTime now = kStart;
    int64_t most = 0;
    int64_t taken = 0;
    for (; now < kStart + 10min; now = bucket.when(1, now)) {
      bucket.take(1, now);
      ++taken;
      last_minute.push_back(now);
      while (last_minute.front() <= now - 60s) last_minute.pop_front();
      most = std::max(most, static_cast<int64_t>(last_minute.size()));
    }
    EXPECT_LE(most, per_minute) << per_minute;
    // Ten minutes' worth, but for what is kept for bursts.
    EXPECT_GE(taken, per_minute * 9) << per_minute;
  }
}

TEST(RateBucket, HoldsATenthOfAMinuteForBursts) {
  RateBucket bucket(60, kStart);
  EXPECT_EQ(bucket.when(6, kStart), kStart);
  bucket.take(6, kStart);
  EXPECT_GT(bucket.when(1, kStart), kStart + 1s);
  EXPECT_LT(bucket.when(1, kStart), kStart + 1200ms);
  const MonoTime full_again = kStart + 1h;
  EXPECT_EQ(bucket.when(6, full_again), full_again);
  bucket.take(6, full_again);
  EXPECT_GT(bucket.when(1, full_again), full_again);
}

TEST(RateBucket, MoreThanItHoldsGoesWhenItIsFullAndIsOwed) {
  RateBucket bucket(6'000, kStart);  // holds 600, gets about 90 in a second
  ASSERT_EQ(bucket.when(10'000, kStart), kStart);
  bucket.take(10'000, kStart);
  EXPECT_GT(bucket.when(1, kStart), kStart + 100s);
  EXPECT_GT(bucket.when(10'000, kStart), bucket.when(1, kStart) + 6s);
  bucket.take(-10'000, kStart);
  EXPECT_EQ(bucket.when(1, kStart), kStart);
}

TEST(RateBucket, TellsWhenASumHasCome) {
  RateBucket bucket(60, kStart);
  EXPECT_EQ(bucket.when_sum(6, kStart), kStart);
  const auto wait = bucket.when_sum(61, kStart) - kStart;
  EXPECT_NEAR(std::chrono::duration<double>(wait).count(), 60, 0.1);
}

TEST(RateBucket, MayBeTakenFromWhenItSaysSo) {
  RateBucket bucket(7, kStart);
  MonoTime now = kStart;
  for (int i = 0; i < 1'000; ++i) {
    bucket.take(1, now);
    now = bucket.when(1, now);
    ASSERT_EQ(bucket.when(1, now), now) << i;
  }
}

}  // namespace
}  // namespace holmes
