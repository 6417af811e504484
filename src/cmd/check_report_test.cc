#include "cmd/check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CheckOutcome outcome(CheckStatus status, std::string name = "a", std::string ns = "") {
  CheckOutcome outcome;
  outcome.check.name = std::move(name);
  outcome.check.ns = std::move(ns);
  outcome.check.request.query = "Are all well?";
  CheckResponse& response = outcome.response;
  response.status = status;
  response.duration_seconds = 1.25;
  if (status == CheckStatus::kError) {
    response.reason = ErrorReason::kTimeout;
    response.error = "no time";
    response.message = "Check errored: no time";
  } else {
    response.rationale = "3 of 3\nready";
    response.message = status == CheckStatus::kPass ? "Check passed. 3 of 3\nready"
                                                    : "Check failed. 3 of 3\nready";
  }
  return outcome;
}

CheckRun run_of(std::vector<CheckOutcome> outcomes) {
  CheckRun run;
  run.outcomes = std::move(outcomes);
  run.took = std::chrono::milliseconds(2500);
  return run;
}

CheckRun mixed() {
  return run_of({outcome(CheckStatus::kPass, "frontend", "shop"), outcome(CheckStatus::kFail, "b"),
                 outcome(CheckStatus::kError, "c")});
}

TEST(CheckReport, TheExitCodeIsThatOfTheGravestFinding) {
  const auto pass = outcome(CheckStatus::kPass);
  const auto failed = outcome(CheckStatus::kFail);
  const auto error = outcome(CheckStatus::kError);
  EXPECT_EQ(exit_code(run_of({pass, pass})), 0);
  EXPECT_EQ(exit_code(run_of({pass, error})), 3);
  EXPECT_EQ(exit_code(run_of({error, failed, pass})), 1);
  CheckRun interrupted = run_of({failed});
  interrupted.interrupted = true;
  EXPECT_EQ(exit_code(interrupted), 130);
}

TEST(CheckReport, ATableHasALinePerCheckAndASummary) {
  EXPECT_EQ(table_report(mixed(), {}),
            "NAME           RESULT  DURATION  MESSAGE\n"
            "shop/frontend  pass    1.2 s     3 of 3 ready\n"
            "b              fail    1.2 s     3 of 3 ready\n"
            "c              error   1.2 s     no time\n"
            "3 checks: 1 passed, 1 failed, 1 could not be judged (2.5 s)\n");
}

TEST(CheckReport, ATableTellsWhatAnInterruptionLeftOut) {
  CheckRun run = run_of({});
  run.not_run = 2;
  run.interrupted = true;
  EXPECT_EQ(
      table_report(run, {}),
      "0 checks: 0 passed, 0 failed, 0 could not be judged, 2 not run; interrupted (2.5 s)\n");
}

TEST(CheckReport, MessagesAreCutToTheTerminalAndColouredOnIt) {
  CheckRun run = run_of({outcome(CheckStatus::kFail)});
  run.outcomes[0].response.message = "Check failed. " + std::string(100, 'x');
  const std::string text = table_report(run, {true, 60, 0});
  EXPECT_THAT(text,
              HasSubstr("\x1b[31mfail    \x1b[0m1.2 s     " + std::string(33, 'x') + "...\n"));
  EXPECT_THAT(table_report(run, {false, 5, 0}), HasSubstr(std::string(17, 'x') + "...\n"));
}

TEST(CheckReport, WordsOfAModelCannotMoveTheCursor) {
  CheckRun run = run_of({outcome(CheckStatus::kFail, "a\x1b[2J")});
  run.outcomes[0].response.message = "Check failed. \x1b[2Jall\rpassed";
  run.outcomes[0].response.rationale = "\x1b]0;title\a";
  run.outcomes[0].response.evidence = {{"get\x1b", "{}\x1b", "\x1b", 1}};
  EXPECT_THAT(table_report(run, {false, 0, 2}), Not(HasSubstr("\x1b")));
}

TEST(CheckReport, AlertsThatWereNotSentAreTold) {
  CheckRun run = run_of({outcome(CheckStatus::kFail)});
  run.outcomes[0].response.notifications = {
      {"slack", "#a", Notification::Outcome::kSent, ""},
      {"pager", "", Notification::Outcome::kSkipped, "unknown type"}};
  const std::string text = table_report(run, {});
  EXPECT_THAT(text, HasSubstr("\na: alert to pager skipped: unknown type\n"));
  EXPECT_THAT(text, Not(HasSubstr("slack")));
}

TEST(CheckReport, VerboseTellsRationaleAndTwiceEvidence) {
  CheckRun run = run_of({outcome(CheckStatus::kPass)});
  CheckResponse& response = run.outcomes[0].response;
  response.model_used = "m";
  response.usage = {3, 1, 100, 0, 20, ""};
  response.evidence = {{"get", R"({"kind":"Pod"})", "line 1\nline 2", 9}};
  const std::string once = table_report(run, {false, 0, 1});
  EXPECT_THAT(once, AllOf(HasSubstr("\na: pass\n  question: Are all well?\n  rationale:\n"
                                    "    3 of 3\n    ready\n"
                                    "  model: m; 3 model calls, 1 tool call, 120 tokens\n"),
                          Not(HasSubstr("evidence"))));
  EXPECT_THAT(table_report(run, {false, 0, 2}),
              HasSubstr("  evidence:\n    get {\"kind\":\"Pod\"} (9 bytes)\n      line 1\n"
                        "      line 2\n"));
}

TEST(CheckReport, JsonHasTheFieldsOfHolmesGptAndThoseOfTheApiServer) {
  const json::array rows = json_report(mixed());
  ASSERT_EQ(rows.size(), 3U);
  const json::object& first = rows[0].get_object();
  EXPECT_EQ(json_string(first, {"name"}), "frontend");
  EXPECT_EQ(json_string(first, {"namespace"}), "shop");
  EXPECT_EQ(json_string(first, {"status"}), "pass");
  EXPECT_EQ(json_number(first, {"duration"}), 1.25);
  EXPECT_TRUE(first.at("error").is_null());
  EXPECT_EQ(json_string(rows[2], {"reason"}), "Timeout");
  EXPECT_FALSE(rows[1].get_object().contains("namespace"));
}

TEST(CheckJunit, CountsAndEscapes) {
  CheckRun run = mixed();
  run.outcomes[1].check.name = "a\"<&>\x01\xFF\xEF\xBF\xBE";
  const std::string text = junit_report(run);
  EXPECT_THAT(text, HasSubstr(R"(tests="3" failures="1" errors="1" time="2.500")"));
  EXPECT_THAT(text, HasSubstr(R"(timestamp="1970-01-01T00:00:00")"));
  EXPECT_THAT(text, HasSubstr(R"(classname="shop" name="frontend" time="1.250")"));
  EXPECT_THAT(text, HasSubstr("name=\"a&quot;&lt;&amp;&gt;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""));
  EXPECT_THAT(text, HasSubstr(R"(<error message="Check errored: no time" type="Timeout">)"));
  EXPECT_THAT(text, HasSubstr(R"(<failure message="Check failed. 3 of 3&#10;ready" type="fail">)"));
}

}  // namespace
}  // namespace holmes
