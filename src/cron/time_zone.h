// A time zone of the IANA database as a sequence of spans with one UTC offset each.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holmes {

// The longest stretch in which the zone's offset does not change. What a clock on the wall shows at
// the instant t of the span is t + offset.
struct ZoneSpan {
  std::chrono::sys_seconds begin;  // kBeforeAll when there is no earlier change
  std::chrono::sys_seconds end;    // the first second behind it; kAfterAll when no change follows
  std::chrono::seconds offset;

  static constexpr std::chrono::sys_seconds kBeforeAll{std::chrono::days(-10'000'000)};
  static constexpr std::chrono::sys_seconds kAfterAll{std::chrono::days(10'000'000)};

  [[nodiscard]] std::chrono::local_seconds to_local(std::chrono::sys_seconds t) const {
    return std::chrono::local_seconds(t.time_since_epoch() + offset);
  }
  [[nodiscard]] std::chrono::sys_seconds to_utc(std::chrono::local_seconds t) const {
    return std::chrono::sys_seconds(t.time_since_epoch() - offset);
  }
};

// Cheap to copy; immutable; any thread.
class TimeZone {
 public:
  // UTC
  TimeZone() = default;

  // Reads the system's zone file (TZDIR, else /usr/share/zoneinfo) at the first use of a name in
  // this process and keeps what it found, a failure included, until the process ends.
  // Fails with kInvalid: a sentence that quotes the name and says what would be right. "Local",
  // paths and fixed offsets ("UTC+3") are refused, as Kubernetes does for CronJobs.
  static Result<TimeZone> load(std::string_view name);

  [[nodiscard]] const std::string& name() const;

  // The span that holds `t`. Exact for every year from 1 to 9999: what the database does not list
  // follows the zone's rule for the years to come.
  [[nodiscard]] ZoneSpan span_at(std::chrono::sys_seconds t) const;

 private:
  struct Zone;
  explicit TimeZone(std::shared_ptr<const Zone> zone) : zone_(std::move(zone)) {}

  std::shared_ptr<const Zone> zone_;  // null: UTC
};

}  // namespace holmes
