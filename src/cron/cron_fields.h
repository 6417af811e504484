// The five fields of a cron expression as sets, and the search for the minutes of a wall clock that
// they match. A wall clock knows no zone: its days have 24 hours.
#pragma once

#include <chrono>
#include <cstdint>

namespace holmes {

// A bit per value. Every field matches something, and some day of some year matches: what parsing
// (cron_text.h) promises and the searches rely on.
struct CronFields {
  uint64_t minutes = 0;        // bit 0..59
  uint32_t hours = 0;          // bit 0..23
  uint32_t days_of_month = 0;  // bit 1..31
  uint32_t months = 0;         // bit 1..12
  uint32_t days_of_week = 0;   // bit 0..6, from Sunday
  // The star test of robfig/cron v3: a `*`, `?` or `*/1` stands in the field. When one of the two
  // has a star, a day must match both, else either.
  bool star_in_days_of_month = false;
  bool star_in_days_of_week = false;
  bool hour_begins_with_star = false;

  bool operator==(const CronFields&) const = default;
};

using LocalSeconds = std::chrono::local_seconds;

// The first matching minute (its second 0) at or after `from`, at most about 8 years later.
LocalSeconds next_match(const CronFields& fields, LocalSeconds from);
// The last one at or before `until`.
LocalSeconds previous_match(const CronFields& fields, LocalSeconds until);
// How many lie in [from, until). About 10 ns a month.
uint64_t count_matches(const CronFields& fields, LocalSeconds from, LocalSeconds until);
// The shortest time between two of them.
std::chrono::minutes shortest_distance(const CronFields& fields);

}  // namespace holmes
