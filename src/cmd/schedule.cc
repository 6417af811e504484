#include "cron/schedule.h"

#include <array>
#include <iostream>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "cmd/command.h"
#include "cron/apscheduler.h"
#include "cron/describe.h"

namespace holmes {
namespace {

constexpr size_t kMaxTicks = 10'000;

struct ScheduleSettings {
  std::string expression;
  std::string time_zone = "UTC";
  std::string dst_policy{to_string(DstPolicy::kRunOnce)};
  std::optional<WallTime> from;
  size_t next = 5;
  std::string output = "text";
};

const CommandHelp kHelp{
    "holmes schedule EXPR [options]",
    "Explains a schedule in words and prints when it ticks next. The grammar is that of CronJobs,\n"
    "and a little more: docs/schedules.md.",
    "holmes schedule '0 9 * * mon-fri' --time-zone Europe/Berlin\n"
    "holmes schedule '30 2 * * *' --time-zone America/New_York --from 2026-03-07T00:00:00Z\n"
    "holmes schedule '@every 90m' --next 100 --output json"};

Result<std::optional<WallTime>> parse_from(std::string_view text) {
  HOLMES_TRY(const WallTime time, parse_rfc3339(text));
  return time;
}

OptionTable make_table(ScheduleSettings& s) {
  OptionTable table;
  table.argument("EXPR", s.expression,
                 "The schedule, in quotes: five fields, @daily, @every 1h, ...");
  table.text("time-zone", "", s.time_zone, "Whose clock the fields are about; an IANA name",
             "NAME");
  table.choice(
      "dst-policy", "", s.dst_policy,
      {std::string(to_string(DstPolicy::kRunOnce)), std::string(to_string(DstPolicy::kKubernetes))},
      "What happens to times that a change of the clock skips or repeats");
  table.parsed<std::optional<WallTime>>(
      "from", "", s.from, parse_from, "now", "TIME",
      "Ticks behind this instant (RFC 3339); @every counts from it");
  table.integer<size_t>("next", "", s.next, 1, kMaxTicks, "How many ticks");
  table.choice("output", "", s.output, {"text", "json"},
               "For people, or for programs: an array of UTC times");
  return table;
}

// "+02:00", with seconds only where a zone has them.
std::string offset_text(std::chrono::seconds offset) {
  const std::chrono::hh_mm_ss parts(offset);
  std::string text = fmt::format("{}{:02}:{:02}", parts.is_negative() ? '-' : '+',
                                 parts.hours().count(), parts.minutes().count());
  if (parts.seconds().count() != 0) text += fmt::format(":{:02}", parts.seconds().count());
  return text;
}

// "Mon 2026-03-09 02:30:00-04:00 America/New_York  2026-03-09T06:30:00Z"
std::string tick_line(WallTime tick, const TimeZone& zone) {
  const auto utc = std::chrono::floor<std::chrono::seconds>(tick);
  const ZoneSpan span = zone.span_at(utc);
  const WallTime local(span.to_local(utc).time_since_epoch());
  std::string text = format_rfc3339(local);
  text.pop_back();
  text[text.find('T')] = ' ';
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(local));
  return fmt::format("  {} {}{} {}  {}\n", kDays.at(day.c_encoding()), text,
                     offset_text(span.offset), zone.name(), format_rfc3339(tick));
}

std::vector<WallTime> find_ticks(const Schedule& schedule, WallTime from, size_t count) {
  std::vector<WallTime> ticks;
  for (auto tick = schedule.next(from); tick && ticks.size() < count; tick = schedule.next(*tick)) {
    ticks.push_back(*tick);
  }
  return ticks;
}

void print_json(const std::vector<WallTime>& ticks, const std::vector<std::string>& notes) {
  json::array times;
  for (const WallTime tick : ticks) times.emplace_back(format_rfc3339(tick));
  std::cout << to_text(times) << "\n";
  for (const std::string& note : notes) std::cerr << "holmes: note: " << note << "\n";
}

void print_text(const std::string& words, const TimeZone& zone, WallTime from,
                const std::vector<WallTime>& ticks, const std::vector<std::string>& notes) {
  std::cout << words << "\n";
  for (const std::string& note : notes) std::cout << "note: " << note << "\n";
  std::cout << "After " << format_rfc3339(from) << ":\n";
  for (const WallTime tick : ticks) std::cout << tick_line(tick, zone);
  if (ticks.empty()) std::cout << "  nothing until the year 9999\n";
}

}  // namespace

int run_schedule(const Invocation& invocation) {
  ScheduleSettings settings;
  if (const auto code = load_or_exit(make_table(settings), kHelp, invocation)) return *code;
  const auto zone = TimeZone::load(settings.time_zone);
  if (!zone) return usage_error(zone.error());
  const WallTime from = settings.from.value_or(
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  const auto policy = parse_dst_policy(settings.dst_policy).value_or(DstPolicy::kRunOnce);
  const auto expression = parse_cron(settings.expression);
  if (!expression) return usage_error(expression.error());
  const auto schedule = Schedule::parse(settings.expression, {*zone, policy, from});
  if (!schedule) return usage_error(schedule.error());
  const std::vector<WallTime> ticks = find_ticks(*schedule, from, settings.next);
  const std::vector<std::string> notes = apscheduler_differences(settings.expression);
  if (settings.output == "json") {
    print_json(ticks, notes);
  } else {
    print_text(describe(*expression, *zone), *zone, from, ticks, notes);
  }
  return kExitOk;
}

}  // namespace holmes
