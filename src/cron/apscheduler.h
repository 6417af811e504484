// Where APScheduler 3.x would read a schedule differently: for those who move from it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holmes {

// One sentence for each difference to CronTrigger.from_crontab of APScheduler 3.x; none when it
// would run at the same times of the clock on the wall, or when parse_cron refuses the text.
std::vector<std::string> apscheduler_differences(std::string_view expression);

}  // namespace holmes
