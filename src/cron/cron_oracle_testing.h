// What a schedule should do, found the slow way: by watching a clock on the wall minute by minute.
// Shares neither a time library nor the reading of fields with the code under test. For tests.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cron/tzif_testing.h"

namespace holmes {

// Five fields as tables of truth. The text must be a valid one.
class OracleFields {
 public:
  explicit OracleFields(const std::string& text);

  [[nodiscard]] bool has_minute(int minute) const { return minutes_[static_cast<size_t>(minute)]; }
  [[nodiscard]] bool has_hour(int hour) const { return hours_[static_cast<size_t>(hour)]; }
  [[nodiscard]] bool has_day(int month, int day, int weekday) const;
  [[nodiscard]] bool follows_clock() const { return follows_clock_; }

 private:
  using Table = std::array<bool, 60>;

  Table minutes_{};
  Table hours_{};
  Table days_{};
  Table months_{};
  Table weekdays_{};
  bool any_day_ = false;
  bool any_weekday_ = false;
  bool follows_clock_ = false;
};

struct OracleTicks {
  std::vector<int64_t> kubernetes;  // unix seconds, ascending
  std::vector<int64_t> run_once;
};

// All ticks in [from, until), unix seconds.
OracleTicks watch_clock(const OracleFields& fields, const TzifZone& zone, int64_t from,
                        int64_t until);

}  // namespace holmes
