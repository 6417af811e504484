// What its owner says of a model, beside where it is: what goes out with each of its requests, what
// one may hold, and what it costs. From the process's options (EXTRA_HEADERS, TEMPERATURE, ...) or
// an entry of the model list. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "holmes/llm/model.h"

namespace holmes {

// In millionths of a US dollar per million tokens; what is not said is not known.
struct PriceTerms {
  std::optional<int64_t> input{};
  std::optional<int64_t> cached_input{};
  std::optional<int64_t> cache_write{};
  std::optional<int64_t> output{};

  bool operator==(const PriceTerms&) const = default;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct ModelTuning {
  // Go before those of a request.
  std::optional<double> temperature{};
  std::string reasoning_effort{};
  std::optional<Thinking> thinking{};
  int64_t output_tokens_max = 0;      // 0: the request's
  std::optional<bool> cache_hints{};  // absent: as the wire format has it
  HeaderList headers{};               // go before those of the wire format; may hold credentials
  std::chrono::seconds call_time_max{600};  // of one request
  int64_t context_tokens_max = 0;           // Model::context_tokens_max
  PriceTerms price{};

  bool operator==(const ModelTuning&) const = default;
};

ModelRequest tuned(const ModelTuning& tuning, ModelRequest request);

// The price in the table (price.h), with the terms before it. Whoever says what is read and written
// without a cache has a price of his own: then what he does not say of the cache costs as input.
// nullopt: not known.
std::optional<Price> price_with(const PriceTerms& terms, const std::optional<Price>& known);

// How people write these settings. Each fails with kInvalid and the rest of a sentence: "must be a
// number from 0 to 2, or none".
Result<std::optional<double>> parse_temperature(std::string_view text);  // none, null: nullopt
Result<std::string> parse_effort(std::string_view text);
// {"type": "enabled", "budget_tokens": 2000}, {"type": "adaptive"}, {"type": "disabled"}
Result<Thinking> parse_thinking(const json::value& value);
// {"name": "value"}; no headers that frame the request. Quotes no value.
Result<HeaderList> parse_headers(const json::value& value);
// US dollars per token, as LiteLLM counts.
Result<int64_t> parse_token_price(std::string_view text);

}  // namespace holmes
