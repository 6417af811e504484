// A schedule in words, for people. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "cron/cron_text.h"
#include "cron/time_zone.h"

namespace holmes {

// "At 09:00, Monday to Friday, in Europe/Berlin". One line without a full stop.
std::string describe(const CronExpression& expression, const TimeZone& zone);

// "on Monday and Friday", "Monday to Friday"; at least one bit, 0 is Sunday.
std::string weekday_names(uint32_t days_of_week);
// "in January", "in April to June and August"; at least one bit, 1 is January.
std::string month_names(uint32_t months);

}  // namespace holmes
