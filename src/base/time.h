// Points in time as values. Reading a clock is async/clock.h's business.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holmes {

// For people and for fields of custom resources.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
// For waits and intervals.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// RFC 3339 in UTC: "2024-01-01T00:00:02Z" (metav1.Time) and with six fractional digits (MicroTime).
std::string format_rfc3339(WallTime time);
std::string format_rfc3339_micros(WallTime time);

// Any RFC 3339 date-time, with zone offset and fraction. Fails with kInvalid.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace holmes
