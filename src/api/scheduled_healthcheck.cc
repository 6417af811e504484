#include "api/scheduled_healthcheck.h"

#include <algorithm>

#include "api/check_fields.h"

namespace holmes {
namespace {

// What a status may count: far from where adding to it would overflow.
constexpr int64_t kMaxCount = int64_t{1} << 53;
constexpr size_t kMaxConditions = 20;  // kept of a status; the operator sets two types

constexpr std::array kConcurrencyPolicies{std::pair{ConcurrencyPolicy::kAllow, "Allow"},
                                          std::pair{ConcurrencyPolicy::kForbid, "Forbid"},
                                          std::pair{ConcurrencyPolicy::kReplace, "Replace"}};
constexpr std::array kMissedRunPolicies{std::pair{MissedRunPolicy::kCoalesce, "Coalesce"},
                                        std::pair{MissedRunPolicy::kSkip, "Skip"}};
constexpr std::array kMissedReasons{std::pair{MissedReason::kSuspended, "Suspended"},
                                    std::pair{MissedReason::kDowntime, "Downtime"},
                                    std::pair{MissedReason::kDeadline, "Deadline"},
                                    std::pair{MissedReason::kForbid, "Forbid"},
                                    std::pair{MissedReason::kCreateDenied, "CreateDenied"},
                                    std::pair{MissedReason::kSilenced, "Silenced"}};

Result<ScheduledHealthCheckSpec> parse_spec(const json::object& object) {
  const Reader reader(object, "spec");
  ScheduledHealthCheckSpec spec;
  HOLMES_CHECK(reader.required_text("schedule", spec.schedule));
  HOLMES_CHECK(reader.boolean("enabled", spec.enabled));
  HOLMES_CHECK(read_check_fields(reader, spec.check));
  HOLMES_CHECK(reader.text("timeZone", spec.time_zone));
  HOLMES_CHECK(reader.choice("concurrencyPolicy", kConcurrencyPolicies, spec.concurrency_policy));
  HOLMES_CHECK(reader.choice("missedRunPolicy", kMissedRunPolicies, spec.missed_run_policy));
  HOLMES_CHECK(reader.seconds("startingDeadlineSeconds", std::chrono::seconds(1),
                              kMaxStartingDeadline, spec.starting_deadline));
  HOLMES_CHECK(reader.integer("successfulHistoryLimit", 0, kMaxHistoryObjects,
                              spec.successful_history_limit));
  HOLMES_CHECK(
      reader.integer("failedHistoryLimit", 0, kMaxHistoryObjects, spec.failed_history_limit));
  HOLMES_CHECK(reader.integer("historyLimit", 1, kMaxHistoryEntries, spec.history_limit));
  HOLMES_CHECK(reader.seconds("jitterSeconds", std::chrono::seconds(0), kMaxJitter, spec.jitter));
  const std::array policies{std::pair{DstPolicy::kRunOnce, to_string(DstPolicy::kRunOnce)},
                            std::pair{DstPolicy::kKubernetes, to_string(DstPolicy::kKubernetes)}};
  HOLMES_CHECK(reader.choice("dstPolicy", policies, spec.dst_policy));
  return spec;
}

// What follows reads a status: whatever it cannot read counts as absent.

std::optional<WallTime> read_time(const json::object& object, std::string_view name) {
  const auto text = json_string(object, {name});
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  return time ? std::optional(*time) : std::nullopt;
}

int64_t read_count(const json::object& object, std::string_view name) {
  return std::clamp<int64_t>(json_int(object, {name}).value_or(0), 0, kMaxCount);
}

std::optional<ActiveCheck> read_active(const json::object& object) {
  ActiveCheck active{json_string_or(object, {"name"}), json_string_or(object, {"namespace"}),
                     json_string_or(object, {"uid"}), read_time(object, "startTime")};
  if (active.name.empty()) return std::nullopt;
  return active;
}

std::optional<HistoryEntry> read_history_entry(const json::object& object) {
  const auto time = read_time(object, "executionTime");
  const auto result = parse_check_status(json_string_or(object, {"result"}));
  if (!time || !result) return std::nullopt;
  return HistoryEntry{*time, *result, json_number(object, {"duration"}),
                      json_string_or(object, {"checkName"}), json_string_or(object, {"message"})};
}

std::optional<MissedTicks> read_missed(const json::object& object) {
  const auto from = read_time(object, "from");
  const auto to = read_time(object, "to");
  const int64_t count = read_count(object, "count");
  const auto reason = value_of(kMissedReasons, json_string_or(object, {"reason"}));
  if (!from || !to || *from > *to || count == 0 || !reason) return std::nullopt;
  return MissedTicks{*from, *to, count, *reason};
}

std::optional<ObservedSchedule> read_observed_schedule(const json::object& object) {
  const auto schedule = json_string(object, {"schedule"});
  const auto policy = parse_dst_policy(json_string_or(object, {"dstPolicy"}));
  const auto since = read_time(object, "since");
  if (!schedule || !policy || !since) return std::nullopt;
  return ObservedSchedule{std::string(*schedule), json_string_or(object, {"timeZone"}), *policy,
                          *since};
}

std::optional<kube::Condition> read_condition(const json::object& object) {
  auto condition = kube::Condition::from_json(object);
  return condition ? std::optional(std::move(*condition)) : std::nullopt;
}

// The readable items of a list.
template <class Read>
auto read_list(const json::object& object, std::string_view name, Read read) {
  std::vector<typename decltype(read(object))::value_type> items;
  const json::array* array = json_array(object, {name});
  if (array == nullptr) return items;
  for (const json::value& value : *array) {
    if (!value.is_object()) continue;
    if (auto item = read(value.get_object())) items.push_back(std::move(*item));
  }
  return items;
}

// The order of a list within its limit is the writer's; of a longer one the newest items are kept.
template <class T, class Time>
void keep_newest(std::vector<T>& items, size_t max, Time T::* time) {
  if (items.size() <= max) return;
  std::ranges::sort(items, std::ranges::greater(), time);
  items.resize(max);
}

template <class T>
void keep_first(std::vector<T>& items, size_t max) {
  if (items.size() > max) items.resize(max);
}

ScheduledHealthCheckStatus read_status(const json::object& object) {
  ScheduledHealthCheckStatus status;
  status.last_schedule_time = read_time(object, "lastScheduleTime");
  status.last_successful_time = read_time(object, "lastSuccessfulTime");
  status.last_result = parse_check_status(json_string_or(object, {"lastResult"}));
  status.message = json_string_or(object, {"message"});
  status.active = read_list(object, "active", read_active);
  keep_first(status.active, kMaxActiveEntries);
  status.history = read_list(object, "history", read_history_entry);
  keep_newest(status.history, kMaxHistoryEntries, &HistoryEntry::execution_time);
  status.next_schedule_time = read_time(object, "nextScheduleTime");
  status.consecutive_failures = read_count(object, "consecutiveFailures");
  status.observed_generation = read_count(object, "observedGeneration");
  status.missed = read_list(object, "missed", read_missed);
  keep_newest(status.missed, kMaxMissedEntries, &MissedTicks::to);
  if (const json::object* observed = json_object(object, {"observedSchedule"})) {
    status.observed_schedule = read_observed_schedule(*observed);
  }
  status.run_now_id = json_string_or(object, {"runNow", "id"});
  status.conditions = read_list(object, "conditions", read_condition);
  keep_first(status.conditions, kMaxConditions);
  return status;
}

void write_active(JsonText& to, const ActiveCheck& active) {
  to.text("name", active.name);
  put_text(to, "namespace", active.ns);
  put_text(to, "uid", active.uid);
  put_time(to, "startTime", active.start_time);
}

void write_entry(JsonText& to, const HistoryEntry& entry) {
  to.text("executionTime", format_rfc3339(entry.execution_time));
  to.text("result", to_string(entry.result));
  if (entry.duration_seconds) to.number("duration", *entry.duration_seconds);
  put_text(to, "checkName", entry.check_name);
  put_text(to, "message", entry.message);
}

void write_missed(JsonText& to, const MissedTicks& missed) {
  to.text("from", format_rfc3339(missed.from));
  to.text("to", format_rfc3339(missed.to));
  to.integer("count", missed.count);
  to.text("reason", to_string(missed.reason));
}

void write_observed(JsonText& to, const ObservedSchedule& observed) {
  to.text("schedule", observed.schedule);
  put_text(to, "timeZone", observed.time_zone);
  to.text("dstPolicy", to_string(observed.dst_policy));
  to.text("since", format_rfc3339(observed.since));
}

void write_status(JsonText& to, const ScheduledHealthCheckStatus& status) {
  put_time(to, "lastScheduleTime", status.last_schedule_time);
  put_time(to, "lastSuccessfulTime", status.last_successful_time);
  if (status.last_result) to.text("lastResult", to_string(*status.last_result));
  put_text(to, "message", status.message);
  put_list(to, "active", status.active, [&](const ActiveCheck& a) { write_active(to, a); });
  put_list(to, "history", status.history, [&](const HistoryEntry& e) { write_entry(to, e); });
  put_time(to, "nextScheduleTime", status.next_schedule_time);
  to.integer("consecutiveFailures", status.consecutive_failures);
  to.integer("observedGeneration", status.observed_generation);
  put_list(to, "missed", status.missed, [&](const MissedTicks& m) { write_missed(to, m); });
  if (const auto& observed = status.observed_schedule) {
    to.object("observedSchedule", [&] { write_observed(to, *observed); });
  }
  if (!status.run_now_id.empty()) {
    to.object("runNow", [&] { to.text("id", status.run_now_id); });
  }
  put_list(to, "conditions", status.conditions,
           [&](const kube::Condition& condition) { condition.write_members(to); });
}

}  // namespace

std::string_view to_string(ConcurrencyPolicy policy) {
  return name_of(kConcurrencyPolicies, policy);
}
std::string_view to_string(MissedRunPolicy policy) {
  return name_of(kMissedRunPolicies, policy);
}
std::string_view to_string(MissedReason reason) {
  return name_of(kMissedReasons, reason);
}

const kube::ResourceType& ScheduledHealthCheck::resource() {
  static const kube::ResourceType type{std::string(kGroup), std::string(kVersion),
                                       "scheduledhealthchecks", std::string(kScheduleKind), true};
  return type;
}

Result<ScheduledHealthCheck> ScheduledHealthCheck::from_json(const json::object& object) {
  ScheduledHealthCheck schedule;
  HOLMES_TRY(schedule.meta, kube::ObjectMeta::from_json(object));
  const json::object* spec = json_object(object, {"spec"});
  if (spec == nullptr) return wrong("spec", "an object");
  HOLMES_TRY(schedule.spec, parse_spec(*spec));
  if (const json::object* status = json_object(object, {"status"})) {
    schedule.status = read_status(*status);
  }
  return schedule;
}

std::string status_update(const ScheduledHealthCheck& schedule) {
  return JsonText::of([&schedule](JsonText& to) {
    write_identity(to, ScheduledHealthCheck::resource(), schedule.meta);
    to.object("status", [&] { write_status(to, schedule.status); });
  });
}

json::object to_json(const ScheduledHealthCheckSpec& spec) {
  json::object object;
  object["schedule"] = spec.schedule;
  object["enabled"] = spec.enabled;
  put_check_fields(object, spec.check);
  put_text(object, "timeZone", spec.time_zone);
  object["concurrencyPolicy"] = to_string(spec.concurrency_policy);
  object["missedRunPolicy"] = to_string(spec.missed_run_policy);
  if (spec.starting_deadline) object["startingDeadlineSeconds"] = spec.starting_deadline->count();
  object["successfulHistoryLimit"] = spec.successful_history_limit;
  object["failedHistoryLimit"] = spec.failed_history_limit;
  object["historyLimit"] = spec.history_limit;
  object["jitterSeconds"] = spec.jitter.count();
  object["dstPolicy"] = to_string(spec.dst_policy);
  return object;
}

std::string to_text(const ScheduledHealthCheckStatus& status) {
  return JsonText::of([&status](JsonText& to) { write_status(to, status); });
}

}  // namespace holmes
