// The text of a schedule, read: five cron fields or a period. Pure.
#pragma once

#include <chrono>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "cron/cron_fields.h"

namespace holmes {

// `@every <Go duration>`, in whole seconds.
struct CronPeriod {
  std::chrono::seconds length;

  bool operator==(const CronPeriod&) const = default;
};

using CronExpression = std::variant<CronFields, CronPeriod>;

// The grammar is that of schedule.h. Fails with kInvalid: a sentence that names the field, quotes
// the offending text and says what would be right.
Result<CronExpression> parse_cron(std::string_view text);

}  // namespace holmes
