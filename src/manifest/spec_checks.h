// What the schema cannot tell about a spec. Values of a wrong type are the schema's business and
// left alone. Pure, but for the zone files that cron/time_zone.h reads.
#pragma once

#include <string>

#include "yaml/yaml_tree.h"

namespace holmes {

// Of both kinds: types that nobody delivers to, configs over their limit. `path` is that of the
// spec.
void check_destinations(const YamlNode& spec, const std::string& path, Report& report);

// Of a ScheduledHealthCheck: cron text, zone, jitter, and where APScheduler read the text
// differently.
void check_schedule(const YamlNode& spec, const std::string& path, Report& report);

}  // namespace holmes
