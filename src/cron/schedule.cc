#include "cron/schedule.h"

#include <algorithm>

namespace holmes {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr sys_seconds kFirstInstant = sys_days(year(1) / 1 / 1);
constexpr sys_seconds kLastInstant = sys_days(year(10'000) / 1 / 1) - seconds(1);
// No zone has ever been further than this from another, so no jump of a clock is longer.
constexpr std::chrono::hours kMaxJump{48};

// The last whole second at or before `time`, within what is looked at.
sys_seconds to_seconds(WallTime time) {
  const WallTime bounded = std::clamp<WallTime>(time, kFirstInstant - seconds(1), kLastInstant);
  return std::chrono::floor<seconds>(bounded);
}

// The ticks of five fields in a zone. Between two changes of its offset the search is one on the
// clock on the wall.
class ZoneTicks {
 public:
  ZoneTicks(const CronFields& fields, const ScheduleOptions& options)
      : fields_(fields),
        zone_(options.zone),
        once_(options.dst_policy == DstPolicy::kRunOnce && !fields.hour_begins_with_star) {}

  [[nodiscard]] std::optional<sys_seconds> next(sys_seconds after) const {
    for (ZoneSpan span = zone_.span_at(after + seconds(1)); span.begin <= kLastInstant;
         span = zone_.span_at(span.end)) {
      if (const auto tick = first_in(span, after)) return tick;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<sys_seconds> previous(sys_seconds until) const {
    for (ZoneSpan span = zone_.span_at(until); span.end > kFirstInstant;
         span = zone_.span_at(span.begin - seconds(1))) {
      if (const auto tick = last_in(span, until)) return tick;
    }
    return std::nullopt;
  }

  // In (after, until]
  [[nodiscard]] uint64_t count(sys_seconds after, sys_seconds until) const {
    ZoneSpan span = zone_.span_at(after + seconds(1));
    uint64_t count = count_in(span, after, until);
    while (span.end <= until) {
      span = zone_.span_at(span.end);
      count += count_in(span, after, until);
    }
    return count;
  }

 private:
  // The first tick of the span behind `after`.
  [[nodiscard]] std::optional<sys_seconds> first_in(const ZoneSpan& span, sys_seconds after) const {
    if (span.begin > after && has_tick_of_gap(span)) return span.begin;
    const LocalSeconds from = span.to_local(std::max(span.begin, after + seconds(1)));
    LocalSeconds found = next_match(fields_, from);
    if (found < fresh_from(span, found)) found = next_match(fields_, fresh_from(span, found));
    if (found >= span.to_local(span.end)) return std::nullopt;
    return span.to_utc(found);
  }

  // The last tick of the span at or before `until`.
  [[nodiscard]] std::optional<sys_seconds> last_in(const ZoneSpan& span, sys_seconds until) const {
    const LocalSeconds latest = span.to_local(std::min(span.end - seconds(1), until));
    const LocalSeconds found = previous_match(fields_, latest);
    if (found >= span.to_local(span.begin) && found >= fresh_from(span, found)) {
      return span.to_utc(found);
    }
    if (has_tick_of_gap(span)) return span.begin;
    return std::nullopt;
  }

  [[nodiscard]] uint64_t count_in(const ZoneSpan& span, sys_seconds after,
                                  sys_seconds until) const {
    LocalSeconds from = span.to_local(std::max(span.begin, after + seconds(1)));
    from = std::max(from, fresh_from(span, from));
    const LocalSeconds end = span.to_local(std::min(span.end, until + seconds(1)));
    uint64_t count = count_matches(fields_, from, end);
    if (span.begin > after && has_tick_of_gap(span)) {
      const LocalSeconds begin = span.to_local(span.begin);
      if (next_match(fields_, begin) != begin) ++count;
    }
    return count;
  }

  // With kRunOnce, the wall clock's time before which all has had its turn when the span begins.
  // The caller is only interested in whether `local` is before it.
  [[nodiscard]] LocalSeconds fresh_from(const ZoneSpan& span, LocalSeconds local) const {
    if (!once_ || local >= span.to_local(span.begin) + kMaxJump) return LocalSeconds::min();
    return reached_before(span);
  }

  [[nodiscard]] bool has_tick_of_gap(const ZoneSpan& span) const {
    if (!once_ || span.begin == ZoneSpan::kBeforeAll) return false;
    const LocalSeconds reached = reached_before(span);
    return reached < span.to_local(span.begin) &&
           next_match(fields_, reached) < span.to_local(span.begin);
  }

  // The highest that the clock on the wall had shown when the span began, and a second more.
  [[nodiscard]] LocalSeconds reached_before(const ZoneSpan& span) const {
    LocalSeconds reached = LocalSeconds::min();
    for (sys_seconds begin = span.begin;
         begin > ZoneSpan::kBeforeAll && begin > span.begin - kMaxJump;) {
      const ZoneSpan before = zone_.span_at(begin - seconds(1));
      reached = std::max(reached, before.to_local(before.end));
      begin = before.begin;
    }
    return reached;
  }

  const CronFields& fields_;
  const TimeZone& zone_;
  bool once_;
};

// The ticks of `@every`: anchor + n * period, n >= 1.
class PeriodTicks {
 public:
  PeriodTicks(const CronPeriod& period, const ScheduleOptions& options)
      : period_(period.length), anchor_(to_seconds(options.anchor)) {}

  [[nodiscard]] std::optional<sys_seconds> next(sys_seconds after) const {
    return at(count_until(after) + 1);
  }

  [[nodiscard]] std::optional<sys_seconds> previous(sys_seconds until) const {
    const int64_t n = count_until(until);
    return n == 0 ? std::nullopt : at(n);
  }

  [[nodiscard]] uint64_t count(sys_seconds after, sys_seconds until) const {
    return static_cast<uint64_t>(count_until(until) - count_until(after));
  }

 private:
  [[nodiscard]] int64_t count_until(sys_seconds until) const {
    return until <= anchor_ ? 0 : (until - anchor_) / period_;
  }
  [[nodiscard]] std::optional<sys_seconds> at(int64_t n) const { return anchor_ + n * period_; }

  seconds period_;
  sys_seconds anchor_;
};

// Calls `use` with the ticks of whatever the expression is.
template <class Use>
auto with_ticks(const CronExpression& expression, const ScheduleOptions& options, Use use) {
  if (const auto* const fields = std::get_if<CronFields>(&expression)) {
    return use(ZoneTicks(*fields, options));
  }
  return use(PeriodTicks(std::get<CronPeriod>(expression), options));
}

std::optional<WallTime> within_years(std::optional<sys_seconds> tick) {
  if (!tick || *tick < kFirstInstant || *tick > kLastInstant) return std::nullopt;
  return *tick;
}

}  // namespace

std::string_view to_string(DstPolicy policy) {
  return policy == DstPolicy::kRunOnce ? "RunOnce" : "Kubernetes";
}

std::optional<DstPolicy> parse_dst_policy(std::string_view text) {
  for (const DstPolicy policy : {DstPolicy::kRunOnce, DstPolicy::kKubernetes}) {
    if (text == to_string(policy)) return policy;
  }
  return std::nullopt;
}

Result<Schedule> Schedule::parse(std::string_view text, ScheduleOptions options) {
  HOLMES_TRY(const CronExpression expression, parse_cron(text));
  return Schedule(expression, std::move(options));
}

std::optional<WallTime> Schedule::next(WallTime after) const {
  return within_years(with_ticks(
      expression_, options_, [after](const auto& ticks) { return ticks.next(to_seconds(after)); }));
}

std::optional<WallTime> Schedule::previous(WallTime until) const {
  return within_years(with_ticks(expression_, options_, [until](const auto& ticks) {
    return ticks.previous(to_seconds(until));
  }));
}

uint64_t Schedule::count(WallTime after, WallTime until) const {
  const sys_seconds from = to_seconds(after);
  const sys_seconds end = to_seconds(until);
  if (from >= end) return 0;
  return with_ticks(expression_, options_,
                    [from, end](const auto& ticks) { return ticks.count(from, end); });
}

std::chrono::seconds Schedule::shortest_period() const {
  if (const auto* const period = std::get_if<CronPeriod>(&expression_)) return period->length;
  return shortest_distance(std::get<CronFields>(expression_));
}

}  // namespace holmes
