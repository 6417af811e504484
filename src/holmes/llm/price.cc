#include "holmes/llm/price.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <re2/re2.h>

namespace holmes {
namespace {

constexpr int64_t kMicro = 1'000'000;
constexpr int64_t kUsdMax = 1'000'000;

constexpr std::string_view kOpenai = "://api.openai.com/";
constexpr std::string_view kAnthropic = "://api.anthropic.com";
constexpr std::string_view kGemini = "://generativelanguage.googleapis.com";
constexpr std::string_view kVertex = "aiplatform.googleapis.com";

struct Row {
  std::string_view host;
  std::string_view id;
  Price price;  // micro-USD per million tokens: input, from the cache, to the cache, output
};

constexpr Row kRows[] = {
    {kOpenai, "gpt-4.1", {2'000'000, 500'000, 2'000'000, 8'000'000}},
    {kOpenai, "gpt-4.1-mini", {400'000, 100'000, 400'000, 1'600'000}},
    {kOpenai, "gpt-4.1-nano", {100'000, 25'000, 100'000, 400'000}},
    {kOpenai, "gpt-4o", {2'500'000, 1'250'000, 2'500'000, 10'000'000}},
    {kOpenai, "gpt-4o-mini", {150'000, 75'000, 150'000, 600'000}},
    {kOpenai, "gpt-5", {1'250'000, 125'000, 1'250'000, 10'000'000}},
    {kOpenai, "gpt-5-mini", {250'000, 25'000, 250'000, 2'000'000}},
    {kOpenai, "gpt-5-nano", {50'000, 5'000, 50'000, 400'000}},
    {kOpenai, "gpt-5.4", {2'500'000, 250'000, 2'500'000, 15'000'000}},
    {kOpenai, "gpt-5.4-mini", {750'000, 75'000, 750'000, 4'500'000}},
    {kOpenai, "gpt-5.4-nano", {200'000, 20'000, 200'000, 1'250'000}},
    {kOpenai, "gpt-5.5", {5'000'000, 500'000, 5'000'000, 30'000'000}},
    {kOpenai, "gpt-6.1-sol", {2'000'000, 100'000, 2'500'000, 10'000'000}},
    {kOpenai, "o4-mini", {1'100'000, 275'000, 1'100'000, 4'400'000}},
    {kAnthropic, "claude-haiku-4-5", {1'000'000, 100'000, 1'250'000, 5'000'000}},
    {kAnthropic, "claude-sonnet-4-5", {3'000'000, 300'000, 3'750'000, 15'000'000}},
    {kAnthropic, "claude-sonnet-4-6", {3'000'000, 300'000, 3'750'000, 15'000'000}},
    {kAnthropic, "claude-sonnet-5", {2'000'000, 200'000, 2'500'000, 10'000'000}},
    {kAnthropic, "claude-sonnet-5-5", {2'000'000, 100'000, 2'500'000, 10'000'000}},
    {kAnthropic, "claude-opus-4-5", {5'000'000, 500'000, 6'250'000, 25'000'000}},
    {kAnthropic, "claude-opus-4-6", {5'000'000, 500'000, 6'250'000, 25'000'000}},
    {kAnthropic, "claude-opus-4-7", {5'000'000, 500'000, 6'250'000, 25'000'000}},
    {kAnthropic, "claude-opus-4-8", {5'000'000, 500'000, 6'250'000, 25'000'000}},
    {kAnthropic, "claude-opus-5", {5'000'000, 500'000, 6'250'000, 25'000'000}},
    {kAnthropic, "claude-opus-5-5", {4'000'000, 200'000, 5'000'000, 20'000'000}},
    {kGemini, "gemini-2.5-pro", {1'250'000, 125'000, 1'250'000, 10'000'000}},
    {kGemini, "gemini-2.5-flash", {300'000, 30'000, 300'000, 2'500'000}},
    {kGemini, "gemini-2.5-flash-lite", {100'000, 10'000, 100'000, 400'000}},
    {kVertex, "gemini-2.5-pro", {1'250'000, 125'000, 1'250'000, 10'000'000}},
    {kVertex, "gemini-2.5-flash", {300'000, 30'000, 300'000, 2'500'000}},
    {kVertex, "gemini-2.5-flash-lite", {100'000, 10'000, 100'000, 400'000}},
};

}  // namespace

std::optional<Price> find_price(std::string_view base_url, std::string_view model_id) {
  static const RE2 date(R"(([-@])20\d\d-?\d\d-?\d\d$)");
  std::string id(model_id);
  RE2::Replace(&id, date, "");
  for (const Row& row : kRows) {
    if (row.id == id && base_url.contains(row.host)) return row.price;
  }
  return std::nullopt;
}

int64_t cost_micro_usd(const Price& price, const ModelUsage& usage) {
  const int64_t cached = std::min(usage.cached_input_tokens, usage.input_tokens);
  const int64_t written = std::min(usage.cache_write_tokens, usage.input_tokens - cached);
  const int64_t input = usage.input_tokens - cached - written;
  const int64_t pico_usd = input * price.input + cached * price.cached_input +
                           written * price.cache_write + usage.output_tokens * price.output;
  return (pico_usd + kMicro - 1) / kMicro;
}

std::string format_usd(int64_t micro_usd) {
  constexpr size_t kMinDecimals = 2;
  std::string text = fmt::format("{}.{:06}", micro_usd / kMicro, micro_usd % kMicro);
  while (text.back() == '0' && text.size() - text.find('.') - 1 > kMinDecimals) text.pop_back();
  return text;
}

Result<int64_t> parse_usd(std::string_view text) {
  double usd = -1;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, usd, std::chars_format::fixed);
  if (error != std::errc() || stopped != end || !(usd >= 0 && usd <= kUsdMax)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("it must be a number of US dollars from 0 to {}", kUsdMax));
  }
  return std::llround(usd * static_cast<double>(kMicro));
}

}  // namespace holmes
