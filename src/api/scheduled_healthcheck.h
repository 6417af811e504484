// ScheduledHealthCheck (holmesgpt.dev/v1alpha1): a cron schedule that creates HealthChecks, like a
// CronJob. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/healthcheck.h"
#include "cron/schedule.h"

namespace holmes {

inline constexpr std::string_view kScheduledByLabel = "holmesgpt.dev/scheduled-by";
inline constexpr std::string_view kScheduledAtAnnotation = "holmesgpt.dev/scheduled-at";
inline constexpr std::string_view kRunNowAnnotation = "holmesgpt.dev/run-now";

inline constexpr int64_t kDefaultHistoryLimit = 10;  // entries, and objects of each outcome
inline constexpr int64_t kMaxHistoryEntries = 100;   // spec.historyLimit
inline constexpr int64_t kMaxHistoryObjects = 1000;  // spec.successful-, failedHistoryLimit
inline constexpr size_t kMaxMissedEntries = 10;
inline constexpr size_t kMaxActiveEntries =
    100;  // in status.active; more children may be unfinished
inline constexpr size_t kMaxHistoryMessage = 256;  // characters
inline constexpr std::chrono::seconds kMaxJitter{3600};
inline constexpr std::chrono::seconds kMaxStartingDeadline{2147483647};
inline constexpr size_t kMaxScheduleLength = 253;  // characters of spec.schedule and spec.timeZone

// The types of status.conditions of a schedule.
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kSuspended = "Suspended";

enum class ConcurrencyPolicy { kAllow, kForbid, kReplace };
std::string_view to_string(ConcurrencyPolicy policy);
enum class MissedRunPolicy { kCoalesce, kSkip };
std::string_view to_string(MissedRunPolicy policy);
enum class MissedReason { kSuspended, kDowntime, kDeadline, kForbid, kCreateDenied, kSilenced };
std::string_view to_string(MissedReason reason);

struct ScheduledHealthCheckSpec {
  std::string schedule;
  bool enabled = true;
  // What each child gets: query, timeout, mode, destinations, model, ttlSecondsAfterFinished and
  // backoffLimit stand beside the schedule's own fields; suspend and cancel do not exist here.
  HealthCheckSpec check;
  std::string time_zone;  // "": UTC
  ConcurrencyPolicy concurrency_policy = ConcurrencyPolicy::kForbid;
  MissedRunPolicy missed_run_policy = MissedRunPolicy::kCoalesce;
  std::optional<std::chrono::seconds> starting_deadline;
  int64_t successful_history_limit = kDefaultHistoryLimit;
  int64_t failed_history_limit = kDefaultHistoryLimit;
  int64_t history_limit = kDefaultHistoryLimit;
  std::chrono::seconds jitter{0};
  DstPolicy dst_policy = DstPolicy::kRunOnce;

  bool operator==(const ScheduledHealthCheckSpec&) const = default;
};

// An unfinished child.
struct ActiveCheck {
  std::string name;
  std::string ns;
  std::string uid;
  std::optional<WallTime> start_time;

  bool operator==(const ActiveCheck&) const = default;
};

struct HistoryEntry {
  WallTime execution_time{};
  CheckStatus result = CheckStatus::kError;
  std::optional<double> duration_seconds;
  std::string check_name;
  std::string message;

  bool operator==(const HistoryEntry&) const = default;
};

// Ticks that ran no check: `count` of them, the first at `from`, the last at `to`.
struct MissedTicks {
  WallTime from{};
  WallTime to{};
  int64_t count = 0;
  MissedReason reason = MissedReason::kDowntime;

  bool operator==(const MissedTicks&) const = default;
};

// The meaning of the ticks as the operator last saw it, and since when: an edit never runs a past
// tick of its new meaning.
struct ObservedSchedule {
  std::string schedule;
  std::string time_zone;
  DstPolicy dst_policy = DstPolicy::kRunOnce;
  WallTime since{};

  bool operator==(const ObservedSchedule&) const = default;
};

struct ScheduledHealthCheckStatus {
  std::optional<WallTime> last_schedule_time;
  std::optional<WallTime> last_successful_time;
  std::optional<CheckStatus> last_result;
  std::string message;
  std::vector<ActiveCheck> active;
  std::vector<HistoryEntry> history;  // newest first
  std::optional<WallTime> next_schedule_time;
  int64_t consecutive_failures = 0;
  int64_t observed_generation = 0;
  std::vector<MissedTicks> missed;  // newest first
  std::optional<ObservedSchedule> observed_schedule;
  std::string run_now_id;  // status.runNow.id: an accepted run that has no child yet
  std::vector<kube::Condition> conditions;

  bool operator==(const ScheduledHealthCheckStatus&) const = default;
};

struct ScheduledHealthCheck {
  kube::ObjectMeta meta;
  ScheduledHealthCheckSpec spec;
  ScheduledHealthCheckStatus status;

  static const kube::ResourceType& resource();
  // Fails with kInvalid and the path of the first spec field of a wrong type or out of its range;
  // missing fields get their defaults. The status never hides a schedule: unreadable fields of it
  // count as absent, unreadable items of its lists are left out, and of a list over its limit the
  // newest items are kept. Whether the cron text and the zone mean anything is not asked here.
  static Result<ScheduledHealthCheck> from_json(const json::object& object);
  bool operator==(const ScheduledHealthCheck&) const = default;
};

// The body of a status write: identity, resourceVersion and the whole status; no spec, so from_json
// does not read it. Times are written as whole seconds, rounded down.
std::string status_update(const ScheduledHealthCheck& schedule);

json::object to_json(const ScheduledHealthCheckSpec& spec);
std::string to_text(const ScheduledHealthCheckStatus& status);

}  // namespace holmes
