#include "manifest/check_file.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> lines_of(const CheckFile& file) {
  std::vector<std::string> lines;
  for (const Problem& problem : file.problems) lines.push_back(to_text(problem, "f"));
  return lines;
}

std::vector<std::string> lines_of(std::string_view text) {
  return lines_of(read_check_file(text));
}

std::vector<std::string> names_of(const CheckFile& file) {
  std::vector<std::string> names;
  for (const FileCheck& check : file.checks) {
    names.push_back(check.ns.empty() ? check.name : check.ns + "/" + check.name);
  }
  return names;
}

constexpr std::string_view kChecks = R"(version: 1
defaults:
  timeout: 60
  mode: alert
  destinations: [slack]
  tags: [all]
destinations:
  slack:
    channel: "#alerts"
checks:
  - name: frontend
    query: "Are all pods of 'frontend' healthy?"
    description: The shop's front door.
    tags: [web, prod]
    timeout: 5
    model: openai/gpt-4.1
    schedule: "*/5 * * * *"
  - name: backend
    query: Is the backend healthy?
    mode: monitor
    destinations: []
)";

constexpr std::string_view kManifests = R"(apiVersion: holmesgpt.dev/v1alpha1
kind: HealthCheck
metadata: {name: a, namespace: shop, labels: {team: web}}
spec: {query: q, timeout: 7, mode: alert, destinations: [{type: slack}], model: m}
status: {phase: Completed}
---
apiVersion: v1
kind: List
items:
- apiVersion: holmesgpt.dev/v1alpha1
  kind: ScheduledHealthCheck
  metadata: {name: b}
  spec: {query: r, schedule: '@hourly'}
- apiVersion: holmesgpt.dev/v1alpha1
  kind: HealthCheck
  metadata: {generateName: c-}
  spec: {query: s}
- apiVersion: v1
  kind: Secret
)";

TEST(CheckFile, ReadsAChecksYamlWithItsDefaults) {
  const CheckFile file = read_check_file(kChecks);
  EXPECT_THAT(lines_of(file), IsEmpty());
  ASSERT_THAT(file.checks, SizeIs(2));
  const FileCheck& frontend = file.checks[0];
  EXPECT_EQ(frontend.name, "frontend");
  EXPECT_EQ(frontend.ns, "");
  EXPECT_THAT(frontend.tags, ElementsAre("web", "prod"));
  const std::vector<Destination> slack{{"slack", "", {{"channel", "#alerts"}}}};
  EXPECT_EQ(frontend.request, (CheckRequest{"Are all pods of 'frontend' healthy?", seconds(5),
                                            CheckMode::kAlert, slack, "openai/gpt-4.1", ""}));
  const FileCheck& backend = file.checks[1];
  EXPECT_THAT(backend.tags, ElementsAre("all"));
  EXPECT_EQ(
      backend.request,
      (CheckRequest{"Is the backend healthy?", seconds(60), CheckMode::kMonitor, {}, "", ""}));
}

TEST(CheckFile, WithoutDefaultsACheckIsLikeAHealthCheck) {
  const CheckFile file = read_check_file("checks: [{name: a, query: q}]");
  EXPECT_THAT(lines_of(file), IsEmpty());
  ASSERT_THAT(file.checks, SizeIs(1));
  CheckRequest expected;
  expected.query = "q";
  EXPECT_EQ(file.checks[0].request, expected);
}

TEST(CheckFile, ADestinationThatNobodyDeliversToIsWarnedOfAndTakesNoOtherWithIt) {
  const CheckFile file = read_check_file(
      "destinations:\n  slack: {channel: '#a'}\n  pagerduty: {integration_key: k}\n"
      "checks:\n- name: a\n  query: q\n  destinations: [pagerduty, slak, slack]\n");
  EXPECT_THAT(lines_of(file),
              ElementsAre("f:7:18: warning: checks[0].destinations[0]: 'pagerduty' is no type of "
                          "destination that Holmes knows; alerts go to slack only, this one is "
                          "skipped",
                          "f:7:29: warning: checks[0].destinations[1]: 'slak' is not under "
                          "destinations: of this file (did you mean slack?); alerts go to slack "
                          "only, this one is skipped"));
  ASSERT_THAT(file.checks, SizeIs(1));
  const std::vector<Destination>& destinations = file.checks[0].request.destinations;
  ASSERT_THAT(destinations, SizeIs(3));
  EXPECT_EQ(destinations[0].type, "pagerduty");
  EXPECT_EQ(destinations[1].type, "slak");
  EXPECT_EQ(destinations[2], (Destination{"slack", "", {{"channel", "#a"}}}));
}

TEST(CheckFile, ReadsManifestsOfBothKindsOfSeveralDocumentsAndLists) {
  const CheckFile file = read_check_file(kManifests);
  EXPECT_THAT(names_of(file), ElementsAre("shop/a", "b", "c-"));
  EXPECT_THAT(file.checks[0].tags, ElementsAre("team=web"));
  EXPECT_EQ(file.checks[0].request,
            (CheckRequest{"q", seconds(7), CheckMode::kAlert, {{"slack", "", {}}}, "m", ""}));
  EXPECT_EQ(file.checks[1].request.query, "r");
  EXPECT_THAT(lines_of(file), ElementsAre(HasSubstr("f:5:1: warning: status"),
                                          HasSubstr("note: 1 object of other kinds")));
}

TEST(CheckFile, ReadsJsonCrlfAndAByteOrderMark) {
  EXPECT_THAT(names_of(read_check_file(
                  "{\n\t\"checks\": [\n\t\t{\"name\": \"a\", \"query\": \"q\"}\n\t]\n}")),
              ElementsAre("a"));
  std::string crlf = "\xEF\xBB\xBF";
  for (const char c : kChecks) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const CheckFile file = read_check_file(crlf);
  EXPECT_THAT(lines_of(file), IsEmpty());
  EXPECT_THAT(names_of(file), ElementsAre("frontend", "backend"));
  EXPECT_EQ(file.checks[1].request.query, "Is the backend healthy?");
}

TEST(CheckFile, BothFormatsMayStandInOneFile) {
  EXPECT_THAT(names_of(read_check_file(std::string(kChecks) + "---\n" + std::string(kManifests))),
              ElementsAre("frontend", "backend", "shop/a", "b", "c-"));
}

TEST(CheckFile, SaysWhereEachMistakeIsAndWhatWouldBeRight) {
  const struct {
    std::string_view text;
    std::string line;
  } cases[] = {
      {"checks:\n- name: a\n", "f:2:3: error: checks[0].query: must be set: The question"},
      {"checks:\n- query: q\n", "f:2:3: error: checks[0].name: must be set: The name of the check"},
      {"checks:\n- {name: a, query: q, timeout: 301}\n",
       "f:2:32: error: checks[0].timeout: must be an integer from 1 to 300, not the number 301"},
      {"checks:\n- {name: a, query: q, mode: alarm}\n",
       "f:2:29: error: checks[0].mode: must be alert or monitor, not 'alarm'"},
      {"checks:\n- {name: a, query: q, tgas: [b]}\n",
       "f:2:23: error: checks[0].tgas: there is no such field (did you mean tags?)"},
      {"checks:\n- {name: a, query: q, tags: b}\n",
       "f:2:29: error: checks[0].tags: must be a list, not 'b'"},
      {"checks:\n- {name: a, query: ' '}\n", "f:2:20: error: checks[0].query: must not be blank"},
      {"checks:\n- {name: a, query: q}\n- {name: a, query: r}\n",
       "f:3:10: error: checks[1].name: 'a' is the name of another check, in line 2; each needs its "
       "own"},
      {"checks:\n- {name: a, query: q}\nchecks: []\n",
       "f:3:1: error: 'checks' stands twice, first in line 1"},
      {"checks: {a: q}\n", "f:1:9: error: checks: must be a list, not a map"},
      {"version: 2\nchecks: [{name: a, query: q}]\n",
       "f:1:10: error: version: must be 1, not the number 2"},
      {"checks: []\n", "f:1:1: error: there is no check in this file"},
      {"cheks: []\n", "f:1:1: error: checks: must be set: The list of checks"},
      {"defaults: {timeout: soon}\nchecks: [{name: a, query: q}]\n",
       "f:1:21: error: defaults.timeout: must be an integer from 1 to 300, not 'soon'"},
      {"checks:\n\t- name: a\n", "f:2:2: error: a tab cannot indent YAML; use spaces"},
      {"", "f:1:1: error: there is no check in this file"},
      {"apiVersion: v1\nkind: Secret\n", "error: there is no check in this file"},
      {"- a\n", "f:1:1: error: must be an object with apiVersion, kind, metadata and spec"},
      {"apiVersion: holmesgpt.dev/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\nspec: {}\n",
       "f:4:1: error: spec.query: must be set"},
      {"a: &a [x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\n"
       "d: &d [*c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d]\n"
       "f: &f [*e, *e, *e, *e, *e, *e, *e, *e]\ng: [*f, *f, *f]\n",
       "a file must have at most 100000 values"},
  };
  for (const auto& c : cases) {
    const CheckFile file = read_check_file(c.text);
    EXPECT_THAT(lines_of(file), ::testing::Contains(HasSubstr(c.line))) << c.text;
    EXPECT_NE(std::ranges::find(file.problems, Severity::kError, &Problem::severity),
              file.problems.end());
  }
}

TEST(CheckFile, TellsAllMistakesOfAFile) {
  EXPECT_THAT(lines_of("checks:\n- {name: a, timeout: 0}\n- {query: q, mode: x}\n"), SizeIs(4));
}

}  // namespace
}  // namespace holmes
