#include <fmt/format.h>

#include "kube/store/age.h"
#include "kube/store/builtin_cells.h"

namespace holmes::kube::cells {
namespace {

// The API server's default, in case nobody filled it in.
int64_t replicas(const json::object& object) {
  return json_int(object, {"spec", "replicas"}).value_or(1);
}

std::string or_none(std::string text) {
  return text.empty() ? "<none>" : text;
}

void add_containers(json::array& cells, const json::object& template_owner) {
  const auto containers = objects(template_owner, {"template", "spec", "containers"});
  cells.emplace_back(joined(containers, "name"));
  cells.emplace_back(joined(containers, "image"));
}

const json::object& spec_of(const json::object& object) {
  static const json::object nothing;
  const json::object* spec = json_object(object, {"spec"});
  return spec == nullptr ? nothing : *spec;
}

std::string job_status(const json::object& job) {
  if (has_condition(job, "Complete")) return "Complete";
  if (has_condition(job, "Failed")) return "Failed";
  if (json_find(job, {"metadata", "deletionTimestamp"}) != nullptr) return "Terminating";
  for (const char* const type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (has_condition(job, type)) return type;
  }
  return "Running";
}

std::string job_completions(const json::object& job) {
  const int64_t succeeded = count(job, {"status", "succeeded"});
  const auto wanted = json_int(job, {"spec", "completions"});
  if (wanted) return fmt::format("{}/{}", succeeded, *wanted);
  const int64_t parallel = count(job, {"spec", "parallelism"});
  return parallel > 1 ? fmt::format("{}/1 of {}", succeeded, parallel)
                      : fmt::format("{}/1", succeeded);
}

std::string job_duration(const json::object& job, WallTime now) {
  const auto start = json_string(job, {"status", "startTime"});
  const auto began = parse_rfc3339(start.value_or(""));
  if (!began) return "";
  const auto ended = parse_rfc3339(json_string_or(job, {"status", "completionTime"}));
  return human_duration((ended ? *ended : now) - *began);
}

// "40%/80%" of one metric; `at` is its member of spec and status: "resource".
std::string metric_text(const json::object& metric, const json::object* status,
                        const std::string& at) {
  const auto current = [&](JsonPath path) -> std::string {
    const json::object* now = status == nullptr ? nullptr : json_object(*status, {at, "current"});
    return now == nullptr ? "<unknown>" : json_string_or(*now, path, "<unknown>");
  };
  const bool of_containers = at == "resource" || at == "containerResource";
  const std::string name =
      of_containers ? json_string_or(metric, {at, "name"}) + ": " : std::string();
  const bool total = at == "external" || at == "object";
  if (const auto average = json_string(metric, {at, "target", "averageValue"})) {
    return fmt::format("{}{}/{}{}", name, current({"averageValue"}), *average,
                       total ? " (avg)" : "");
  }
  if (!of_containers) {
    return fmt::format("{}/{}", current({"value"}),
                       json_string_or(metric, {at, "target", "value"}));
  }
  const auto percent = [](std::optional<int64_t> number, std::string_view none) {
    return number ? fmt::format("{}%", *number) : std::string(none);
  };
  const auto used =
      status == nullptr ? std::nullopt : json_int(*status, {at, "current", "averageUtilization"});
  return fmt::format("{}{}/{}", name, percent(used, "<unknown>"),
                     percent(json_int(metric, {at, "target", "averageUtilization"}), "<auto>"));
}

std::string metrics_text(const json::object& object) {
  const auto metrics = objects(object, {"spec", "metrics"});
  const auto statuses = objects(object, {"status", "currentMetrics"});
  constexpr size_t kShown = 2;
  std::string text;
  for (size_t i = 0; i < metrics.size() && i < kShown; ++i) {
    std::string at = json_string_or(*metrics[i], {"type"});
    if (!at.empty()) at[0] = static_cast<char>(at[0] | 0x20);  // "Resource" stands in "resource"
    if (i > 0) text += ", ";
    text += json_object(*metrics[i], {at}) == nullptr
                ? "<unknown type>"
                : metric_text(*metrics[i], i < statuses.size() ? statuses[i] : nullptr, at);
  }
  if (metrics.size() > kShown) text += fmt::format(" + {} more...", metrics.size() - kShown);
  return or_none(text);
}

}  // namespace

json::array deployment(const json::object& object, WallTime now) {
  json::array cells{
      name_of(object),
      fmt::format("{}/{}", count(object, {"status", "readyReplicas"}), replicas(object)),
      count(object, {"status", "updatedReplicas"}), count(object, {"status", "availableReplicas"}),
      age_of(object, now)};
  add_containers(cells, spec_of(object));
  cells.emplace_back(selector_text(json_object(object, {"spec", "selector"})));
  return cells;
}

json::array replica_set(const json::object& object, WallTime now) {
  json::array cells{name_of(object), replicas(object), count(object, {"status", "replicas"}),
                    count(object, {"status", "readyReplicas"}), age_of(object, now)};
  add_containers(cells, spec_of(object));
  cells.emplace_back(or_none(selector_text(json_object(object, {"spec", "selector"}))));
  return cells;
}

json::array stateful_set(const json::object& object, WallTime now) {
  json::array cells{
      name_of(object),
      fmt::format("{}/{}", count(object, {"status", "readyReplicas"}), replicas(object)),
      age_of(object, now)};
  add_containers(cells, spec_of(object));
  return cells;
}

json::array daemon_set(const json::object& object, WallTime now) {
  json::array cells{name_of(object),
                    count(object, {"status", "desiredNumberScheduled"}),
                    count(object, {"status", "currentNumberScheduled"}),
                    count(object, {"status", "numberReady"}),
                    count(object, {"status", "updatedNumberScheduled"}),
                    count(object, {"status", "numberAvailable"}),
                    labels_text(json_object(object, {"spec", "template", "spec", "nodeSelector"})),
                    age_of(object, now)};
  add_containers(cells, spec_of(object));
  cells.emplace_back(or_none(selector_text(json_object(object, {"spec", "selector"}))));
  return cells;
}

json::array job(const json::object& object, WallTime now) {
  json::array cells{name_of(object), job_status(object), job_completions(object),
                    job_duration(object, now), age_of(object, now)};
  add_containers(cells, spec_of(object));
  cells.emplace_back(or_none(selector_text(json_object(object, {"spec", "selector"}))));
  return cells;
}

json::array cron_job(const json::object& object, WallTime now) {
  const auto suspend = json_bool(object, {"spec", "suspend"});
  const json::value* last = json_find(object, {"status", "lastScheduleTime"});
  json::array cells{name_of(object),
                    json_string_or(object, {"spec", "schedule"}),
                    json_string_or(object, {"spec", "timeZone"}, "<none>"),
                    suspend.value_or(false) ? "True" : "False",
                    static_cast<int64_t>(objects(object, {"status", "active"}).size()),
                    last == nullptr ? "<none>" : age_text(last, now),
                    age_of(object, now)};
  const json::object* job = json_object(object, {"spec", "jobTemplate", "spec"});
  add_containers(cells, job == nullptr ? json::object() : *job);
  cells.emplace_back(
      or_none(selector_text(json_object(object, {"spec", "jobTemplate", "spec", "selector"}))));
  return cells;
}

json::array autoscaler(const json::object& object, WallTime now) {
  const auto min = json_int(object, {"spec", "minReplicas"});
  return {name_of(object),
          fmt::format("{}/{}", json_string_or(object, {"spec", "scaleTargetRef", "kind"}),
                      json_string_or(object, {"spec", "scaleTargetRef", "name"})),
          metrics_text(object),
          min ? fmt::format("{}", *min) : "<unset>",
          count(object, {"spec", "maxReplicas"}),
          count(object, {"status", "currentReplicas"}),
          age_of(object, now)};
}

}  // namespace holmes::kube::cells
