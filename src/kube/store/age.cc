#include "kube/store/age.h"

#include <fmt/format.h>

namespace holmes::kube {
namespace {

// "2d4h", or "2d" without a rest.
std::string pair(int64_t whole, char whole_unit, int64_t rest, char rest_unit) {
  return rest == 0 ? fmt::format("{}{}", whole, whole_unit)
                   : fmt::format("{}{}{}{}", whole, whole_unit, rest, rest_unit);
}

}  // namespace

std::string human_duration(WallTime::duration duration) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  const int64_t days = hours / 24;
  const int64_t years = days / 365;
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return fmt::format("{}m", minutes);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (years < 2) return fmt::format("{}d", days);
  if (years < 8) return pair(years, 'y', days % 365, 'd');
  return fmt::format("{}y", years);
}

std::string age_text(const json::value* timestamp, WallTime now) {
  if (timestamp == nullptr || !timestamp->is_string()) return "<unknown>";
  const auto time = parse_rfc3339(std::string_view(timestamp->get_string()));
  return time ? human_duration(now - *time) : "<unknown>";
}

}  // namespace holmes::kube
