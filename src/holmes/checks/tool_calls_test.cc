#include "holmes/checks/tool_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "holmes/checks/fake_tool_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ToolCallsTest : public testing::Test {
 protected:
  FakeTool& add(std::string name, ToolResult result, std::chrono::milliseconds takes = {}) {
    auto tool = std::make_unique<FakeTool>(loop_, std::move(name), std::move(result), takes);
    FakeTool& reference = *tool;
    tools_.push_back(std::move(tool));
    return reference;
  }
  ToolCalls& calls() {
    if (!calls_) {
      table_.emplace(std::move(tools_));
      calls_.emplace(loop_, *table_, total_, Logger(), ToolContext{"shop"}, budget_);
    }
    return *calls_;
  }
  std::vector<std::string> run(std::vector<ToolCall> step, Stop stop = {}) {
    return loop_.run(calls().run(std::move(step), std::move(stop)));
  }

  CheckBudget budget_{.tool_bytes_max = 100};
  VirtualLoop loop_;
  MetricsRegistry metrics_;
  CounterFamily& total_ = metrics_.counter("holmes_tool_calls_total", "x", {"tool", "outcome"});
  std::vector<std::unique_ptr<Tool>> tools_;
  std::optional<ToolTable> table_;
  std::optional<ToolCalls> calls_;
};

TEST_F(ToolCallsTest, RunsTheCallsOfAStepInParallelAndAnswersInCallOrder) {
  add("slow", {ToolOutcome::kAnswered, "S"}, seconds(3));
  add("medium", {ToolOutcome::kAnswered, "M"}, seconds(2));
  add("quick", {ToolOutcome::kAnswered, "Q"});
  const MonoTime begin = loop_.mono_now();
  EXPECT_THAT(run({{"1", "slow", "{}"}, {"2", "quick", "{}"}, {"3", "medium", "{}"}}),
              ElementsAre("S", "Q", "M"));
  EXPECT_EQ(loop_.mono_now() - begin, seconds(3));
  EXPECT_EQ(calls().count(), 3);
}

TEST_F(ToolCallsTest, TellsTheModelOfItsMistakesAndRunsTheOthers) {
  FakeTool& get = add("get", {ToolOutcome::kAnswered, "ok"});
  const auto texts = run({{"1", "shell_exec", R"({"command":"id"})"},
                          {"2", "get", R"({"kind": "Depl)"},
                          {"3", "get", R"(["Pod"])"},
                          {"4", "get", R"({"kind":"Pod"})"}});
  EXPECT_EQ(texts[0], "error: there is no tool 'shell_exec'");
  EXPECT_THAT(texts[1], StartsWith("error: the arguments must be a JSON object: "));
  EXPECT_THAT(texts[2], StartsWith("error: the arguments must be a JSON object: "));
  EXPECT_EQ(texts[3], "ok");
  EXPECT_THAT(get.received, ElementsAre(R"({"kind":"Pod"})"));
  EXPECT_EQ(calls().count(), 1);
}

TEST_F(ToolCallsTest, GivesTheFormerAnswerToTheSameCallWithANote) {
  FakeTool& get = add("get", {ToolOutcome::kAnswered, "state"});
  EXPECT_THAT(run({{"1", "get", R"({"a":1})"}}), ElementsAre("state"));
  const auto again = run({{"2", "get", R"({ "a" : 1 })"}, {"3", "get", R"({"a":2})"}});
  EXPECT_THAT(again[0], StartsWith("state\n[note: "));
  EXPECT_EQ(again[1], "state");
  EXPECT_THAT(get.received, ElementsAre(R"({"a":1})", R"({"a":2})"));
}

TEST_F(ToolCallsTest, RefusesTheSameCallAfterItsFormerAnswerWasToldTwice) {
  FakeTool& get = add("get", {ToolOutcome::kAnswered, "state"});
  run({{"1", "get", "{}"}});
  for (int i = 0; i < kMaxRepeats; ++i) {
    EXPECT_THAT(run({{"2", "get", "{}"}}), ElementsAre(StartsWith("state\n[note: ")));
  }
  EXPECT_THAT(run({{"3", "get", "{}"}}), ElementsAre(StartsWith("error: refused: ")));
  EXPECT_EQ(run({{"4", "get", R"({"a":1})"}}).at(0), "state");
  EXPECT_EQ(get.received.size(), 2U);
}

TEST_F(ToolCallsTest, RunsTheSameCallOfOneStepOnce) {
  FakeTool& get = add("get", {ToolOutcome::kAnswered, "state"}, seconds(1));
  EXPECT_THAT(run({{"1", "get", "{}"}, {"2", "get", "{}"}}), ElementsAre("state", "state"));
  EXPECT_EQ(get.received.size(), 1U);
}

TEST_F(ToolCallsTest, TriesABrokenSystemAgain) {
  FakeTool& get = add("get", {ToolOutcome::kFailed, "error: 500"});
  run({{"1", "get", "{}"}});
  EXPECT_THAT(run({{"2", "get", "{}"}}), ElementsAre("error: 500"));
  EXPECT_EQ(get.received.size(), 2U);
}

TEST_F(ToolCallsTest, ABrokenSystemIsNotTriedWithoutEnd) {
  FakeTool& get = add("get", {ToolOutcome::kTimeout, "error: too slow"});
  for (int i = 0; i < 10; ++i) run({{"1", "get", "{}"}});
  EXPECT_EQ(get.received.size(), 1U + kMaxRepeats);
  EXPECT_THAT(run({{"2", "get", "{}"}}), ElementsAre(StartsWith("error: refused: ")));
}

TEST_F(ToolCallsTest, RunsAtMostSoManyCallsAtOnce) {
  FakeTool& get = add("get", {ToolOutcome::kAnswered, "ok"});
  std::vector<ToolCall> step;
  for (size_t i = 0; i <= kMaxCallsPerStep; ++i) {
    step.push_back({std::to_string(i), "get", "{\"n\":" + std::to_string(i) + "}"});
  }
  const auto texts = run(step);
  EXPECT_EQ(get.received.size(), kMaxCallsPerStep);
  EXPECT_EQ(texts[kMaxCallsPerStep - 1], "ok");
  EXPECT_THAT(texts.back(), StartsWith("error: more than 16 calls at once"));
}

TEST_F(ToolCallsTest, CutsALongAnswerAndSaysSo) {
  add("get", {ToolOutcome::kAnswered, std::string(1000, 'x')});
  const auto texts = run({{"1", "get", "{}"}});
  EXPECT_THAT(texts[0], EndsWith("[cut: 100 of 1000 bytes are shown; ask for less]"));
  EXPECT_LT(texts[0].size(), 200U);
  EXPECT_EQ(calls().evidence().at(0).bytes, 1000);
}

TEST_F(ToolCallsTest, MakesNoCallBeyondTheBudgetAndNamesIt) {
  budget_.tool_calls_max = 2;
  FakeTool& get = add("get", {ToolOutcome::kAnswered, "ok"});
  run({{"1", "get", R"({"n":1})"}, {"2", "get", R"({"n":2})"}});
  EXPECT_EQ(calls().exceeded(), "");
  run({{"3", "get", R"({"n":3})"}});
  EXPECT_EQ(calls().exceeded(), "the check made 2 tool calls and wanted more, its limit is 2");
  EXPECT_EQ(get.received.size(), 2U);
}

TEST_F(ToolCallsTest, CountsTheBytesOfAllAnswers) {
  budget_.tool_bytes_total_max = 1500;
  add("get", {ToolOutcome::kAnswered, std::string(1000, 'x')});
  run({{"1", "get", R"({"n":1})"}});
  EXPECT_EQ(calls().exceeded(), "");
  run({{"2", "get", R"({"n":2})"}});
  EXPECT_EQ(calls().exceeded(), "the tools answered with 2000 bytes, the limit of a check is 1500");
  EXPECT_EQ(calls().bytes(), 2000);
}

TEST_F(ToolCallsTest, OnlyAnAnswerOfTheSystemIsEvidence) {
  add("denied", {ToolOutcome::kDenied, "error: forbidden"});
  add("failed", {ToolOutcome::kFailed, "error: 500"});
  add("late", {ToolOutcome::kTimeout, "error: too slow"});
  add("wrong", {ToolOutcome::kBadArguments, "error: no such kind"});
  add("found", {ToolOutcome::kAnswered, "not found"});
  run({{"1", "wrong", "{}"}});
  EXPECT_EQ(calls().denied() + calls().failed(), "");
  run({{"2", "failed", "{}"}, {"3", "denied", "{}"}, {"4", "late", "{}"}});
  EXPECT_FALSE(calls().has_evidence());
  EXPECT_EQ(calls().denied(), "denied: error: forbidden");
  EXPECT_EQ(calls().failed(), "failed: error: 500");
  run({{"5", "found", "{}"}});
  EXPECT_TRUE(calls().has_evidence());
}

TEST_F(ToolCallsTest, KeepsTheLastEvidenceRedactedAndShort) {
  add("get", {ToolOutcome::kAnswered, "password=hunter2-hunter2 " + std::string(1000, 'x')});
  for (size_t i = 0; i < kMaxEvidence + 5; ++i) {
    run({{"1", "get", "{\"n\":" + std::to_string(i) + ",\"token\":\"ghp_0123456789abcdefghij\"}"}});
  }
  const std::vector<Evidence>& evidence = calls().evidence();
  ASSERT_EQ(evidence.size(), kMaxEvidence);
  EXPECT_THAT(evidence.back().arguments, HasSubstr("\"n\":24"));
  for (const Evidence& call : evidence) {
    EXPECT_EQ(call.tool, "get");
    EXPECT_LE(call.summary.size(), kMaxEvidenceSummaryLength);
    EXPECT_THAT(call.summary, Not(HasSubstr("hunter2")));
  }
}

TEST_F(ToolCallsTest, StopEndsAllToolsAtOnce) {
  FakeTool& a = add("a", {ToolOutcome::kAnswered, "A"}, seconds(60));
  FakeTool& b = add("b", {ToolOutcome::kAnswered, "B"}, seconds(90));
  const MonoTime begin = loop_.mono_now();
  StopSource source({}, loop_, begin + seconds(5));
  run({{"1", "a", "{}"}, {"2", "b", "{}"}}, source.stop());
  EXPECT_EQ(loop_.mono_now() - begin, seconds(5));
  EXPECT_EQ(a.given_up + b.given_up, 2);
}

TEST_F(ToolCallsTest, CountsByToolAndOutcomeButNotByInventedNames) {
  add("get", {ToolOutcome::kAnswered, "ok"});
  run({{"1", "get", "{}"}, {"2", "get", "["}, {"3", "made_up_1", "{}"}, {"4", "made_up_2", "{}"}});
  const std::string text = metrics_.expose();
  EXPECT_THAT(text, HasSubstr(R"(holmes_tool_calls_total{outcome="answered",tool="get"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(holmes_tool_calls_total{outcome="bad_arguments",tool="get"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(holmes_tool_calls_total{outcome="bad_arguments",tool="_unknown"} 2)"));
}

}  // namespace
}  // namespace holmes
