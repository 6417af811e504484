// What is looked up for a question before the model is asked.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/checks/check_runner_testing.h"
#include "holmes/checks/prompts.h"
#include "holmes/checks/replay.h"

namespace holmes {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CheckFirstLookTest : public CheckRunnerTest {
 protected:
  CheckFirstLookTest() { look_at({{"get", {{"kind", "Pod"}}}}); }

  void look_at(std::vector<FirstLook::Call> calls) {
    auto look = std::make_unique<FakeFirstLook>(std::move(calls));
    look_ = look.get();
    first_look_ = std::move(look);
  }
  [[nodiscard]] const std::string& told() const {
    return model_->requests.at(0).messages.back().content;
  }

  FakeFirstLook* look_ = nullptr;
};

TEST_F(CheckFirstLookTest, TellsTheModelBeforeItIsAskedAndTheTimeLast) {
  const CheckResponse response = run({{calls({kGet})}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass) << response.message;
  EXPECT_THAT(look_->questions, ElementsAre("Are all pods healthy?"));
  EXPECT_THAT(told(), StartsWith("Are all pods healthy?\n\nnamespace: shop\n"));
  EXPECT_THAT(told(), HasSubstr("\nLooked up already: get {\"kind\":\"Pod\"}\n3/3 ready\n"));
  EXPECT_THAT(told(), EndsWith("\n\ntime: " + format_rfc3339(loop_.wall_now())));
}

// What the model asks for and has read ends the investigation at once, and is not read again.
TEST_F(CheckFirstLookTest, IsEvidenceWhenTheModelMakesTheSameCall) {
  const CheckResponse response = run({{calls({kGet})}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass) << response.message;
  EXPECT_THAT(tool_->received, SizeIs(1));
  EXPECT_EQ(response.usage.tool_calls, 1);
  ASSERT_THAT(response.evidence, SizeIs(1));
  EXPECT_EQ(response.evidence[0].tool, "get");
  EXPECT_THAT(model_->requests.at(1).messages.back().content, HasSubstr("3/3 ready"));
}

TEST_F(CheckFirstLookTest, IsNoEvidenceForAModelThatLooksAtNothing) {
  const CheckResponse response = run({{says("All well.")}, {says("All well, I said.")}});
  expect_error(response, ErrorReason::kNoEvidence);
  EXPECT_EQ(model_->requests.at(1).messages.back().content, evidence_request());
}

TEST_F(CheckFirstLookTest, AModelThatLooksAtNothingIsAskedToOnce) {
  const CheckResponse response = run({{says("All well.")}, {calls({kGet})}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass) << response.message;
}

TEST_F(CheckFirstLookTest, SupportsWhatTheVerdictQuotes) {
  add_tool(ToolOutcome::kAnswered, "3/3 ready");
  add_tool(ToolOutcome::kAnswered, "no errors", {}, "logs");
  const CheckResponse response =
      run({{calls({{"c", "logs", "{}"}})}, {says("All well.")}, verdict("pass", "3 of 3 ready.")});
  EXPECT_EQ(response.status, CheckStatus::kPass) << response.message;
  EXPECT_EQ(response.usage.tool_calls, 1);
  ASSERT_THAT(response.evidence, SizeIs(1));  // what the model called itself
  EXPECT_EQ(response.evidence[0].tool, "logs");
}

TEST_F(CheckFirstLookTest, ThatIsDeniedOrFailsIsNotTold) {
  for (const ToolOutcome outcome : {ToolOutcome::kDenied, ToolOutcome::kFailed}) {
    start_over();
    look_at({{"get", {{"kind", "Pod"}}}, {"no such tool", {}}});
    add_tool(outcome, "error: no");
    add_tool(ToolOutcome::kAnswered, "3/3 ready", {}, "list");
    const CheckResponse response =
        run({{calls({{"c", "list", "{}"}})}, {says("All well.")}, verdict("unknown")});
    expect_error(response, ErrorReason::kDataMissing);
    EXPECT_EQ(response.usage.tool_calls, 1);
    EXPECT_THAT(told(), Not(HasSubstr("Looked up")));
  }
}

TEST_F(CheckFirstLookTest, IsBesideTheLimitOfCalls) {
  options_.budget.tool_calls_max = 1;
  add_tool(ToolOutcome::kAnswered, "3/3 ready");
  add_tool(ToolOutcome::kAnswered, "no errors", {}, "logs");
  const CheckResponse response =
      run({{calls({{"c", "logs", "{}"}})}, {says("All well.")}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass) << response.message;
}

TEST_F(CheckFirstLookTest, LeavesRoomForTheQuestion) {
  add_tool(ToolOutcome::kAnswered, "3 of 3 " + std::string(20'000, 'x'));
  run({{calls({kGet})}, verdict("pass", "All is ready.")});
  EXPECT_LT(told().size(), 13'000U);
  EXPECT_THAT(told(), HasSubstr("[cut: 12288 of 20007 bytes are shown"));
  start_over();
  look_at({{"get", {{"kind", "Pod"}}}, {"get", {{"kind", "Node"}}}});
  add_tool(ToolOutcome::kAnswered, "3 of 3 " + std::string(20'000, 'x'));
  context_tokens_max_ = 8000;
  run({{calls({kGet})}, verdict("pass", "All is ready.")});
  EXPECT_THAT(told(), HasSubstr("[cut: 4000 of 20007 bytes are shown"));
}

TEST_F(CheckFirstLookTest, OfNothingTellsNothing) {
  look_at({});
  expect_error(run({{says("All well.")}}), ErrorReason::kNoEvidence);
  EXPECT_THAT(told(), Not(HasSubstr("Looked up")));
}

TEST_F(CheckFirstLookTest, EndsWithTheCheck) {
  add_tool(ToolOutcome::kAnswered, "3/3 ready", std::chrono::seconds(60));
  const StopSource source({}, loop_, loop_.mono_now() + std::chrono::seconds(2));
  const CheckResponse response = run({{says("All well.")}}, source.stop());
  expect_error(response, ErrorReason::kTimeout);
  EXPECT_EQ(tool_->given_up, 1);
}

TEST_F(CheckFirstLookTest, IsReplayedWithoutACluster) {
  std::vector<std::string> recordings;
  options_.on_recording = [&](const Recording& recording) {
    recordings.push_back(to_text(to_json(recording)));
  };
  const CheckResponse first = run({{calls({kGet})}, verdict("pass")});
  EXPECT_EQ(first.status, CheckStatus::kPass) << first.message;
  ASSERT_THAT(recordings, SizeIs(1));
  Recording recording = parse_recording(recordings[0]).value();
  EXPECT_EQ(recording.first_calls, 1U);
  EXPECT_EQ(loop_.run(replay(loop_, recording, {}, Logger(), {})), first);
  recording.calls.clear();
  const CheckResponse without = loop_.run(replay(loop_, recording, {}, Logger(), {}));
  EXPECT_EQ(without.status, CheckStatus::kError);
}

}  // namespace
}  // namespace holmes
