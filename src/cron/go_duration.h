// Durations as Go writes them: "1h30m", "90s", "1.5h".
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace holmes {

// The syntax of Go's time.ParseDuration without a sign: numbers, with a fraction or not, each with
// a unit of h, m, s, ms, us or ns. Fails with kInvalid and the rest of a sentence that begins with
// the quoted text. More than 290 years is refused.
Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

}  // namespace holmes
