#include "manifest/validate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/crd.h"

namespace holmes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const Problem& problem : validate_manifest(text).problems) {
    lines.push_back(to_text(problem, "f"));
  }
  return lines;
}

// A HealthCheck with `more` in its spec from line 6 on, indented by two.
std::string check_with(std::string_view more) {
  return fmt::format(
      "apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata:\n  name: a\nspec:\n  {}\n",
      more);
}

std::string schedule_with(std::string_view more) {
  return fmt::format(
      "apiVersion: holmesgpt.dev/v1alpha1\nkind: ScheduledHealthCheck\nmetadata:\n  name: a\n"
      "spec:\n  {}\n",
      more);
}

TEST(ValidateManifest, FindsNothingInTheExamplesOfTheSpecification) {
  const Validation validation = validate_manifest(R"(apiVersion: holmesgpt.dev/v1alpha1
kind: HealthCheck
metadata:
  name: frontend-health-check
  namespace: default
  labels:
    holmesgpt.dev/scheduled-by: frontend-schedule
spec:
  query: "Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?"
  timeout: 30 # seconds
  mode: alert # or "monitor" (no alerts)
  destinations:
    - type: slack
      config:
        channel: "#alerts"
---
apiVersion: holmesgpt.dev/v1alpha1
kind: ScheduledHealthCheck
metadata:
  name: frontend-schedule
  namespace: default
spec:
  schedule: "*/5 * * * *" # Cron format (every 5 minutes)
  query: "Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?"
  timeout: 30
  mode: alert
  destinations:
    - type: slack
      config:
        channel: "#alerts"
  enabled: true # Enable or disable the schedule
)");
  EXPECT_THAT(validation.problems, IsEmpty());
  EXPECT_EQ(validation.objects, 2U);
}

struct Row {
  std::string text;
  std::string line;  // how the only line about the text begins
};

void expect_one_line_each(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::vector<std::string> lines = lines_of(row.text);
    ASSERT_EQ(lines.size(), 1U) << row.text << fmt::format("{}", fmt::join(lines, "\n"));
    EXPECT_TRUE(lines[0].starts_with(row.line)) << lines[0] << "\n" << row.line;
  }
}

TEST(ValidateManifest, SaysWhatIsWrongWithACheckWhereAndWhatWouldBeRight) {
  const std::string long_query(5001, 'x');
  expect_one_line_each({
      {check_with("query: ''"), "f:6:10: error: spec.query: must not be empty"},
      {check_with("query: '  '"), "f:6:10: error: spec.query: must not be blank"},
      {check_with("query: " + long_query),
       "f:6:10: error: spec.query: must have at most 5000 characters, not 5001"},
      {check_with("query:"),
       "f:6:3: error: spec.query: must be set: The question, in plain words. The check passes when "
       "no problem is found."},
      {check_with("timeout: 5"),
       "f:5:1: error: spec.query: must be set: The question, in plain words. The check passes when "
       "no problem is found."},
      {check_with("query: 42"),
       "f:6:10: error: spec.query: must be a string, not the number 42; put it in quotes"},
      {check_with("query: on"),
       "f:6:10: error: spec.query: must be a string, not 'on', which YAML reads as true; put it in "
       "quotes"},
      {check_with("query: [a]"), "f:6:10: error: spec.query: must be a string, not a list"},
      {check_with("query: q\n  timeout: 0"),
       "f:7:12: error: spec.timeout: must be an integer from 1 to 300, not the number 0"},
      {check_with("query: q\n  timeout: 301"),
       "f:7:12: error: spec.timeout: must be an integer from 1 to 300, not the number 301"},
      {check_with("query: q\n  timeout: 1.5"),
       "f:7:12: error: spec.timeout: must be an integer from 1 to 300, not the number 1.5"},
      {check_with("query: q\n  timeout: 30s"),
       "f:7:12: error: spec.timeout: must be an integer from 1 to 300, not '30s'"},
      {check_with("query: q\n  mode: Alert"),
       "f:7:9: error: spec.mode: must be alert or monitor, not 'Alert' (did you mean alert?)"},
      {check_with("query: q\n  suspend: 1"),
       "f:7:12: error: spec.suspend: must be true or false, not the number 1"},
      {check_with("query: q\n  timout: 5"),
       "f:7:3: error: spec.timout: there is no such field (did you mean timeout?)"},
  });
}

TEST(ValidateManifest, SaysWhatIsWrongWithADestination) {
  const std::string big_config(8185, 'x');
  expect_one_line_each({
      {check_with("query: q\n  destinations: {type: slack}"),
       "f:7:17: error: spec.destinations: must be a list, not a map"},
      {check_with("query: q\n  destinations:\n  - config: {a: 1}"),
       "f:8:5: error: spec.destinations[0].type: must be set: Kind of destination, for example "
       "slack."},
      {check_with("query: q\n  destinations:\n  - {type: slack, config: x}"),
       "f:8:27: error: spec.destinations[0].config: must be a map of fields, not 'x'"},
      {check_with("query: q\n  destinations:\n  - {type: slak}"),
       "f:8:12: warning: spec.destinations[0].type: 'slak' is no destination that Holmes knows "
       "(did "
       "you mean slack?); slack is"},
      {check_with("query: q\n  destinations:\n  - type: slack\n    config: {a: " + big_config +
                  "}"),
       "f:9:5: error: spec.destinations[0].config: must have at most 8192 bytes of JSON, not 8193"},
      {check_with("query: q\n  schedule: '* * * * *'"),
       "f:7:3: error: spec.schedule: there is no such field; there are query, timeout, mode, "
       "destinations, model, ttlSecondsAfterFinished, backoffLimit, suspend, cancel"},
  });
}

TEST(ValidateManifest, SaysWhatIsWrongWithASchedule) {
  expect_one_line_each({
      {schedule_with("schedule: '* * * * *'"),
       "f:5:1: error: spec.query: must be set: The question, in plain words. The check passes when "
       "no problem is found."},
      {schedule_with("query: q\n  schedule: 5"),
       "f:7:13: error: spec.schedule: must be a string, not the number 5; put it in quotes"},
      {schedule_with("query: q\n  schedule: ''"),
       "f:7:13: error: spec.schedule: must not be empty"},
      {schedule_with("query: q\n  schedule: 0 25 * * *"), "f:7:13: error: spec.schedule: "},
      {schedule_with("query: q\n  schedule: '@hourly'\n  timeZone: Europe/Berln"),
       "f:8:13: error: spec.timeZone: "},
      {schedule_with("query: q\n  schedule: '@every 90s'\n  jitterSeconds: 45"),
       "f:8:18: error: spec.jitterSeconds: must be less than half the shortest period of the "
       "schedule, which is 90 seconds; at most 44, not 45"},
      {schedule_with("query: q\n  schedule: '@yearly'\n  jitterSeconds: 3601"),
       "f:8:18: error: spec.jitterSeconds: must be an integer from 0 to 3600, not the number 3601"},
      {schedule_with("query: q\n  schedule: 0 9 * * 1-5"), "f:7:13: warning: spec.schedule: "},
      {schedule_with("query: q\n  schedule: '@hourly'\n  suspend: true"),
       "f:8:3: error: spec.suspend: there is no such field"},
      {schedule_with("query: q\n  schedule: '@hourly'\n  concurrencyPolicy: forbid"),
       "f:8:22: error: spec.concurrencyPolicy: must be Allow, Forbid or Replace, not 'forbid' (did "
       "you mean Forbid?)"},
      {schedule_with("query: q\n  schedule: '@hourly'\n  startingDeadlineSeconds: 0"),
       "f:8:28: error: spec.startingDeadlineSeconds: must be an integer from 1 to 2147483647, not "
       "the number 0"},
  });
}

TEST(ValidateManifest, TakesWhatTheApiServerTakes) {
  for (const std::string& text : {
           check_with("query: q\n  timeout: 30.0"),
           check_with("query: q\n  timeout: 1e2"),
           check_with("query: q\n  suspend: yes"),
           check_with("query: q\n  model:\n  destinations: ~"),
           check_with("query: " + std::string(5000, 'x')),
           check_with("query: q\n  destinations: [{type: slack, config: {a: " +
                      std::string(8184, 'x') + "}}]"),
           check_with("query: q\n  destinations: [{type: slack, config: {any: {thing: [1]}}}]"),
           schedule_with("query: q\n  schedule: '@every 90s'\n  jitterSeconds: 44"),
           schedule_with("query: q\n  schedule: 0 9 * * mon-fri\n  timeZone: Europe/Berlin"),
           std::string(R"({"apiVersion":"holmesgpt.dev/v1alpha1","kind":"HealthCheck",
                           "metadata":{"generateName":"a-","creationTimestamp":null},
                           "spec":{"query":"q"}})"),
       }) {
    EXPECT_THAT(lines_of(text), IsEmpty()) << text.substr(0, 300);
  }
}

TEST(ValidateManifest, SaysWhatIsWrongWithAnObject) {
  expect_one_line_each({
      {"- a\n", "f:1:1: error: must be an object with apiVersion, kind, metadata and spec"},
      {"kind: HealthCheck\n",
       "f:1:1: error: apiVersion: must be set, to holmesgpt.dev/v1alpha1 for example"},
      {"apiVersion: holmesgpt.dev/v1alpha1\n",
       "f:1:1: error: kind: must be set, to HealthCheck or ScheduledHealthCheck for example"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthChek\n",
       "f:2:7: error: kind: must be HealthCheck or ScheduledHealthCheck, not 'HealthChek' (did you "
       "mean HealthCheck?)"},
      {"apiVersion: holmesgpt.dev/v1\nkind: HealthCheck\n",
       "f:1:13: error: apiVersion: must be holmesgpt.dev/v1alpha1, not 'holmesgpt.dev/v1'"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\n",
       "f:1:1: error: spec: must be set: What to check."},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {}\nspec: {query: q}\n",
       "f:3:1: error: metadata.name: must be set"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nspec: {query: q}\n",
       "f:1:1: error: metadata.name: must be set"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: A_b}\n"
       "spec: {query: q}\n",
       "f:3:18: error: metadata.name: must be at most 253 lower case letters, digits, '-' and '.'"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a, namespace: "
       "b.c}\nspec: {query: q}\n",
       "f:3:32: error: metadata.namespace: must be at most 63 lower case letters"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a, annotations: "
       "{holmesgpt.dev/rerun: true}}\nspec: {query: q}\n",
       "f:3:56: error: metadata.annotations.holmesgpt.dev/rerun: must be a string, not the boolean "
       "true; put it in quotes"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a, lables: {}}\n"
       "spec: {query: q}\n",
       "f:3:21: error: metadata.lables: there is no such field (did you mean labels?)"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\n"
       "spec: {query: q}\nSpec: {}\n",
       "f:5:1: error: Spec: there is no such field (did you mean spec?)"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\n"
       "spec: {query: q}\nstatus: {phase: Completed}\n",
       "f:5:1: warning: status: is written by the operator"},
      {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: holmesgpt.dev/v1alpha1\n"
       "  kind: HealthCheck\n  metadata: {name: a}\n  spec: {query: 1}\n",
       "f:7:17: error: items[0].spec.query: must be a string"},
      {"", "f:1:1: warning: there is no object in this file"},
  });
}

TEST(ValidateManifest, TellsAllProblemsOfAllDocumentsInTheirOrder) {
  EXPECT_THAT(
      lines_of(check_with("query: 1\n  timeout: 0\n  mode: x") + "---\n" + check_with("query: 2")),
      ElementsAre(HasSubstr("f:6:10: error: spec.query"), HasSubstr("f:7:12: error"),
                  HasSubstr("f:8:9: error: spec.mode"), HasSubstr("f:15:10: error: spec.query")));
}

TEST(ValidateManifest, MentionsObjectsOfOtherKindsOnce) {
  const Validation validation = validate_manifest(
      "apiVersion: v1\nkind: Secret\n---\napiVersion: apps/v1\nkind: Deployment\nspec: 5\n---\n" +
      check_with("query: q"));
  EXPECT_EQ(validation.objects, 1U);
  ASSERT_EQ(validation.problems.size(), 1U);
  EXPECT_EQ(to_text(validation.problems[0], "f"),
            "f:1:1: note: 2 objects of other kinds not checked: 'Deployment', 'Secret'");
}

TEST(ValidateManifest, AKindOfOursInAForeignGroupIsAWarning) {
  const auto lines = lines_of("apiVersion: holmes.dev/v1alpha1\nkind: HealthCheck\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[1], HasSubstr("f:1:13: warning: apiVersion: 'holmes.dev/v1alpha1' is not the "
                                  "group of Holmes; holmesgpt.dev/v1alpha1 would be"));
}

TEST(ValidateManifest, ManyProblemsEndInOneThatIsAsGraveAsTheGravest) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += check_with("query: 1\n  timeout: 0") + "---\n";
  const std::vector<Problem> problems = validate_manifest(text).problems;
  ASSERT_EQ(problems.size(), kMaxProblems + 1);
  EXPECT_EQ(problems.back().message, "and more, from here on");
  EXPECT_EQ(problems.back().severity, Severity::kError);
}

// Otherwise the API server would refuse what the walk accepts.
TEST(ValidateManifest, KnowsEveryRuleOfTheSchemas) {
  for (const json::object& crd : {healthcheck_crd(), scheduledhealthcheck_crd()}) {
    const std::string text = to_text(crd);
    const std::string rule = R"("rule":")";
    for (size_t at = text.find(rule); at != std::string::npos; at = text.find(rule, at + 1)) {
      EXPECT_EQ(text.substr(at + rule.size(), kNotBlankRule.size()), kNotBlankRule);
    }
    for (const std::string_view keyword :
         {"pattern\":", "oneOf", "anyOf", "allOf", "multipleOf", "exclusiveM", "minItems",
          "uniqueItems", "minProperties", "int-or-string", "nullable"}) {
      EXPECT_EQ(text.find(keyword), std::string::npos) << keyword;
    }
  }
}

TEST(ValidateManifest, ItsWordsAreSafeToPrint) {
  const auto lines = lines_of(check_with("query: q\n  \"a\\e[31m\\n\": 1\n  mode: \"\xff\""));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("error: spec.a?[31m?: there is no such field"));
  EXPECT_THAT(lines[1], HasSubstr("not '\xEF\xBF\xBD'"));
}

TEST(ValidateManifest, TellsAProblemAsJson) {
  EXPECT_EQ(to_text(to_json(Problem{Severity::kWarning, {3, 5}, "spec.schedule", "m"}, "a.yaml")),
            R"({"file":"a.yaml","line":3,"column":5,"path":"spec.schedule","severity":"warning",)"
            R"("message":"m"})");
}

}  // namespace
}  // namespace holmes
