#include "holmes/llm/model_pace.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class ModelPaceTest : public testing::Test {
 protected:
  void begin(int calls) {
    for (int i = 0; i < calls; ++i) under_way_.push_back(pace_.begin(0, now_));
  }
  void end(int calls, CallOutcome outcome, std::optional<milliseconds> retry_after = std::nullopt) {
    for (int i = 0; i < calls; ++i) {
      pace_.end(under_way_.front(), {outcome, 1, 0, retry_after}, now_);
      under_way_.erase(under_way_.begin());
    }
  }
  bool may_begin() { return pace_.may_begin(0, now_) == now_; }
  nanoseconds held() { return *pace_.may_begin(0, now_) - now_; }

  MonoTime now_{1h};
  ModelPace pace_{{.calls_max = 16}, now_};
  std::vector<ModelPace::Call> under_way_;
};

TEST_F(ModelPaceTest, BeginsAtWhatTheOwnerAllowsAndNotBeyond) {
  begin(15);
  EXPECT_TRUE(may_begin());
  begin(1);
  EXPECT_EQ(pace_.may_begin(0, now_), std::nullopt);
  end(16, CallOutcome::kAnswered);
  EXPECT_EQ(pace_.limit(), 16);
}

TEST_F(ModelPaceTest, ARefusalHalvesWhatIsUnderWayOnceForAllThatHadBegun) {
  begin(16);
  end(10, CallOutcome::kNoRoom);
  EXPECT_EQ(pace_.limit(), 8);
  now_ += 1s;
  begin(2);
  end(6, CallOutcome::kNoRoom);  // begun before the halving
  EXPECT_EQ(pace_.limit(), 8);
  begin(6);
  end(1, CallOutcome::kNoRoom);
  EXPECT_EQ(pace_.limit(), 4);
}

TEST_F(ModelPaceTest, FewUnderWayTellMoreThanALimitThatNobodyReached) {
  begin(6);
  end(1, CallOutcome::kNoRoom);
  EXPECT_EQ(pace_.limit(), 3);
}

TEST_F(ModelPaceTest, NeverFallsBelowOneCall) {
  for (int i = 0; i < 10; ++i) {
    begin(1);
    end(1, CallOutcome::kNoRoom);
    now_ += 1s;
  }
  EXPECT_EQ(pace_.limit(), 1);
  EXPECT_TRUE(may_begin());
}

TEST_F(ModelPaceTest, ClimbsByOneForAsManyAnswersAsTheLimitUpToTheMost) {
  begin(8);
  end(1, CallOutcome::kNoRoom);
  end(7, CallOutcome::kOther);
  ASSERT_EQ(pace_.limit(), 4);
  now_ += 1s;
  for (int limit = 4; limit < 16; ++limit) {
    ASSERT_EQ(pace_.limit(), limit);
    begin(limit);
    // Each of them while the limit is used up; the sum of 1/x over them is a little less than one.
    for (int i = 0; i <= limit; ++i) {
      end(1, CallOutcome::kAnswered);
      begin(1);
    }
    end(limit, CallOutcome::kOther);
  }
  begin(16);
  end(16, CallOutcome::kAnswered);
  EXPECT_EQ(pace_.limit(), 16);
}

TEST_F(ModelPaceTest, AnswersThatDidNotNeedTheLimitDoNotRaiseIt) {
  begin(8);
  end(8, CallOutcome::kNoRoom);
  now_ += 1s;
  for (int i = 0; i < 100; ++i) {
    begin(3);
    end(3, CallOutcome::kAnswered);
  }
  EXPECT_EQ(pace_.limit(), 4);
}

TEST_F(ModelPaceTest, AnswersOfCallsFromBeforeTheHalvingDoNotRaiseIt) {
  begin(4);
  end(1, CallOutcome::kNoRoom);
  ASSERT_EQ(pace_.limit(), 2);
  end(3, CallOutcome::kAnswered);
  begin(2);
  end(1, CallOutcome::kAnswered);
  EXPECT_EQ(pace_.limit(), 2);
  begin(1);
  end(1, CallOutcome::kAnswered);
  begin(1);
  end(1, CallOutcome::kAnswered);
  EXPECT_EQ(pace_.limit(), 3);
}

TEST_F(ModelPaceTest, ErrorsOfOtherKindsSayNothing) {
  begin(16);
  end(16, CallOutcome::kOther);
  EXPECT_EQ(pace_.limit(), 16);
  EXPECT_TRUE(may_begin());
}

TEST_F(ModelPaceTest, WhatTheProviderAsksForHoldsBackAllCalls) {
  const struct {
    std::optional<milliseconds> retry_after;
    nanoseconds held;
  } cases[] = {{std::nullopt, kProviderHoldDefault},
               {7s, 7s},
               {20ms, 20ms},
               {1h, kProviderHoldMax},
               {-5s, 0s},
               {0s, 0s}};
  for (const auto& c : cases) {
    now_ += 1h;
    begin(1);
    end(1, CallOutcome::kNoRoom, c.retry_after);
    EXPECT_EQ(held(), c.held);
    now_ += c.held;
    EXPECT_TRUE(may_begin());
  }
}

TEST_F(ModelPaceTest, AShorterWishDoesNotShortenALongerOne) {
  begin(2);
  end(1, CallOutcome::kNoRoom, 20s);
  end(1, CallOutcome::kNoRoom, 1s);
  EXPECT_EQ(held(), 20s);
}

TEST_F(ModelPaceTest, RequestsPerMinuteCountWhatACallTook) {
  pace_ = ModelPace({.requests_per_minute = 60}, now_);  // six at once
  begin(3);
  EXPECT_TRUE(may_begin());
  // Parameters that were refused: one call, four requests.
  pace_.end(under_way_[0], {.outcome = CallOutcome::kAnswered, .requests = 4}, now_);
  EXPECT_FALSE(may_begin());
  EXPECT_GT(*pace_.may_begin(0, now_), now_ + 1s);
}

TEST_F(ModelPaceTest, TokensAreEstimatedFirstAndCorrectedByWhatTheyWere) {
  const auto after = [&](ModelPace::End end) {
    pace_ = ModelPace({.tokens_per_minute = 60'000}, now_);  // 6,000 at once
    const auto call = pace_.begin(5'000, now_);
    EXPECT_GT(*pace_.may_begin(5'000, now_), now_);
    pace_.end(call, end, now_);
    return *pace_.may_begin(5'000, now_) - now_;
  };
  EXPECT_EQ(after({.outcome = CallOutcome::kAnswered, .tokens = 1'000}), 0s);
  EXPECT_GT(after({.outcome = CallOutcome::kAnswered, .tokens = 20'000}), 15s);
  // Nothing was read; the hold is what is left.
  EXPECT_EQ(after({.outcome = CallOutcome::kNoRoom}), kProviderHoldDefault);
  // Nobody knows what was read.
  EXPECT_GT(after({.outcome = CallOutcome::kOther}), 3s);
}

TEST_F(ModelPaceTest, ExpectsToWaitForCallsToEndForHoldsAndForRates) {
  const auto seconds = [&](int64_t before) {
    return std::chrono::duration<double>(pace_.expected_wait(before, now_)).count();
  };
  pace_ = ModelPace({.calls_max = 2}, now_);
  EXPECT_EQ(seconds(0), 0);
  EXPECT_EQ(seconds(100), 0);  // nothing is known
  begin(1);
  now_ += 4s;
  end(1, CallOutcome::kAnswered);
  EXPECT_DOUBLE_EQ(seconds(1), 0);  // there is room for two
  EXPECT_DOUBLE_EQ(seconds(2), 2);  // two end within four seconds
  EXPECT_DOUBLE_EQ(seconds(21), 40);
  begin(2);
  EXPECT_DOUBLE_EQ(seconds(0), 2);
  end(1, CallOutcome::kNoRoom, 10s);
  EXPECT_DOUBLE_EQ(seconds(0), 14);  // held, then one at a time
  now_ += 12s;
  end(1, CallOutcome::kOther);  // given up after 12 s: they take longer than was known
  begin(1);
  EXPECT_DOUBLE_EQ(seconds(0), 5);
  end(1, CallOutcome::kOther);  // failed at once
  begin(1);
  EXPECT_DOUBLE_EQ(seconds(0), 5);
  end(1, CallOutcome::kOther);

  pace_ = ModelPace({.requests_per_minute = 60}, now_);
  EXPECT_EQ(seconds(5), 0);
  EXPECT_NEAR(seconds(59), 59, 1);
  pace_ = ModelPace({.tokens_per_minute = 60'000}, now_);
  pace_.end(pace_.begin(0, now_), {CallOutcome::kAnswered, 1, 1'000}, now_);
  EXPECT_NEAR(seconds(58), 60, 3);
}

TEST(ModelLimits, OfTwoNamesTheStricterHold) {
  const ModelLimits a{.calls_max = 5, .requests_per_minute = 0, .tokens_per_minute = 100};
  const ModelLimits b{
      .calls_max = 9, .requests_per_minute = 7, .tokens_per_minute = 90, .waiting_max = 3};
  const ModelLimits both{5, 7, 90, 3};
  EXPECT_EQ(stricter(a, b), both);
  EXPECT_EQ(stricter(b, a), both);
}

}  // namespace
}  // namespace holmes
