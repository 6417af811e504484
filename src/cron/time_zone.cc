#include "cron/time_zone.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// The longest name in the database has 32 bytes.
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxQuotedBytes = 100;
constexpr std::string_view kExample = "an IANA name is needed, such as Europe/Berlin or UTC";
// The Gregorian calendar repeats itself after this, weekdays included, and so do a zone's rules.
constexpr seconds kCycle = std::chrono::days(146'097);

absl::Time to_absl(sys_seconds t) {
  return absl::FromUnixSeconds(t.time_since_epoch().count());
}

sys_seconds from_civil(absl::CivilSecond local, seconds offset) {
  return sys_seconds(seconds(local - absl::CivilSecond(1970))) - offset;
}

seconds offset_at(const absl::TimeZone& zone, sys_seconds t) {
  return seconds(zone.At(to_absl(t)).offset);
}

std::string quoted(std::string_view name) {
  return fmt::format("time zone '{}'", to_valid_utf8(cut(name, kMaxQuotedBytes)));
}

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_name_part(std::string_view part) {
  const auto is_good = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
  };
  return !part.empty() && std::ranges::all_of(part, is_good);
}

// " (a fixed offset is written Etc/GMT-3; the sign is reversed there)" for "UTC+3", else "".
std::string fixed_offset_hint(std::string_view name) {
  const size_t sign = name.find_first_of("+-");
  if (sign == std::string_view::npos) return "";
  const std::string_view head = name.substr(0, sign);
  if (!head.empty() && head != "UTC" && head != "GMT") return "";
  int hours = 0;
  const char* const end = name.data() + name.size();
  if (std::from_chars(name.data() + sign + 1, end, hours).ec != std::errc() || hours > 14)
    return "";
  return fmt::format(
      "; a fixed offset in whole hours is written Etc/GMT{}{}, with the sign reversed",
      name[sign] == '+' ? '-' : '+', hours);
}

Status check_name(std::string_view name) {
  if (name.empty())
    return fail(ErrorCode::kInvalid, fmt::format("time zone '' is empty; {}", kExample));
  if (equals_ignoring_case(name, "local") || equals_ignoring_case(name, "localtime")) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} depends on the machine; {}", quoted(name), kExample));
  }
  const bool is_path = name.starts_with("right/") || name.starts_with("posix/") ||
                       !std::ranges::all_of(split(name, '/'), is_name_part);
  if (name.size() > kMaxNameBytes || is_path || !is_letter(name.front())) {
    return fail(ErrorCode::kInvalid, fmt::format("{} is not the name of a zone; {}{}", quoted(name),
                                                 kExample, fixed_offset_hint(name)));
  }
  return {};
}

// From when on Abseil lists no changes any more though the zone goes on changing; nullopt when it
// stops changing for good.
std::optional<sys_seconds> end_of_listed_changes(const absl::TimeZone& zone) {
  absl::TimeZone::CivilTransition last;
  if (!zone.PrevTransition(to_absl(ZoneSpan::kAfterAll), &last)) return std::nullopt;
  // What it changes to is the first second behind it.
  const sys_seconds change(seconds(absl::ToUnixSeconds(zone.At(last.to).trans)));
  const sys_seconds again = change + kCycle;
  if (offset_at(zone, again - seconds(1)) == offset_at(zone, again)) return std::nullopt;
  return change;
}

}  // namespace

struct TimeZone::Zone {
  std::string name;
  absl::TimeZone zone;
  std::optional<sys_seconds> listed_until;
};

Result<TimeZone> TimeZone::load(std::string_view name) {
  HOLMES_CHECK(check_name(name));
  auto zone = std::make_shared<Zone>();
  zone->name = name;
  if (!absl::LoadTimeZone(zone->name, &zone->zone)) {
    absl::TimeZone any;
    if (!absl::LoadTimeZone("Etc/UTC", &any)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} cannot be looked up: this system has no time zone database "
                              "(package tzdata)",
                              quoted(name)));
    }
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is not in the time zone database; {}, in its exact spelling{}",
                            quoted(name), kExample, fixed_offset_hint(name)));
  }
  zone->listed_until = end_of_listed_changes(zone->zone);
  return TimeZone(std::move(zone));
}

const std::string& TimeZone::name() const {
  static const std::string kUtc = "UTC";
  return zone_ ? zone_->name : kUtc;
}

ZoneSpan TimeZone::span_at(sys_seconds t) const {
  if (!zone_) return {ZoneSpan::kBeforeAll, ZoneSpan::kAfterAll, seconds(0)};
  seconds moved{0};
  if (zone_->listed_until && t >= *zone_->listed_until) {
    moved = ((t - *zone_->listed_until) / kCycle + 1) * kCycle;
    t -= moved;
  }
  const seconds offset = offset_at(zone_->zone, t);
  ZoneSpan span{ZoneSpan::kBeforeAll, ZoneSpan::kAfterAll, offset};
  absl::TimeZone::CivilTransition change;
  if (zone_->zone.PrevTransition(to_absl(t + seconds(1)), &change)) {
    span.begin = from_civil(change.to, offset) + moved;
  }
  if (zone_->zone.NextTransition(to_absl(t), &change)) {
    span.end = from_civil(change.from, offset) + moved;
  }
  return span;
}

}  // namespace holmes
