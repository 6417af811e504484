// Anthropic Messages: one request, one reply, no streaming.
//
// Source: platform.claude.com/docs/en/api/messages, and versioning there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "holmes/llm/capabilities.h"
#include "holmes/llm/model.h"
#include "holmes/llm/wire.h"

namespace holmes {

inline constexpr std::string_view kAnthropicApiBase = "https://api.anthropic.com";

struct AnthropicOptions {
  std::string id;
  std::string base_url{kAnthropicApiBase};
  std::string api_key{};
};

// Of these models, wherever they are asked: {type, budget_tokens}.
json::object encode_thinking(const Thinking& thinking);
// What the model may write in all: a budget for thinking is a part of it, and must leave room for
// the answer.
int64_t with_thinking(int64_t output_tokens_max, const std::optional<Thinking>& thinking);

// The request's body. What stays the same from request to request is marked for the cache. Pure.
json::object encode_anthropic(std::string_view id, const ModelRequest& request,
                              const Capabilities& can);

// Reads the body of a 200; thinking is kept, with its signature, as opaque. Pure.
ModelResult decode_anthropic(std::string_view body, size_t turn);

std::unique_ptr<Wire> make_anthropic(AnthropicOptions options);

}  // namespace holmes
