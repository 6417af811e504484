// One field of a cron expression: "1,15", "*/5", "mon-fri". Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace holmes {

struct FieldKind {
  std::string_view name;
  int min;
  int max;
  std::span<const std::string_view> names;  // of min, min + 1, ...; may be empty
  bool wraps_at_end = false;                // max + 1 is another number for min
};

extern const FieldKind kMinuteField;
extern const FieldKind kHourField;
extern const FieldKind kDayOfMonthField;
extern const FieldKind kMonthField;
extern const FieldKind kDayOfWeekField;

struct FieldSet {
  uint64_t bits = 0;
  bool star = false;  // the star test of robfig/cron v3
};

// `text` is not empty and has no spaces. Fails with kInvalid: "minute field '*/61': step 61 ...".
Result<FieldSet> parse_field(const FieldKind& kind, std::string_view text);

}  // namespace holmes
