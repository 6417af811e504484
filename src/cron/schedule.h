// A cron schedule in a time zone: a pure function from time to time. It never reads a clock.
//
// Grammar (contract, section 1): five fields with Kubernetes' meaning (robfig/cron v3: names,
// lists, ranges, steps, `?`; both day fields restricted are ORed), plus 7 for Sunday and ranges
// that end on it (fri-sun), @yearly ... @hourly, and `@every <Go duration of whole seconds>`. All
// results are whole seconds. Threads: immutable after parse; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "cron/cron_text.h"
#include "cron/time_zone.h"

namespace holmes {

// What happens where the zone's clock jumps.
// kKubernetes: every real minute whose wall clock matches; skipped times do not run, repeated times
// run twice. kRunOnce: the same where the hour field begins with `*`; elsewhere the ticks of a gap
// collapse into one at its end, and a repeated time runs at its first pass only.
enum class DstPolicy { kRunOnce, kKubernetes };
std::string_view to_string(DstPolicy policy);
std::optional<DstPolicy> parse_dst_policy(std::string_view text);

struct ScheduleOptions {
  TimeZone zone{};  // UTC
  DstPolicy dst_policy = DstPolicy::kRunOnce;
  WallTime anchor{};  // @every ticks at anchor + n * period, n >= 1
};

class Schedule {
 public:
  // Fails with kInvalid: a sentence that names the field, quotes the offending text and says what
  // would be right.
  static Result<Schedule> parse(std::string_view text, ScheduleOptions options = {});

  // The first tick after `after`; nullopt only beyond the year 9999.
  [[nodiscard]] std::optional<WallTime> next(WallTime after) const;
  // The last tick at or before `until`; nullopt before the year 1 or, for @every, before the first.
  [[nodiscard]] std::optional<WallTime> previous(WallTime until) const;
  // How many ticks lie in (after, until]; exact, and cheap for years of minutes.
  [[nodiscard]] uint64_t count(WallTime after, WallTime until) const;
  // No two ticks of the nominal wall clock are closer than this (a jump of the clock aside).
  [[nodiscard]] std::chrono::seconds shortest_period() const;

 private:
  Schedule(CronExpression expression, ScheduleOptions options)
      : expression_(expression), options_(std::move(options)) {}

  CronExpression expression_;
  ScheduleOptions options_;
};

}  // namespace holmes
