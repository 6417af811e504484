#include "holmes/llm/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "holmes/llm/fake_model_testing.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

class RetryTest : public testing::Test {
 protected:
  ModelResult complete(std::vector<FakeModel::Turn> script, seconds limit = seconds(300)) {
    auto fake = std::make_unique<FakeModel>(loop_, std::move(script));
    fake_ = fake.get();
    model_ = std::make_unique<RetryingModel>(loop_, random_, std::move(fake),
                                             ModelMetrics(metrics_), Logger());
    const MonoTime begin = loop_.mono_now();
    StopSource source({}, loop_, begin + limit);
    auto reply = loop_.run(model_->complete({}, source.stop()));
    took_ = loop_.mono_now() - begin;
    return reply;
  }

  static FakeModel::Turn fails(ErrorCode code, std::optional<milliseconds> wait = std::nullopt) {
    return {fail(Error(code, "no luck", wait))};
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  MetricsRegistry metrics_;
  std::unique_ptr<RetryingModel> model_;
  FakeModel* fake_ = nullptr;
  std::chrono::nanoseconds took_{0};
};

TEST_F(RetryTest, AsksAgainAfterWhatMayPassAndCountsEachTry) {
  ModelReply last = says("ok");
  last.usage.input_tokens = 10;
  last.usage.cached_input_tokens = 4;
  last.usage.output_tokens = 2;
  last.usage.reasoning_tokens = 1;
  const auto reply =
      complete({fails(ErrorCode::kRefused), fails(ErrorCode::kUnavailable), {std::move(last)}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "ok");
  EXPECT_EQ(reply->usage.model_calls, 3);
  const std::string text = metrics_.expose();
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_requests_total{model="fake",outcome="ok"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_retries_total{model="fake"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_tokens_total{kind="input",model="fake"} 10)"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_tokens_total{kind="cached_input",model="fake"} 4)"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_tokens_total{kind="output",model="fake"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_tokens_total{kind="reasoning",model="fake"} 1)"));
}

TEST_F(RetryTest, WaitsLongerEachTimeWithinItsBounds) {
  complete({fails(ErrorCode::kRefused), {says("ok")}});
  EXPECT_THAT(took_, AllOf(Ge(seconds(1)), Le(seconds(2))));
}

TEST_F(RetryTest, NeverWaitsLessThanTheProviderAsked) {
  ASSERT_TRUE(complete({fails(ErrorCode::kRefused, seconds(20)), {says("ok")}}));
  EXPECT_EQ(took_, seconds(20));
}

TEST_F(RetryTest, DoesNotWaitForAProviderThatAsksForTooMuch) {
  EXPECT_FALSE(complete({fails(ErrorCode::kRefused, seconds(3600)), {says("ok")}}));
  EXPECT_EQ(took_, seconds(0));
}

TEST_F(RetryTest, GivesUpAfterItsTriesWithTheLastError) {
  const auto reply = complete({fails(ErrorCode::kUnavailable),
                               fails(ErrorCode::kUnavailable),
                               fails(ErrorCode::kUnavailable),
                               fails(ErrorCode::kUnavailable),
                               {says("too late")}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), Error(ErrorCode::kUnavailable, "no luck (try 4)"));
  EXPECT_EQ(fake_->requests.size(), 4U);
  EXPECT_THAT(took_, AllOf(Ge(seconds(3)), Le(seconds(14))));
}

class FinalErrorTest : public RetryTest, public testing::WithParamInterface<ErrorCode> {};

TEST_P(FinalErrorTest, IsNotTriedAgain) {
  const auto reply = complete({fails(GetParam()), {says("ok")}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, GetParam());
  EXPECT_EQ(fake_->requests.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Codes, FinalErrorTest,
                         testing::Values(ErrorCode::kUnauthenticated, ErrorCode::kForbidden,
                                         ErrorCode::kNotFound, ErrorCode::kInvalid,
                                         ErrorCode::kTooLarge, ErrorCode::kProtocol,
                                         ErrorCode::kTimeout, ErrorCode::kCancelled));

TEST_F(RetryTest, DoesNotBeginAWaitThatTheDeadlineWouldEnd) {
  const auto reply =
      complete({fails(ErrorCode::kRefused, seconds(60)), {says("too late")}}, seconds(5));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kRefused);
  EXPECT_EQ(took_, seconds(0));
}

TEST_F(RetryTest, CancelEndsTheWaitAtOnce) {
  FakeModel* fake = nullptr;
  auto inner = std::make_unique<FakeModel>(
      loop_, std::vector<FakeModel::Turn>{fails(ErrorCode::kRefused, seconds(60)), {says("x")}});
  fake = inner.get();
  RetryingModel model(loop_, random_, std::move(inner), ModelMetrics(metrics_), Logger());
  StopSource source;
  const Timer cancel(loop_, loop_.mono_now() + seconds(2), [&] { source.request_stop(); });
  const MonoTime begin = loop_.mono_now();
  const auto reply = loop_.run(model.complete({}, source.stop()));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(loop_.mono_now() - begin, seconds(2));
  EXPECT_EQ(fake->requests.size(), 1U);
}

}  // namespace
}  // namespace holmes
