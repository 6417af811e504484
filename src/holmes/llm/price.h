// What tokens cost, and money as a number. Pure.
//
// The table holds list prices in US dollars of models at their makers' own addresses: the standard
// tier, prompts of at most 200,000 tokens, as public copies of the makers' pages agree on them in
// November 2026. Makers change them (developers.openai.com/api/docs/pricing,
// platform.claude.com/docs/ en/about-claude/pricing, ai.google.dev/gemini-api/docs/pricing).
// Anything else has no price here: a proxy, a gateway or a contract has its own, and the model list
// can name it (model_tuning.h). Nor have models whose price depends on shorter prompts
// (claude-haiku-5-5) or on the date.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "holmes/llm/model.h"

namespace holmes {

// nullopt: not known, which is not the same as nothing. Dated versions ("gpt-4.1-2025-04-14") cost
// what the model does.
std::optional<Price> find_price(std::string_view base_url, std::string_view model_id);

// Rounded up to a millionth of a dollar. Calls of which the provider told no usage cost 0 here.
int64_t cost_micro_usd(const Price& price, const ModelUsage& usage);

// "0.0125", with two to six decimals, and back. Fails with kInvalid on anything but a number of
// dollars from 0 to a million.
std::string format_usd(int64_t micro_usd);
Result<int64_t> parse_usd(std::string_view text);

}  // namespace holmes
