#include "holmes/llm/price.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

constexpr std::string_view kOpenai = "https://api.openai.com/v1";

TEST(Price, IsThatOfAModelAtItsMakersOwnAddress) {
  for (const auto& [url, id, input] :
       {std::tuple<std::string_view, std::string_view, int64_t>{kOpenai, "gpt-4.1", 2'000'000},
        {kOpenai, "gpt-4.1-2025-04-14", 2'000'000},
        {kOpenai, "gpt-4.1-mini", 400'000},
        {kOpenai, "gpt-5.4", 2'500'000},
        {"https://api.anthropic.com", "claude-sonnet-4-5-20250929", 3'000'000},
        {"https://api.anthropic.com", "claude-sonnet-5-5", 2'000'000},
        {"https://api.anthropic.com", "claude-opus-5-5", 4'000'000},
        {"https://generativelanguage.googleapis.com/v1beta", "gemini-2.5-flash", 300'000},
        {"https://europe-west1-aiplatform.googleapis.com/v1", "gemini-2.5-pro", 1'250'000}}) {
    const auto price = find_price(url, id);
    ASSERT_TRUE(price) << id;
    EXPECT_EQ(price->input, input) << id;
  }
}

TEST(Price, IsUnknownOtherwise) {
  EXPECT_FALSE(find_price("http://127.0.0.1:8080/v1", "gpt-4.1"));
  EXPECT_FALSE(find_price("https://api.openai.com.example.org", "gpt-4.1"));
  EXPECT_FALSE(find_price(kOpenai, "gpt-4.1-turbo"));
  EXPECT_FALSE(find_price(kOpenai, ""));
}

TEST(Price, TokensOfTheCacheCostTheirOwn) {
  const Price price{2'000'000, 500'000, 2'500'000, 8'000'000};
  ModelUsage usage;
  usage.input_tokens = 1'000'000;
  EXPECT_EQ(cost_micro_usd(price, usage), 2'000'000);
  usage.cached_input_tokens = 500'000;
  usage.cache_write_tokens = 100'000;
  usage.output_tokens = 10'000;
  EXPECT_EQ(cost_micro_usd(price, usage), 800'000 + 250'000 + 250'000 + 80'000);
  EXPECT_EQ(cost_micro_usd(price, ModelUsage{.input_tokens = 1}), 2);
  EXPECT_EQ(cost_micro_usd({100'000, 0, 0, 0}, ModelUsage{.input_tokens = 1}), 1);  // rounded up
}

TEST(Price, MoneyIsADecimal) {
  EXPECT_EQ(format_usd(0), "0.00");
  EXPECT_EQ(format_usd(12'500), "0.0125");
  EXPECT_EQ(format_usd(3'000'001), "3.000001");
  EXPECT_EQ(parse_usd("0.5").value(), 500'000);
  EXPECT_EQ(parse_usd("20").value(), 20'000'000);
  for (const char* text : {"", "-1", "1e3", "x", "1 USD", "nan", "inf", "10000000"}) {
    EXPECT_FALSE(parse_usd(text)) << text;
  }
}

}  // namespace
}  // namespace holmes
