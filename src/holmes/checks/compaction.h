// Room in a model's window: what was read first is what a conversation can do without. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "holmes/llm/model.h"

namespace holmes {

// Shortens answers of tools, the oldest first, until the request is estimated at `tokens_max`
// (estimate_tokens), and when that is not enough drops them, both with a remark that stands in the
// answer's place. Questions, the model's own words and the answers of the last step stay as they
// are. False: nothing could be taken away.
bool compact(ModelRequest& request, int64_t tokens_max);

}  // namespace holmes
