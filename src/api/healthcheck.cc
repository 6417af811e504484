#include "api/healthcheck.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace holmes {
namespace {

constexpr std::array kPhases{
    std::pair{Phase::kPending, "Pending"}, std::pair{Phase::kRunning, "Running"},
    std::pair{Phase::kCompleted, "Completed"}, std::pair{Phase::kFailed, "Failed"}};
constexpr std::array kOutcomes{std::pair{AttemptOutcome::kAnswered, "Answered"},
                               std::pair{AttemptOutcome::kInterrupted, "Interrupted"},
                               std::pair{AttemptOutcome::kRefused, "Refused"}};

template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) {
  for (const auto& [row, name] : table) {
    if (row == value) return name;
  }
  return "";
}

template <class Table>
auto value_of(const Table& table, std::string_view text)
    -> std::optional<std::decay_t<decltype(table[0].first)>> {
  for (const auto& [row, name] : table) {
    if (name == text) return row;
  }
  return std::nullopt;
}

std::unexpected<Error> wrong(std::string_view path, std::string_view must) {
  return fail(ErrorCode::kInvalid, fmt::format("{} must be {}", path, must));
}

// Typed reads that tell a missing field (fine) from one of the wrong type (kInvalid).
class Reader {
 public:
  Reader(const json::object& object, std::string_view path) : object_(object), path_(path) {}

  Status text(std::string_view name, std::string& target) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrong(at(name), "a string");
    target = value->get_string();
    return {};
  }
  Status integer(std::string_view name, int64_t& target) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    const auto number = to_int(*value);
    if (!number) return wrong(at(name), "an integer");
    target = *number;
    return {};
  }
  Status boolean(std::string_view name, bool& target) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_bool()) return wrong(at(name), "true or false");
    target = value->get_bool();
    return {};
  }
  Status time(std::string_view name, std::optional<WallTime>& target) const {
    std::string value;
    HOLMES_CHECK(text(name, value));
    if (value.empty()) return {};
    const auto parsed = parse_rfc3339(value);
    if (!parsed) return wrong(at(name), "an RFC 3339 time");
    target = *parsed;
    return {};
  }
  // Calls read(item, path of the item) for each item of a list.
  template <class Read>
  Status list(std::string_view name, Read read) const {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_array()) return wrong(at(name), "a list");
    size_t index = 0;
    for (const json::value& item : value->get_array()) {
      const std::string path = fmt::format("{}[{}]", at(name), index++);
      if (const Status done = read(item); !done) return fail(done.error().within(path));
    }
    return {};
  }
  Result<const json::object*> object(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return wrong(at(name), "an object");
    return &value->get_object();
  }

 private:
  [[nodiscard]] const json::value* find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && value->is_null() ? nullptr : value;
  }
  [[nodiscard]] std::string at(std::string_view name) const {
    return fmt::format("{}.{}", path_, name);
  }

  const json::object& object_;
  std::string path_;
};

// Appends what `parse` makes of an item.
template <class T, class Parse>
auto append_to(std::vector<T>& list, Parse parse) {
  return [&list, parse](const json::value& item) -> Status {
    auto parsed = parse(item);
    if (!parsed) return fail(parsed.error());
    list.push_back(std::move(*parsed));
    return {};
  };
}

// The same, but leaves out what cannot be parsed.
template <class T, class Parse>
auto append_readable_to(std::vector<T>& list, Parse parse) {
  return [&list, parse](const json::value& item) -> Status {
    if (auto parsed = parse(item)) list.push_back(std::move(*parsed));
    return {};
  };
}

Result<HealthCheckSpec> parse_spec(const json::object& object) {
  const Reader reader(object, "spec");
  HealthCheckSpec spec;
  if (!object.contains("query")) return wrong("spec.query", "set");
  HOLMES_CHECK(reader.text("query", spec.query));
  int64_t timeout_seconds = kDefaultCheckTimeout.count();
  HOLMES_CHECK(reader.integer("timeout", timeout_seconds));
  if (timeout_seconds < 1 || timeout_seconds > kMaxCheckTimeout.count()) {
    return wrong("spec.timeout", fmt::format("1 to {} seconds", kMaxCheckTimeout.count()));
  }
  spec.timeout = std::chrono::seconds(timeout_seconds);
  std::string mode(to_string(spec.mode));
  HOLMES_CHECK(reader.text("mode", mode));
  const auto parsed_mode = parse_check_mode(mode);
  if (!parsed_mode) return wrong("spec.mode", "alert or monitor");
  spec.mode = *parsed_mode;
  HOLMES_CHECK(reader.list("destinations", append_to(spec.destinations, parse_destination)));
  HOLMES_CHECK(reader.text("model", spec.model));
  int64_t ttl_seconds = -1;
  HOLMES_CHECK(reader.integer("ttlSecondsAfterFinished", ttl_seconds));
  if (ttl_seconds >= 0) {
    spec.ttl_after_finished = std::chrono::seconds(std::min(ttl_seconds, kMaxTtlSeconds));
  }
  HOLMES_CHECK(reader.integer("backoffLimit", spec.backoff_limit));
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

Result<kube::Condition> parse_condition(const json::value& value) {
  if (!value.is_object()) return wrong("it", "an object");
  return kube::Condition::from_json(value.get_object());
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

json::object to_json(const Attempt& attempt) {
  return json::object{{"number", attempt.number},
                      {"id", attempt.id},
                      {"epoch", attempt.epoch},
                      {"holder", attempt.holder},
                      {"startTime", format_rfc3339(attempt.start_time)},
                      {"deadline", format_rfc3339(attempt.deadline)}};
}

json::object to_json(const AttemptRecord& record) {
  return json::object{{"run", record.run},
                      {"number", record.number},
                      {"id", record.id},
                      {"startTime", format_rfc3339(record.start_time)},
                      {"endTime", format_rfc3339(record.end_time)},
                      {"outcome", to_string(record.outcome)}};
}

template <class T, class ToJson>
void put_list(json::object& object, std::string_view name, const std::vector<T>& list,
              ToJson to_item) {
  if (list.empty()) return;
  json::array& array = object[name].emplace_array();
  array.reserve(list.size());
  for (const T& item : list) array.push_back(to_item(item));
}

void put_text(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = text;
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

json::object status_update(const HealthCheck& check) {
  json::object metadata{{"name", check.meta.name},
                        {"namespace", check.meta.ns},
                        {"uid", check.meta.uid},
                        {"resourceVersion", check.meta.resource_version}};
  return json::object{{"apiVersion", HealthCheck::resource().api_version()},
                      {"kind", HealthCheck::resource().kind},
                      {"metadata", std::move(metadata)},
                      {"status", to_json(check.status)}};
}

json::object to_json(const HealthCheckSpec& spec) {
  json::object object;
  object["query"] = spec.query;
  object["timeout"] = spec.timeout.count();
  object["mode"] = to_string(spec.mode);
  put_list(object, "destinations", spec.destinations,
           [](const Destination& d) { return to_json(d); });
  put_text(object, "model", spec.model);
  if (spec.ttl_after_finished) object["ttlSecondsAfterFinished"] = spec.ttl_after_finished->count();
  object["backoffLimit"] = spec.backoff_limit;
  object["suspend"] = spec.suspend;
  object["cancel"] = spec.cancel;
  return object;
}

json::object to_json(const HealthCheckStatus& status) {
  json::object object;
  if (status.phase != Phase::kNew) object["phase"] = to_string(status.phase);
  if (status.start_time) object["startTime"] = format_rfc3339(*status.start_time);
  if (status.completion_time) object["completionTime"] = format_rfc3339(*status.completion_time);
  if (status.result) object["result"] = to_string(*status.result);
  put_text(object, "message", status.message);
  put_text(object, "rationale", status.rationale);
  put_text(object, "error", status.error);
  if (status.duration_seconds) object["duration"] = *status.duration_seconds;
  put_text(object, "modelUsed", status.model_used);
  put_list(object, "notifications", status.notifications,
           [](const Notification& n) { return to_json(n); });
  put_list(object, "conditions", status.conditions,
           [](const kube::Condition& c) { return c.to_json(); });
  object["run"] = status.run;
  if (status.attempt) object["attempt"] = to_json(*status.attempt);
  put_list(object, "attempts", status.attempts, [](const AttemptRecord& r) { return to_json(r); });
  object["rerunAccepted"] = status.rerun_accepted;
  object["observedGeneration"] = status.observed_generation;
  if (status.usage) object["usage"] = to_json(*status.usage);
  put_list(object, "evidence", status.evidence, [](const Evidence& e) { return to_json(e); });
  return object;
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
