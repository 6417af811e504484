// HealthCheck (holmesgpt.dev/v1alpha1): one check that runs once, like a Job. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/check.h"
#include "base/boxed.h"
#include "kube/core/object.h"

namespace holmes {

inline constexpr std::string_view kGroup = "holmesgpt.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kRerunAnnotation = "holmesgpt.dev/rerun";
inline constexpr std::string_view kScheduleKind = "ScheduledHealthCheck";

inline constexpr int64_t kMaxBackoffLimit = 10;
inline constexpr int64_t kDefaultBackoffLimit = 1;
inline constexpr size_t kMaxAttemptRecords = 10;
inline constexpr int64_t kMaxTtlSeconds = 2147483647;

// The types of status.conditions that a run sets.
inline constexpr std::string_view kComplete = "Complete";
inline constexpr std::string_view kPassed = "Passed";
inline constexpr std::string_view kFailed = "Failed";
inline constexpr std::string_view kInconclusive = "Inconclusive";
inline constexpr std::string_view kWaiting = "Waiting";

struct HealthCheckSpec {
  std::string query;
  std::chrono::seconds timeout = kDefaultCheckTimeout;
  CheckMode mode = CheckMode::kMonitor;
  bool suspend = false;
  bool cancel = false;
  std::vector<Destination> destinations;
  std::string model;
  std::optional<std::chrono::seconds> ttl_after_finished;
  int64_t backoff_limit = kDefaultBackoffLimit;

  bool operator==(const HealthCheckSpec&) const = default;
};

// kNew: the status is still empty.
enum class Phase { kNew, kPending, kRunning, kCompleted, kFailed };
std::string_view to_string(Phase phase);

// The claim: who runs which attempt, and until when it counts.
struct Attempt {
  int64_t number = 0;
  std::string id;
  std::string epoch;
  std::string holder;
  WallTime start_time{};
  WallTime deadline{};

  bool operator==(const Attempt&) const = default;
};

enum class AttemptOutcome { kAnswered, kInterrupted, kRefused };
std::string_view to_string(AttemptOutcome outcome);

struct AttemptRecord {
  int64_t run = 0;
  int64_t number = 0;
  std::string id;
  WallTime start_time{};
  WallTime end_time{};
  AttemptOutcome outcome = AttemptOutcome::kAnswered;

  bool operator==(const AttemptRecord&) const = default;
};

struct HealthCheckStatus {
  Phase phase = Phase::kNew;
  bool rerun_accepted = false;
  std::optional<WallTime> start_time;
  std::optional<WallTime> completion_time;
  std::optional<CheckStatus> result;
  std::string message;
  std::string rationale;
  std::string error;
  std::optional<double> duration_seconds;
  std::string model_used;
  std::vector<Notification> notifications;
  std::vector<kube::Condition> conditions;
  int64_t run = 0;
  Boxed<Attempt> attempt;               // most checks that are known have ended
  std::vector<AttemptRecord> attempts;  // oldest first
  int64_t observed_generation = 0;
  std::optional<Usage> usage;
  std::vector<Evidence> evidence;

  [[nodiscard]] bool finished() const {
    return phase == Phase::kCompleted || phase == Phase::kFailed;
  }
  bool operator==(const HealthCheckStatus&) const = default;
};

struct HealthCheck {
  kube::ObjectMeta meta;
  HealthCheckSpec spec;
  HealthCheckStatus status;

  static const kube::ResourceType& resource();
  // Fails with kInvalid and the path of the first bad field. Missing fields get their defaults;
  // unreadable items of the status' lists are left out, so that no old status hides a check.
  static Result<HealthCheck> from_json(const json::object& object);
  bool operator==(const HealthCheck&) const = default;
};

// The body of a status write: identity, resourceVersion and the whole status. No spec: the API
// server takes the stored one.
std::string status_update(const HealthCheck& check);

json::object to_json(const HealthCheckSpec& spec);
std::string to_text(const HealthCheckStatus& status);

// What the operator asks of a server for this check.
CheckRequest to_request(const HealthCheck& check);

}  // namespace holmes
