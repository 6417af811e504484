#include "manifest/spec_checks.h"

#include <fmt/format.h>

#include "api/scheduled_healthcheck.h"
#include "base/strings.h"
#include "config/suggest.h"
#include "cron/apscheduler.h"
#include "cron/schedule.h"

namespace holmes {
namespace {

// UTC where there is none or an unknown one.
TimeZone check_zone(const YamlNode& spec, const std::string& path, Report& report) {
  const std::string_view name = spec.string_at("timeZone");
  if (name.empty()) return {};
  auto zone = TimeZone::load(name);
  if (zone) return *zone;
  report.error(spec.find("timeZone")->value.at, path + ".timeZone", zone.error().message);
  return {};
}

void check_jitter(const YamlNode& spec, const std::string& path, std::chrono::seconds period,
                  Report& report) {
  const YamlMember* jitter = spec.find("jitterSeconds");
  if (jitter == nullptr) return;
  const auto seconds = to_int(jitter->value.scalar);
  if (!seconds || *seconds < 0 || *seconds > kMaxJitter.count()) return;  // the schema's business
  if (2 * *seconds < period.count()) return;
  report.error(jitter->value.at, path + ".jitterSeconds",
               fmt::format("must be less than half the shortest period of the schedule, which "
                           "is {} seconds; at most {}, not {}",
                           period.count(), (period.count() - 1) / 2, *seconds));
}

}  // namespace

void check_destinations(const YamlNode& spec, const std::string& path, Report& report) {
  const YamlMember* destinations = spec.find("destinations");
  if (destinations == nullptr) return;
  const std::vector<YamlNode>& items = destinations->value.items;
  for (size_t i = 0; i < items.size(); ++i) {
    const YamlMember* type = items[i].find("type");
    const std::string_view word = items[i].string_at("type");
    if (type != nullptr && !word.empty() && word != kSlackDestination) {
      report.warning(
          type->value.at, fmt::format("{}.destinations[{}].type", path, i),
          fmt::format("{} is no destination that Holmes knows{}; {} is", quoted(word),
                      did_you_mean(word, {std::string(kSlackDestination)}), kSlackDestination));
    }
    const YamlMember* config = items[i].find("config");
    if (config == nullptr) continue;
    const size_t bytes = to_text(to_json(config->value)).size();
    if (bytes > kMaxDestinationConfigBytes) {
      report.error(config->at, fmt::format("{}.destinations[{}].config", path, i),
                   fmt::format("must have at most {} bytes of JSON, not {}",
                               kMaxDestinationConfigBytes, bytes));
    }
  }
}

void check_schedule(const YamlNode& spec, const std::string& path, Report& report) {
  const TimeZone zone = check_zone(spec, path, report);
  const std::string_view text = spec.string_at("schedule");
  if (text.empty()) return;
  const Position at = spec.find("schedule")->value.at;
  ScheduleOptions options;
  options.zone = zone;
  const auto schedule = Schedule::parse(text, options);
  if (!schedule) return report.error(at, path + ".schedule", schedule.error().message);
  // The other scheduler refuses @hourly and the like, so nobody expects another meaning of them.
  if (!trim(text).starts_with('@')) {
    for (std::string& difference : apscheduler_differences(text)) {
      report.warning(at, path + ".schedule", std::move(difference));
    }
  }
  check_jitter(spec, path, schedule->shortest_period(), report);
}

}  // namespace holmes
