#include "cron/cron_oracle_testing.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace holmes {
namespace {

constexpr int64_t kDaySeconds = 86'400;
// A clock cannot have been ahead of itself for longer.
constexpr int64_t kLeadSeconds = 3 * kDaySeconds;

// "MON", "5", "jan" as a number; weekdays from Sunday = 0.
int value_of(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  const std::string months = "jan feb mar apr may jun jul aug sep oct nov dec ";
  const std::string weekdays = "sun mon tue wed thu fri sat ";
  if (const size_t at = months.find(text + " "); at != std::string::npos && text.size() == 3) {
    return static_cast<int>(at / 4) + 1;
  }
  if (const size_t at = weekdays.find(text + " "); at != std::string::npos && text.size() == 3) {
    return static_cast<int>(at / 4);
  }
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Does one item of a list, such as "5-20/5", hold the value?
bool holds(const std::string& item, int value, int min, int max) {
  const size_t slash = item.find('/');
  const int step = slash == std::string::npos ? 1 : value_of(item.substr(slash + 1));
  const std::string range = item.substr(0, slash);
  int first = min;
  int last = max;
  if (range != "*" && range != "?") {
    const size_t hyphen = range.find('-');
    first = value_of(range.substr(0, hyphen));
    last = first;
    if (hyphen != std::string::npos) {
      last = value_of(range.substr(hyphen + 1));
    } else if (slash != std::string::npos) {
      last = std::max(first, max);
    }
  }
  if (max == 6 && last < first) last = 7;  // fri-sun
  const auto is_hit = [&](int v) { return v >= first && v <= last && (v - first) % step == 0; };
  return is_hit(value) || (max == 6 && value == 0 && is_hit(7));
}

struct Read {
  std::array<bool, 60> table{};
  bool star = false;
};

Read read(const std::string& field, int min, int max) {
  Read result;
  std::stringstream stream(field);
  for (std::string item; std::getline(stream, item, ',');) {
    for (int value = min; value <= max; ++value) {
      if (holds(item, value, min, max)) result.table[static_cast<size_t>(value)] = true;
    }
    if (item == "*" || item == "?" || item == "*/1" || item == "?/1") result.star = true;
  }
  return result;
}

// A clock on the wall that counts minutes up.
struct WallClock {
  int minute = 0;
  int hour = 0;
  bool day_matches = false;
  int64_t day = 0;

  void set(const OracleFields& fields, int64_t local) {
    day = local / kDaySeconds - (local % kDaySeconds < 0 ? 1 : 0);
    const auto rest = static_cast<int>(local - day * kDaySeconds);
    hour = rest / 3600;
    minute = rest % 3600 / 60;
    look_at_day(fields);
  }

  void look_at_day(const OracleFields& fields) {
    const CivilDate date = date_of_days(day);
    const auto weekday = static_cast<int>(((day + 4) % 7 + 7) % 7);
    day_matches = fields.has_day(date.month, date.day, weekday);
  }

  void step(const OracleFields& fields) {
    if (++minute < 60) return;
    minute = 0;
    if (++hour < 24) return;
    hour = 0;
    ++day;
    look_at_day(fields);
  }

  [[nodiscard]] bool matches(const OracleFields& fields) const {
    return day_matches && fields.has_minute(minute) && fields.has_hour(hour);
  }
};

int64_t next_whole_minute(int64_t local) {
  int64_t rest = local % 60;
  if (rest < 0) rest += 60;
  return rest == 0 ? local : local + 60 - rest;
}

// Calls found(local) for each matching minute of the wall clock in [begin, end).
template <class Found>
void watch(const OracleFields& fields, int64_t begin, int64_t end, Found found) {
  int64_t local = next_whole_minute(begin);
  WallClock clock;
  clock.set(fields, local);
  for (; local < end; local += 60, clock.step(fields)) {
    if (clock.matches(fields)) found(local);
  }
}

void add(std::vector<int64_t>& ticks, int64_t tick, int64_t from) {
  if (tick >= from && (ticks.empty() || ticks.back() != tick)) ticks.push_back(tick);
}

}  // namespace

OracleFields::OracleFields(const std::string& text) {
  std::stringstream stream(text);
  std::array<std::string, 5> words;
  for (std::string& word : words) stream >> word;
  minutes_ = read(words[0], 0, 59).table;
  hours_ = read(words[1], 0, 23).table;
  months_ = read(words[3], 1, 12).table;
  const Read days = read(words[2], 1, 31);
  days_ = days.table;
  any_day_ = days.star;
  const Read weekdays = read(words[4], 0, 6);
  weekdays_ = weekdays.table;
  any_weekday_ = weekdays.star;
  follows_clock_ = words[1][0] == '*' || words[1][0] == '?';
}

bool OracleFields::has_day(int month, int day, int weekday) const {
  if (!months_[static_cast<size_t>(month)]) return false;
  const bool by_day = days_[static_cast<size_t>(day)];
  const bool by_weekday = weekdays_[static_cast<size_t>(weekday)];
  if (any_day_ && any_weekday_) return true;
  if (any_day_) return by_weekday;
  if (any_weekday_) return by_day;
  return by_day || by_weekday;
}

OracleTicks watch_clock(const OracleFields& fields, const TzifZone& zone, int64_t from,
                        int64_t until) {
  OracleTicks ticks;
  const std::vector<OffsetPiece> pieces = zone.pieces(from - kLeadSeconds, until);
  int64_t highest = pieces.front().begin + pieces.front().offset;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto [begin, offset] = pieces[i];
    const int64_t end = i + 1 < pieces.size() ? pieces[i + 1].begin : until;
    if (begin + offset > highest) {
      watch(fields, highest, begin + offset, [&](int64_t) { add(ticks.run_once, begin, from); });
    }
    watch(fields, begin + offset, end + offset, [&, offset = offset](int64_t local) {
      add(ticks.kubernetes, local - offset, from);
      if (local >= highest) add(ticks.run_once, local - offset, from);
    });
    highest = std::max(highest, end + offset);
  }
  if (fields.follows_clock()) ticks.run_once = ticks.kubernetes;
  return ticks;
}

}  // namespace holmes
