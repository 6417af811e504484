// Tokens before, or without, a provider's count. Pure.
#pragma once

#include <cstdint>

#include "holmes/llm/model.h"

namespace holmes {

// A rule of thumb, for what no provider has counted: English and JSON have about four bytes per
// token in the tokenizers of today's models.
inline constexpr int64_t kBytesPerToken = 4;

// What the model would read.
int64_t estimate_tokens(const ModelRequest& request);
// What it wrote.
int64_t estimate_tokens(const ModelReply& reply);

}  // namespace holmes
