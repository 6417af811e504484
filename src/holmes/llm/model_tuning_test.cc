#include "holmes/llm/model_tuning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

json::value value_of(std::string_view text) {
  return parse_json_object(text).value();
}

TEST(ModelTuning, GoesBeforeWhatARequestSays) {
  ModelRequest request;
  request.temperature = 1;
  request.output_tokens_max = 100;
  request.reasoning_effort = "low";
  const ModelRequest same = tuned({}, request);
  EXPECT_EQ(same.temperature, 1);
  EXPECT_EQ(same.output_tokens_max, 100);
  EXPECT_EQ(same.reasoning_effort, "low");
  const ModelRequest other =
      tuned({.temperature = 0, .reasoning_effort = "high", .output_tokens_max = 7}, request);
  EXPECT_EQ(other.temperature, 0);
  EXPECT_EQ(other.output_tokens_max, 7);
  EXPECT_EQ(other.reasoning_effort, "high");
}

TEST(ModelTuning, ReadsTemperatures) {
  EXPECT_EQ(parse_temperature("0").value(), 0);
  EXPECT_EQ(parse_temperature("1e-08").value(), 1e-8);
  EXPECT_EQ(parse_temperature(" None ").value(), std::nullopt);
  EXPECT_EQ(parse_temperature("null").value(), std::nullopt);
  for (const char* wrong : {"", "2.1", "-1", "warm", "nan", "inf", "1 2"}) {
    EXPECT_FALSE(parse_temperature(wrong)) << wrong;
  }
}

TEST(ModelTuning, ReadsEffortsAndThinking) {
  EXPECT_EQ(parse_effort(" High").value(), "high");
  for (const char* wrong : {"", "very high", "high\n1", "abcdefghijklmnopqrstuvwxyz"}) {
    EXPECT_FALSE(parse_effort(wrong)) << wrong;
  }
  EXPECT_EQ(parse_thinking(value_of(R"({"type":"enabled","budget_tokens":2000})")).value(),
            (Thinking{Thinking::Kind::kBudget, 2000}));
  EXPECT_EQ(parse_thinking(value_of(R"({"type":"adaptive"})")).value().kind,
            Thinking::Kind::kAdaptive);
  EXPECT_EQ(parse_thinking(value_of(R"({"type":"disabled"})")).value().kind, Thinking::Kind::kOff);
  for (const char* wrong : {"{}", R"({"type":"enabled"})",
                            R"({"type":"enabled","budget_tokens":10})", R"({"type":"much"})"}) {
    EXPECT_FALSE(parse_thinking(value_of(wrong))) << wrong;
  }
  EXPECT_FALSE(parse_thinking(nullptr));
}

TEST(ModelTuning, ReadsHeadersAndQuotesNoValue) {
  EXPECT_THAT(parse_headers(value_of(R"({"X-Team":"a b","Authorization":"Bearer k"})")).value(),
              ElementsAre(Pair("X-Team", "a b"), Pair("Authorization", "Bearer k")));
  for (const char* wrong : {R"({"X-Team":1})", R"({"X-Team":"secret\r\nx: y"})",
                            R"({"X Team":"secret"})", R"({"":"secret"})", R"({"Host":"secret"})",
                            R"({"content-LENGTH":"secret"})", R"({"X-Team":" secret"})"}) {
    const auto headers = parse_headers(value_of(wrong));
    ASSERT_FALSE(headers) << wrong;
    EXPECT_THAT(headers.error().message, Not(HasSubstr("secret")));
  }
  EXPECT_FALSE(parse_headers(json::array{}));
}

TEST(ModelTuning, CountsPricesPerToken) {
  EXPECT_EQ(parse_token_price("3e-06").value(), 3'000'000);
  EXPECT_EQ(parse_token_price("0.00000015").value(), 150'000);
  EXPECT_EQ(parse_token_price("0").value(), 0);
  for (const char* wrong : {"", "-1e-6", "3", "free"}) EXPECT_FALSE(parse_token_price(wrong));
}

TEST(ModelTuning, TermsCompleteOrReplaceAKnownPrice) {
  const Price known{100, 10, 125, 500};
  EXPECT_EQ(price_with({}, known)->cached_input, 10);
  EXPECT_EQ(price_with({.cached_input = 20}, known)->cached_input, 20);
  EXPECT_EQ(price_with({.cached_input = 20}, known)->input, 100);
  EXPECT_EQ(price_with({.input = 50}, known)->output, 500);
  // A price of its own: what is not said of the cache is not that of the list.
  const auto own = price_with({.input = 50, .output = 60}, known);
  EXPECT_EQ(own->cached_input, 50);
  EXPECT_EQ(own->cache_write, 50);
  EXPECT_EQ(price_with({.input = 50, .output = 60}, std::nullopt)->output, 60);
  EXPECT_EQ(price_with({.input = 0, .output = 0}, std::nullopt)->input, 0);
  EXPECT_FALSE(price_with({.input = 50}, std::nullopt));
  EXPECT_FALSE(price_with({.cached_input = 50}, std::nullopt));
}

}  // namespace
}  // namespace holmes
