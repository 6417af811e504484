#include "holmes/checks/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/checks/check_runner_testing.h"

namespace holmes {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;
using Turn = FakeModel::Turn;

class BudgetTest : public CheckRunnerTest {
 protected:
  static Turn costly(int64_t input, int64_t output, std::vector<ToolCall> made = {kGet}) {
    Turn turn{calls(std::move(made))};
    turn.reply->usage.input_tokens = input;
    turn.reply->usage.output_tokens = output;
    return turn;
  }
  void expect_exceeded(const CheckResponse& response, const std::string& sentence) {
    expect_error(response, ErrorReason::kBudgetExceeded);
    EXPECT_THAT(response.error, HasSubstr(sentence));
  }
};

TEST_F(BudgetTest, InputAndOutputTokensHaveLimitsThatAreNamed) {
  options_.budget.input_tokens_max = 1000;
  options_.budget.output_tokens_max = 100;
  expect_exceeded(run({costly(1000, 1), {says("x")}, verdict("pass")}),
                  "the check used 1000 input tokens, its limit is 1000");
  EXPECT_THAT(model_->requests, SizeIs(1));
  start_over();
  expect_exceeded(run({costly(10, 100), {says("x")}, verdict("pass")}),
                  "the check used 100 output tokens, its limit is 100");
  start_over();
  Turn found = costly(10, 1, {});
  found.reply->content = "x";
  Turn judged = verdict("pass");
  judged.reply->usage.input_tokens = 5000;  // nothing is asked after it
  EXPECT_EQ(run({costly(900, 90), found, judged}).status, CheckStatus::kPass);
}

TEST_F(BudgetTest, TokenLimitsHoldForProvidersThatDoNotCount) {
  options_.budget.input_tokens_max = 2000;
  add_tool(ToolOutcome::kAnswered, std::string(8000, 'x'));
  expect_exceeded(run({{calls({kGet})}, {says("x")}, verdict("pass")}), "input tokens");
  EXPECT_THAT(model_->requests, SizeIs(2));
}

TEST_F(BudgetTest, ModelCallsHaveALimitAndTriesCount) {
  options_.budget.model_calls_max = 6;
  Turn tried = costly(1, 1);
  tried.reply->usage.model_calls = 6;
  expect_exceeded(run({tried, {says("x")}, verdict("pass")}),
                  "the check used 6 model calls, its limit is 6");
}

TEST_F(BudgetTest, ToolCallsHaveALimit) {
  options_.budget.tool_calls_max = 1;
  expect_exceeded(run({costly(1, 1, {kGet, {"c2", "get", "{}"}}), {says("x")}, verdict("pass")}),
                  "the check made 1 tool calls and wanted more");
  EXPECT_THAT(tool_->received, SizeIs(1));
}

TEST_F(BudgetTest, BytesOfAllToolsHaveALimit) {
  options_.budget.tool_bytes_total_max = 100;
  add_tool(ToolOutcome::kAnswered, std::string(101, 'x'));
  expect_exceeded(run({{calls({kGet})}, {says("x")}, verdict("pass")}),
                  "the tools answered with 101 bytes, the limit of a check is 100");
}

TEST_F(BudgetTest, TimeHasALimitOfTheServersOwn) {
  options_.budget.time_max = seconds(20);
  StopSource timeout({}, loop_, loop_.mono_now() + seconds(30));
  const CheckResponse response = run({{says("x"), seconds(60)}}, timeout.stop());
  expect_exceeded(response, "the check took 20 seconds, the limit of every check is 20");
  EXPECT_DOUBLE_EQ(response.duration_seconds, 20);
  EXPECT_EQ(model_->given_up, 1);
}

TEST_F(BudgetTest, MoneyHasALimitWhenThePriceIsKnown) {
  options_.budget.micro_usd_max = 500'000;
  price_ = Price{10'000'000, 0, 0, 20'000'000};  // 10 and 20 USD per million tokens
  const CheckResponse response = run({costly(30'000, 10'000), {says("x")}, verdict("pass")});
  expect_exceeded(response, "the check cost 0.50 USD, its limit is 0.50 USD");
  EXPECT_EQ(response.usage.cost_usd, "0.50");
  EXPECT_THAT(model_->requests, SizeIs(1));
}

TEST_F(BudgetTest, AnUnknownPriceIsNoneAndNotZero) {
  options_.budget.micro_usd_max = 1;
  const CheckResponse response = run({costly(300'000, 10'000), {says("x")}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass);
  EXPECT_EQ(response.usage.cost_usd, "");
  EXPECT_EQ(json_find(to_json(response), {"usage", "costUSD"}), nullptr);
}

TEST_F(BudgetTest, EveryResultTellsItsCost) {
  price_ = Price{1'000'000, 100'000, 0, 2'000'000};
  Turn look = costly(1000, 10);
  look.reply->usage.cached_input_tokens = 500;
  const CheckResponse response = run({look, {says("x")}, verdict("pass")});
  // The other two calls told no usage and are estimated.
  EXPECT_GE(response.usage.cost_usd, "0.00057");
  EXPECT_EQ(json_string(to_json(response), {"usage", "costUSD"}), response.usage.cost_usd);
}

TEST_F(BudgetTest, AllChecksOfADayHaveALimit) {
  options_.daily_micro_usd_max = 1'000'000;
  options_.budget.micro_usd_max = 0;
  price_ = Price{100'000'000, 0, 0, 0};
  const CheckResponse first = run({costly(4'000, 0), costly(6'000, 0, {{"c2", "get", "{}"}})});
  expect_exceeded(first, "the server's daily limit of 1.00 USD");
  EXPECT_THAT(model_->requests, SizeIs(2));
  const auto again = [&] {
    return loop_.run(runner_->run({"Are all pods healthy?", "shop/other", ""}, {}));
  };
  const CheckResponse second = again();
  expect_exceeded(second, "the server's daily limit");
  EXPECT_EQ(second.usage.model_calls, 0);
  EXPECT_THAT(model_->requests, SizeIs(2));
}

TEST(DailySpending, BeginsAnewAtMidnightUtc) {
  VirtualLoop loop;
  DailySpending day(loop, 100);
  day.add(99);
  EXPECT_FALSE(day.used_up());
  day.add(1);
  EXPECT_TRUE(day.used_up());
  loop.run(sleep_for(loop, hours(23), {}));
  EXPECT_TRUE(day.used_up());
  loop.run(sleep_for(loop, hours(1), {}));
  EXPECT_FALSE(day.used_up());

  DailySpending unlimited(loop, 0);
  unlimited.add(1'000'000'000);
  EXPECT_FALSE(unlimited.used_up());
}

}  // namespace
}  // namespace holmes
