#include "holmes/llm/demo_reading.h"

#include <array>
#include <map>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kError = "error: ";
constexpr std::string_view kNotFound = "error: not found (404)";
constexpr size_t kMaxRows = 500;
constexpr size_t kMaxProblemsNamed = 3;
constexpr size_t kMaxQuotedBytes = 300;

// One line, so that it fits into a finding.
std::string one_line(std::string_view text, size_t bytes_max = kMaxQuotedBytes) {
  std::string line(trim(text));
  RE2::GlobalReplace(&line, R"(\s+)", " ");
  return cut(line, bytes_max);
}

// The JSON object of an answer; notes may stand around it.
json::object object_of(std::string_view answer) {
  const size_t begin = answer.find('{');
  const size_t end = answer.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  auto object = parse_json_object(answer.substr(begin, end - begin + 1));
  return object ? *std::move(object) : json::object();
}

// An empty one when there is none.
const json::array& array_at(const json::object& object, JsonPath path) {
  static const json::array none;
  const json::array* array = json_array(object, path);
  return array == nullptr ? none : *array;
}

using TableRow = std::map<std::string, std::string, std::less<>>;

std::vector<std::string> cells_of(std::string_view line) {
  static const RE2 cell(R"((\S+(?: \S+)*)(?:\s{2,}|\s*$))");
  std::vector<std::string> cells;
  std::string text;
  re2::StringPiece left(line.data(), line.size());
  while (!left.empty() && RE2::Consume(&left, cell, &text)) cells.push_back(text);
  return cells;
}

std::vector<TableRow> rows_of(std::string_view answer) {
  std::vector<TableRow> rows;
  std::vector<std::string> columns;
  for (const std::string_view line : split(answer, '\n')) {
    if (line.starts_with('[')) continue;  // a remark of the tool
    const std::vector<std::string> cells = cells_of(line);
    if (columns.empty()) {
      columns = cells;
    } else if (cells.size() > 1 && rows.size() < kMaxRows) {
      TableRow row;
      for (size_t i = 0; i < cells.size() && i < columns.size(); ++i) row[columns[i]] = cells[i];
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string_view cell(const TableRow& row, std::string_view column) {
  const auto found = row.find(column);
  return found == row.end() ? "" : std::string_view(found->second);
}

int64_t leading_number(std::string_view text) {
  int64_t number = 0;
  return RE2::PartialMatch(text, R"(^(\d{1,9}))", &number) ? number : 0;
}

bool all_ready(std::string_view ready) {
  int64_t now = 0;
  int64_t wanted = 0;
  return RE2::FullMatch(ready, R"((\d{1,9})/(\d{1,9}))", &now, &wanted) && now >= wanted;
}

// "" when the row is healthy.
using RowJudge = std::string (*)(const TableRow& row);

std::string judge_pod(const TableRow& row) {
  const std::string_view status = cell(row, "STATUS");
  if (status == "Completed" || status == "Succeeded") return "";
  if (status == "Running" && all_ready(cell(row, "READY"))) return "";
  const std::string_view restarts = cell(row, "RESTARTS");
  return fmt::format("{}, {} ready{}", status, cell(row, "READY"),
                     leading_number(restarts) > 0 ? fmt::format(", {} restarts", restarts) : "");
}
std::string judge_workload(const TableRow& row) {
  if (all_ready(cell(row, "READY"))) return "";
  return fmt::format("{} ready", cell(row, "READY"));
}
std::string judge_counts(const TableRow& row) {
  if (leading_number(cell(row, "READY")) >= leading_number(cell(row, "DESIRED"))) return "";
  return fmt::format("{} of {} ready", cell(row, "READY"), cell(row, "DESIRED"));
}
std::string judge_node(const TableRow& row) {
  const std::string_view status = cell(row, "STATUS");
  return status == "Ready" || status.starts_with("Ready,") ? "" : std::string(status);
}
std::string judge_job(const TableRow& row) {
  return cell(row, "STATUS") == "Failed"
             ? fmt::format("Failed, {} completions", cell(row, "COMPLETIONS"))
             : "";
}
std::string judge_claim(const TableRow& row) {
  const std::string_view status = cell(row, "STATUS");
  return status == "Bound" ? "" : std::string(status);
}
std::string judge_event(const TableRow& row) {
  if (cell(row, "TYPE") != "Warning") return "";
  return fmt::format("{}: {}", cell(row, "REASON"), one_line(cell(row, "MESSAGE"), 120));
}

struct JudgeRow {
  std::string_view kind;
  std::string_view plural;
  RowJudge judge;
};
constexpr auto kJudges = std::to_array<JudgeRow>({
    {"Pod", "pods", judge_pod},
    {"Deployment", "deployments", judge_workload},
    {"StatefulSet", "stateful sets", judge_workload},
    {"DaemonSet", "daemon sets", judge_counts},
    {"ReplicaSet", "replica sets", judge_counts},
    {"Node", "nodes", judge_node},
    {"Job", "jobs", judge_job},
    {"PersistentVolumeClaim", "claims", judge_claim},
    {"Event", "events", judge_event},
});

std::string judge_restarts(const TableRow& row, int64_t restarts_max) {
  const std::string_view restarts = cell(row, "RESTARTS");
  if (leading_number(restarts) <= restarts_max) return "";
  return fmt::format("{} restarts, {}", restarts, cell(row, "STATUS"));
}

std::string name_of(const TableRow& row, std::string_view kind) {
  return std::string(cell(row, kind == "Event" ? "OBJECT" : "NAME"));
}

// "(a: state), (b: state) and 3 more"
std::string named(const std::vector<DemoProblem>& problems) {
  std::string text;
  for (size_t i = 0; i < problems.size() && i < kMaxProblemsNamed; ++i) {
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", problems[i].name, problems[i].state);
  }
  if (problems.size() > kMaxProblemsNamed) {
    text += fmt::format(" and {} more", problems.size() - kMaxProblemsNamed);
  }
  return text;
}

int64_t number_at(const json::object& object, JsonPath path, int64_t otherwise = 0) {
  return json_int(object, path).value_or(otherwise);
}

// What of an object's conditions has this type; nullptr when none has.
const json::object* condition_of(const json::object& object, std::string_view type) {
  for (const json::value& condition : array_at(object, {"status", "conditions"})) {
    if (json_string(condition, {"type"}) == type) return condition.if_object();
  }
  return nullptr;
}

struct ObjectState {
  std::string sentence;
  std::string problem;  // "": none
};

ObjectState replicas_state(const json::object& object, const DemoQuestion& question) {
  const bool daemons = question.kind == "DaemonSet";
  const int64_t wanted = daemons ? number_at(object, {"status", "desiredNumberScheduled"})
                                 : number_at(object, {"spec", "replicas"}, 1);
  const int64_t ready = daemons ? number_at(object, {"status", "numberReady"})
                                : number_at(object, {"status", "readyReplicas"});
  const int64_t enough = question.ready_min.value_or(wanted);
  ObjectState state{fmt::format("has {} of {} replicas ready (readyReplicas {}, replicas {})",
                                ready, wanted, ready, wanted),
                    ""};
  if (question.ready_min) state.sentence += fmt::format(", at least {} are asked for", enough);
  if (ready < enough) state.problem = fmt::format("{}/{} ready", ready, enough);
  return state;
}

ObjectState pod_state(const json::object& pod, const DemoQuestion& question) {
  const std::string phase = json_string_or(pod, {"status", "phase"}, "Unknown");
  std::string reason = phase;
  int64_t restarts = 0;
  bool ready = phase == "Running" || phase == "Succeeded";
  for (const json::value& container : array_at(pod, {"status", "containerStatuses"})) {
    restarts += json_int(container, {"restartCount"}).value_or(0);
    const bool up = json_bool(container, {"ready"}).value_or(false);
    if (phase == "Running" && !up) ready = false;
    const std::string waiting = json_string_or(container, {"state", "waiting", "reason"});
    if (!waiting.empty()) reason = waiting;
  }
  ObjectState state{
      fmt::format("is {}, {}, with {} restarts", reason, ready ? "ready" : "not ready", restarts),
      ""};
  const bool restless = question.restarts_max && restarts > *question.restarts_max;
  if (restless) state.sentence += fmt::format(" (more than {})", *question.restarts_max);
  if (question.restarts_max ? restless : !ready) state.problem = reason;
  return state;
}

ObjectState condition_state(const json::object& object, std::string_view type, bool good) {
  const json::object* condition = condition_of(object, type);
  const std::string status =
      condition == nullptr ? "not set" : json_string_or(*condition, {"status"}, "not set");
  ObjectState state{fmt::format("has the condition {} {}", type, status), ""};
  if (condition != nullptr) {
    const std::string message = json_string_or(*condition, {"message"});
    if (!message.empty()) state.sentence += fmt::format(" ({})", one_line(message, 120));
  }
  if ((status == "True") != good) state.problem = fmt::format("{} {}", type, status);
  return state;
}

ObjectState state_of(const json::object& object, const DemoQuestion& question) {
  if (question.existence) return {"exists", ""};
  if (question.kind == "Pod") return pod_state(object, question);
  if (question.kind == "Node") return condition_state(object, "Ready", true);
  if (question.kind == "Job") return condition_state(object, "Failed", false);
  if (question.kind == "PersistentVolumeClaim") {
    const std::string phase = json_string_or(object, {"status", "phase"}, "unknown");
    return {fmt::format("is {}", phase), phase == "Bound" ? "" : phase};
  }
  return replicas_state(object, question);
}

void read_object(const DemoQuestion& question, const std::string& name, std::string_view answer,
                 DemoReading& reading) {
  const std::string what = fmt::format("{} '{}'", question.kind, name);
  if (answer.starts_with(kNotFound)) {
    reading.seen.push_back(fmt::format("{} does not exist", what));
    reading.fails = true;
    return;
  }
  const json::object object = object_of(answer);
  if (answer.starts_with(kError) || object.empty()) {
    reading.unreadable = fmt::format("{} could not be read: {}", what, one_line(answer));
    return;
  }
  ObjectState state = state_of(object, question);
  reading.seen.push_back(fmt::format("{} {}", what, state.sentence));
  if (state.problem.empty()) return;
  reading.fails = true;
  reading.problems.push_back({name, question.ns, std::move(state.problem)});
}

}  // namespace

DemoReading read_objects(const DemoQuestion& question, const std::vector<std::string>& answers) {
  DemoReading reading;
  for (size_t i = 0; i < answers.size() && i < question.names.size(); ++i) {
    read_object(question, question.names[i], answers[i], reading);
  }
  return reading;
}

DemoReading read_table(const DemoQuestion& question, std::string_view answer) {
  DemoReading reading;
  const JudgeRow* judge = nullptr;
  for (const JudgeRow& row : kJudges) {
    if (row.kind == question.kind) judge = &row;
  }
  if (answer.starts_with(kError) || judge == nullptr) {
    reading.unreadable =
        fmt::format("the list of {} could not be read: {}", question.kind, one_line(answer));
    return reading;
  }
  const std::vector<TableRow> rows = rows_of(answer);
  for (const TableRow& row : rows) {
    std::string state =
        question.restarts_max ? judge_restarts(row, *question.restarts_max) : judge->judge(row);
    if (state.empty()) continue;
    reading.problems.push_back(
        {name_of(row, question.kind), std::string(cell(row, "NAMESPACE")), std::move(state)});
  }
  const bool events = question.kind == "Event";
  reading.fails = !reading.problems.empty() || (rows.empty() && !events);
  if (rows.empty()) {
    reading.seen.push_back(events ? "there are no warning events"
                                  : fmt::format("there are no {}", judge->plural));
  } else if (reading.problems.empty()) {
    reading.seen.push_back(events ? "there are no warning events"
                           : question.restarts_max
                               ? fmt::format("none of {} pods restarted more than {} times",
                                             rows.size(), *question.restarts_max)
                               : fmt::format("all {} {} are healthy", rows.size(), judge->plural));
  } else {
    reading.seen.push_back(fmt::format("{} of {} {} {}: {}", reading.problems.size(), rows.size(),
                                       judge->plural,
                                       events                  ? "are warnings"
                                       : question.restarts_max ? "restarted too often"
                                                               : "are not healthy",
                                       named(reading.problems)));
  }
  return reading;
}

std::optional<DemoProblem> unready_pod(std::string_view described) {
  const json::object root = object_of(described);
  for (const json::value& pod : array_at(root, {"pods"})) {
    const std::string phase = json_string_or(pod, {"phase"});
    if (phase == "Succeeded" || (phase == "Running" && all_ready(json_string_or(pod, {"ready"})))) {
      continue;
    }
    const std::string state = phase == "Running" ? "Running but not ready" : phase;
    DemoProblem problem{json_string_or(pod, {"name"}), "", json_string_or(pod, {"reason"}, state)};
    problem.state += fmt::format(" with {} restarts", json_int(pod, {"restarts"}).value_or(0));
    return problem;
  }
  return std::nullopt;
}

std::string last_warning(std::string_view described) {
  const json::object root = object_of(described);
  std::string warning;
  for (const json::value& event : array_at(root, {"events"})) {
    if (json_string(event, {"type"}) != "Warning") continue;
    warning = fmt::format("{}: {}", json_string_or(event, {"reason"}),
                          one_line(json_string_or(event, {"message"})));
  }
  return warning;
}

std::string last_log_line(std::string_view answer) {
  if (answer.starts_with(kError)) return "";
  // The first line is the tool's note.
  const size_t first = answer.find('\n');
  if (first == std::string_view::npos) return "";
  std::string last;
  for (const std::string_view line : split(answer.substr(first + 1), '\n')) {
    if (!trim(line).empty() && !line.starts_with("[note:")) last = one_line(line, 200);
  }
  return last;
}

}  // namespace holmes
