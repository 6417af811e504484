#include "holmes/llm/model_tuning.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr double kTemperatureMax = 2;
constexpr int64_t kThinkingMin = 1024;  // Anthropic's least
constexpr int64_t kThinkingMax = 1'000'000;
constexpr size_t kMaxEffortBytes = 20;
constexpr size_t kMaxHeaders = 50;
constexpr size_t kMaxHeaderBytes = 8192;
constexpr double kTokenUsdMax = 1;
// US dollars per token in millionths per million tokens.
constexpr double kPerToken = 1e12;
// They say where the request ends and goes.
constexpr auto kFraming = std::to_array<std::string_view>(
    {"connection", "content-length", "content-type", "expect", "host", "transfer-encoding"});

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

std::optional<double> read_number(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

bool is_header_value(std::string_view value) {
  return value == trim(value) && std::ranges::all_of(value, [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

}  // namespace

ModelRequest tuned(const ModelTuning& tuning, ModelRequest request) {
  if (tuning.temperature) request.temperature = tuning.temperature;
  if (!tuning.reasoning_effort.empty()) request.reasoning_effort = tuning.reasoning_effort;
  if (tuning.thinking) request.thinking = tuning.thinking;
  if (tuning.output_tokens_max > 0) request.output_tokens_max = tuning.output_tokens_max;
  return request;
}

std::optional<Price> price_with(const PriceTerms& terms, const std::optional<Price>& known) {
  std::optional<Price> price = known;
  if (terms.input && terms.output) {
    price = Price{*terms.input, *terms.input, *terms.input, *terms.output};
  }
  if (!price) return std::nullopt;
  price->input = terms.input.value_or(price->input);
  price->cached_input = terms.cached_input.value_or(price->cached_input);
  price->cache_write = terms.cache_write.value_or(price->cache_write);
  price->output = terms.output.value_or(price->output);
  return price;
}

Result<std::optional<double>> parse_temperature(std::string_view text) {
  const std::string lower = to_lower(trim(text));
  if (lower == "none" || lower == "null") return std::optional<double>();
  const auto number = read_number(lower);
  if (!number || *number < 0 || *number > kTemperatureMax) {
    return wrong("must be a number from 0 to 2, or none");
  }
  return number;
}

Result<std::string> parse_effort(std::string_view text) {
  std::string effort = to_lower(trim(text));
  const bool word = std::ranges::all_of(effort, [](char c) { return c >= 'a' && c <= 'z'; });
  if (word && !effort.empty() && effort.size() <= kMaxEffortBytes) return effort;
  return wrong("must be a word that the provider knows: low, medium, high, ...");
}

Result<Thinking> parse_thinking(const json::value& value) {
  const std::string type = json_string_or(value, {"type"});
  const auto budget = json_int(value, {"budget_tokens"});
  if (type == "disabled") return Thinking{Thinking::Kind::kOff};
  if (type == "adaptive") return Thinking{Thinking::Kind::kAdaptive};
  if (type == "enabled" && budget && *budget >= kThinkingMin && *budget <= kThinkingMax) {
    return Thinking{Thinking::Kind::kBudget, *budget};
  }
  return wrong(fmt::format(
      R"(must be {{"type": "enabled", "budget_tokens": N}} with N from {} to {}, or have the type )"
      R"("adaptive" or "disabled")",
      kThinkingMin, kThinkingMax));
}

Result<HeaderList> parse_headers(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr)
    return wrong(R"(must be an object of names and values: {"name": "value"})");
  if (object->size() > kMaxHeaders) {
    return wrong(fmt::format("must have at most {} headers", kMaxHeaders));
  }
  HeaderList headers;
  for (const auto& member : *object) {
    const std::string_view name = member.key();
    if (!is_header_name(name)) {
      return wrong(
          fmt::format("'{}' cannot be the name of a header", cut(to_valid_utf8(name), 100)));
    }
    if (std::ranges::find(kFraming, to_lower(name)) != kFraming.end()) {
      return wrong(fmt::format("the header '{}' belongs to the request itself", name));
    }
    const json::string* text = member.value().if_string();
    if (text == nullptr || !is_header_value(*text) || text->size() > kMaxHeaderBytes) {
      return wrong(fmt::format("the value of '{}' must be one line of text of at most {} bytes",
                               name, kMaxHeaderBytes));
    }
    headers.emplace_back(name, std::string(*text));
  }
  return headers;
}

Result<int64_t> parse_token_price(std::string_view text) {
  const auto number = read_number(trim(text));
  if (!number || *number < 0 || *number > kTokenUsdMax) {
    return wrong("must be US dollars for one token, such as 3e-06");
  }
  return std::llround(*number * kPerToken);
}

}  // namespace holmes
