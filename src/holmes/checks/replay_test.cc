#include "holmes/checks/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/checks/check_runner_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Turn = FakeModel::Turn;

class ReplayTest : public CheckRunnerTest {
 protected:
  ReplayTest() {
    options_.on_recording = [this](const Recording& recording) {
      recordings_.push_back(to_text(to_json(recording)));
    };
  }
  // The one recording, through its text.
  Recording recorded() {
    EXPECT_THAT(recordings_, SizeIs(1));
    return parse_recording(recordings_.at(0)).value();
  }
  CheckResponse again(Recording recording) {
    return loop_.run(replay(loop_, std::move(recording), {}, Logger(), {}));
  }

  std::vector<std::string> recordings_;
};

TEST_F(ReplayTest, GivesTheSameAnswerWithoutAProvider) {
  add_tool(ToolOutcome::kDenied, "error: forbidden", {}, "list");
  add_tool(ToolOutcome::kAnswered, "3/3 ready");
  Turn look{calls({kGet, {"c2", "list", R"({"all":true})"}})};
  look.reply->usage.input_tokens = 100;
  const CheckResponse first = run({look, {says("All well.")}, {says("no JSON")}, verdict("pass")});
  ASSERT_EQ(first.status, CheckStatus::kPass);
  const Recording recording = recorded();
  EXPECT_EQ(recording.response, first);
  EXPECT_THAT(recording.turns, SizeIs(4));
  EXPECT_THAT(recording.turns[0].messages, SizeIs(2));
  EXPECT_THAT(recording.turns[1].messages, SizeIs(3));  // only what is new
  EXPECT_THAT(recording.calls, SizeIs(2));
  EXPECT_EQ(again(recording), first);
}

TEST_F(ReplayTest, GivesTheSameErrors) {
  const std::vector<std::vector<Turn>> scripts{
      {{fail(ModelErrorKind::kAuthentication, "HTTP 401")}},
      {{says("I am sure.")}},
      {{calls({kGet})}, {says("x")}, verdict("unknown")},
      {{calls({{"c", "get", "{"}})}, {calls({kGet})}, {says("x")}, verdict("fail", "9 of 9")}};
  for (const std::vector<Turn>& script : scripts) {
    start_over();
    recordings_.clear();
    const CheckResponse first = run(script);
    EXPECT_EQ(first.status, CheckStatus::kError);
    EXPECT_EQ(again(recorded()), first) << first.message;
  }
}

TEST_F(ReplayTest, ARecordingTellsWhatWasAskedAnew) {
  add_tool(ToolOutcome::kAnswered, "[2 rows; STATUS: 1 Bound, 1 Pending]\nNAME  STATUS\n");
  const CheckResponse first = run({{calls({kGet})},
                                   {says("One is pending.")},
                                   verdict("pass", "All well."),
                                   verdict("fail", "One is pending.")});
  const Recording recording = recorded();
  ASSERT_THAT(recording.turns, SizeIs(4));
  ASSERT_THAT(recording.turns[3].messages, SizeIs(1));
  EXPECT_THAT(recording.turns[3].messages[0].content, HasSubstr("Trouble was found: 2 rows"));
  EXPECT_EQ(again(recording), first);
}

TEST_F(ReplayTest, ARecordingHasNoCredentials) {
  add_tool(ToolOutcome::kAnswered, "password=hunter2-hunter2 3/3 ready");
  run({{calls({{"c", "get", R"({"token":"ghp_16C7e42F292c6912E7710c838347Ae178B4a"})"}})},
       {says("It says password=hunter2-hunter2")},
       verdict("pass", "password=hunter2-hunter2 is 3 of 3.")},
      {}, {"Does password=hunter2-hunter2 work?", "shop/frontend", ""});
  EXPECT_THAT(recordings_.at(0), Not(HasSubstr("hunter2")));
  EXPECT_THAT(recordings_.at(0), Not(HasSubstr("ghp_")));
  EXPECT_EQ(again(recorded()).status, CheckStatus::kPass);
}

TEST_F(ReplayTest, WhatWasNotRecordedIsAnErrorThatSaysSo) {
  run({{calls({kGet})}, {says("x")}, verdict("pass")});
  Recording recording = recorded();
  recording.turns.pop_back();
  const CheckResponse response = again(recording);
  expect_error(response, ErrorReason::kModelUnavailable);
  EXPECT_THAT(response.error, HasSubstr("no further reply"));

  recording = recorded();
  recording.calls.clear();
  expect_error(again(recording), ErrorReason::kToolFailed);
}

TEST(Recording, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"version":2,"query":"q","response":{}})",
        R"({"version":1,"query":"q"})",
        R"({"version":1,"query":"q","started":"x","response":{"status":"pass"}})",
        R"({"version":1,"query":"q","started":"2024-01-01T00:00:00Z","response":{}})"}) {
    EXPECT_FALSE(parse_recording(text)) << text;
  }
}

TEST_F(CheckRunnerTest, EachRunIsOneAuditRecordInTheLog) {
  std::vector<std::string> records;
  log_ = Logger(LogLevel::kInfo, [&](LogLevel, std::string_view message, const LogFields& fields) {
    if (message != "audit") return;
    for (const LogField& field : fields) {
      if (field.key == "record") records.push_back(std::get<std::string>(field.value));
    }
  });
  price_ = Price{1'000'000, 0, 0, 0};
  run({{calls({kGet})}, {says("x")}, verdict("unknown")});
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_THAT(records[0], Not(HasSubstr("\n")));
  const json::object record = parse_json_object(records[0]).value();
  EXPECT_EQ(json_string(record, {"check"}), "shop/frontend");
  EXPECT_EQ(json_string(record, {"model"}), "fake");
  EXPECT_EQ(json_string(record, {"status"}), "error");
  EXPECT_EQ(json_string(record, {"reason"}), "DataMissing");
  EXPECT_EQ(json_int(record, {"usage", "modelCalls"}), 3);
  EXPECT_TRUE(json_string(record, {"usage", "costUSD"}));
  EXPECT_EQ(json_int(record, {"toolBytes"}), 9);
  EXPECT_EQ(json_string(record, {"prompts"})->size(), 64U);
  const json::array& made = *json_array(record, {"toolCalls"});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(json_string(made[0], {"arguments"}), R"({"kind":"Pod"})");
}

}  // namespace
}  // namespace holmes
