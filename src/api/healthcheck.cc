#include "api/healthcheck.h"

#include "api/check_fields.h"

namespace holmes {
namespace {

constexpr std::array kPhases{
    std::pair{Phase::kPending, "Pending"}, std::pair{Phase::kRunning, "Running"},
    std::pair{Phase::kCompleted, "Completed"}, std::pair{Phase::kFailed, "Failed"}};
constexpr std::array kOutcomes{std::pair{AttemptOutcome::kAnswered, "Answered"},
                               std::pair{AttemptOutcome::kInterrupted, "Interrupted"},
                               std::pair{AttemptOutcome::kRefused, "Refused"}};

Result<HealthCheckSpec> parse_spec(const json::object& object) {
  const Reader reader(object, "spec");
  HealthCheckSpec spec;
  HOLMES_CHECK(read_check_fields(reader, spec));
  HOLMES_CHECK(reader.boolean("suspend", spec.suspend));
  HOLMES_CHECK(reader.boolean("cancel", spec.cancel));
  return spec;
}

Result<Attempt> parse_attempt(const json::object& object) {
  const Reader reader(object, "status.attempt");
  Attempt attempt;
  HOLMES_CHECK(reader.integer("number", attempt.number));
  HOLMES_CHECK(reader.text("id", attempt.id));
  HOLMES_CHECK(reader.text("epoch", attempt.epoch));
  HOLMES_CHECK(reader.text("holder", attempt.holder));
  std::optional<WallTime> start;
  std::optional<WallTime> deadline;
  HOLMES_CHECK(reader.time("startTime", start));
  HOLMES_CHECK(reader.time("deadline", deadline));
  attempt.start_time = start.value_or(WallTime{});
  attempt.deadline = deadline.value_or(WallTime{});
  return attempt;
}

Result<AttemptRecord> parse_attempt_record(const json::value& value) {
  if (!value.is_object()) return wrong("it", "an object");
  const Reader reader(value.get_object(), "it");
  AttemptRecord record;
  std::optional<WallTime> start;
  std::optional<WallTime> end;
  std::string outcome;
  HOLMES_CHECK(reader.integer("run", record.run));
  HOLMES_CHECK(reader.integer("number", record.number));
  HOLMES_CHECK(reader.text("id", record.id));
  HOLMES_CHECK(reader.time("startTime", start));
  HOLMES_CHECK(reader.time("endTime", end));
  HOLMES_CHECK(reader.text("outcome", outcome));
  record.start_time = start.value_or(WallTime{});
  record.end_time = end.value_or(WallTime{});
  record.outcome = value_of(kOutcomes, outcome).value_or(AttemptOutcome::kAnswered);
  return record;
}

Status parse_run_fields(const Reader& reader, HealthCheckStatus& status) {
  HOLMES_CHECK(reader.integer("run", status.run));
  HOLMES_TRY(const json::object* attempt, reader.object("attempt"));
  if (attempt != nullptr) {
    HOLMES_TRY(status.attempt, parse_attempt(*attempt));
  }
  HOLMES_CHECK(reader.list("attempts", append_readable_to(status.attempts, parse_attempt_record)));
  HOLMES_CHECK(reader.boolean("rerunAccepted", status.rerun_accepted));
  HOLMES_CHECK(reader.integer("observedGeneration", status.observed_generation));
  return {};
}

Result<HealthCheckStatus> parse_status(const json::object& object) {
  const Reader reader(object, "status");
  HealthCheckStatus status;
  std::string phase;
  std::string result;
  HOLMES_CHECK(reader.text("phase", phase));
  status.phase = value_of(kPhases, phase).value_or(Phase::kNew);
  HOLMES_CHECK(reader.time("startTime", status.start_time));
  HOLMES_CHECK(reader.time("completionTime", status.completion_time));
  HOLMES_CHECK(reader.text("result", result));
  status.result = parse_check_status(result);
  HOLMES_CHECK(reader.text("message", status.message));
  HOLMES_CHECK(reader.text("rationale", status.rationale));
  HOLMES_CHECK(reader.text("error", status.error));
  status.duration_seconds = json_number(object, {"duration"});
  HOLMES_CHECK(reader.text("modelUsed", status.model_used));
  HOLMES_CHECK(
      reader.list("notifications", append_readable_to(status.notifications, parse_notification)));
  HOLMES_CHECK(reader.list("conditions", append_readable_to(status.conditions, parse_condition)));
  HOLMES_CHECK(reader.list("evidence", append_readable_to(status.evidence, parse_evidence)));
  HOLMES_TRY(const json::object* usage, reader.object("usage"));
  if (usage != nullptr) status.usage = parse_usage(*usage);
  HOLMES_CHECK(parse_run_fields(reader, status));
  return status;
}

void write_attempt(JsonText& to, const Attempt& attempt) {
  to.integer("number", attempt.number);
  to.text("id", attempt.id);
  to.text("epoch", attempt.epoch);
  to.text("holder", attempt.holder);
  to.text("startTime", format_rfc3339(attempt.start_time));
  to.text("deadline", format_rfc3339(attempt.deadline));
}

void write_record(JsonText& to, const AttemptRecord& record) {
  to.integer("run", record.run);
  to.integer("number", record.number);
  to.text("id", record.id);
  to.text("startTime", format_rfc3339(record.start_time));
  to.text("endTime", format_rfc3339(record.end_time));
  to.text("outcome", to_string(record.outcome));
}

// Lists of what servers answered, which are rarely long.
template <class T>
void put_answered(JsonText& to, std::string_view name, const std::vector<T>& list) {
  if (list.empty()) return;
  json::array items;
  for (const T& item : list) items.push_back(to_json(item));
  to.tree(name, items);
}

void write_status(JsonText& to, const HealthCheckStatus& status) {
  if (status.phase != Phase::kNew) to.text("phase", to_string(status.phase));
  put_time(to, "startTime", status.start_time);
  put_time(to, "completionTime", status.completion_time);
  if (status.result) to.text("result", to_string(*status.result));
  put_text(to, "message", status.message);
  put_text(to, "rationale", status.rationale);
  put_text(to, "error", status.error);
  if (status.duration_seconds) to.number("duration", *status.duration_seconds);
  put_text(to, "modelUsed", status.model_used);
  put_answered(to, "notifications", status.notifications);
  put_list(to, "conditions", status.conditions,
           [&to](const kube::Condition& condition) { condition.write_members(to); });
  to.integer("run", status.run);
  if (status.attempt) to.object("attempt", [&] { write_attempt(to, *status.attempt); });
  put_list(to, "attempts", status.attempts,
           [&to](const AttemptRecord& record) { write_record(to, record); });
  to.flag("rerunAccepted", status.rerun_accepted);
  to.integer("observedGeneration", status.observed_generation);
  if (status.usage) to.tree("usage", to_json(*status.usage));
  put_answered(to, "evidence", status.evidence);
}

}  // namespace

std::string_view to_string(Phase phase) {
  return name_of(kPhases, phase);
}
std::string_view to_string(AttemptOutcome outcome) {
  return name_of(kOutcomes, outcome);
}

const kube::ResourceType& HealthCheck::resource() {
  static const kube::ResourceType type{std::string(kGroup), std::string(kVersion), "healthchecks",
                                       "HealthCheck", true};
  return type;
}

Result<HealthCheck> HealthCheck::from_json(const json::object& object) {
  HealthCheck check;
  HOLMES_TRY(check.meta, kube::ObjectMeta::from_json(object));
  const json::object* spec = json_object(object, {"spec"});
  if (spec == nullptr) return wrong("spec", "an object");
  HOLMES_TRY(check.spec, parse_spec(*spec));
  const json::value* status = object.if_contains("status");
  if (status != nullptr && !status->is_null()) {
    if (!status->is_object()) return wrong("status", "an object");
    HOLMES_TRY(check.status, parse_status(status->get_object()));
  }
  return check;
}

std::string status_update(const HealthCheck& check) {
  return JsonText::of([&check](JsonText& to) {
    write_identity(to, HealthCheck::resource(), check.meta);
    to.object("status", [&] { write_status(to, check.status); });
  });
}

json::object to_json(const HealthCheckSpec& spec) {
  json::object object;
  put_check_fields(object, spec);
  object["suspend"] = spec.suspend;
  object["cancel"] = spec.cancel;
  return object;
}

std::string to_text(const HealthCheckStatus& status) {
  return JsonText::of([&status](JsonText& to) { write_status(to, status); });
}

CheckRequest to_request(const HealthCheck& check) {
  CheckRequest request;
  request.query = check.spec.query;
  request.timeout = check.spec.timeout;
  request.mode = check.spec.mode;
  request.destinations = check.spec.destinations;
  request.model = check.spec.model;
  request.name = check.meta.key().to_text();
  return request;
}

}  // namespace holmes
