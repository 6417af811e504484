#include "holmes/checks/check_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "holmes/checks/check_runner_testing.h"
#include "holmes/checks/prompts.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using Turn = FakeModel::Turn;

TEST_F(CheckRunnerTest, PassesWithTheRationaleOfTheVerdict) {
  const CheckResponse response = run({{calls({kGet})}, {says("All well.")}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass);
  EXPECT_EQ(response.message, "Check passed. 3 of 3 pods are ready.");
  EXPECT_EQ(response.rationale, "3 of 3 pods are ready.");
  EXPECT_EQ(response.error, "");
  EXPECT_FALSE(response.reason);
  EXPECT_EQ(response.model_used, "fake");
  ASSERT_THAT(response.evidence, SizeIs(1));
  EXPECT_EQ(response.evidence[0], (Evidence{"get", R"({"kind":"Pod"})", "3/3 ready", 9}));
  EXPECT_THAT(response.notifications, IsEmpty());
}

TEST_F(CheckRunnerTest, FailsWithTheRationaleOfTheVerdict) {
  add_tool(ToolOutcome::kAnswered, "1/3 ready");
  const CheckResponse response = run({{calls({kGet})}, {says("Bad.")}, verdict("fail", "1 of 3.")});
  EXPECT_EQ(response.status, CheckStatus::kFail);
  EXPECT_EQ(response.message, "Check failed. 1 of 3.");
  EXPECT_FALSE(response.reason);
}

TEST_F(CheckRunnerTest, InvestigatesWithToolsAndNoSchemaThenJudgesWithASchemaAndNoTools) {
  run({{calls({kGet})}, {says("All is ready.")}, verdict("pass")});
  ASSERT_THAT(model_->requests, SizeIs(3));

  const ModelRequest& first = model_->requests[0];
  EXPECT_THAT(first.tools, SizeIs(1));
  EXPECT_FALSE(first.schema);
  EXPECT_EQ(first.output_tokens_max, options_.output_tokens_max);
  ASSERT_THAT(first.messages, SizeIs(2));
  EXPECT_EQ(first.messages[0].content, investigation_prompt());
  EXPECT_EQ(first.messages[1].content,
            "Are all pods healthy?\n\nnamespace: shop\ntime: 2024-01-01T00:00:00Z");

  const ModelRequest& second = model_->requests[1];
  ASSERT_THAT(second.messages, SizeIs(4));
  EXPECT_EQ(second.messages[2].tool_calls, std::vector<ToolCall>{kGet});
  EXPECT_EQ(second.messages[3], (Message{Role::kTool, "3/3 ready", {}, "c1", {}}));

  const ModelRequest& last = model_->requests[2];
  EXPECT_THAT(last.tools, IsEmpty());
  ASSERT_TRUE(last.schema);
  EXPECT_EQ(last.schema->name, "verdict");
  ASSERT_THAT(last.messages, SizeIs(2));
  EXPECT_EQ(last.messages[0].content, verdict_prompt());
  EXPECT_THAT(last.messages[1].content, AllOf(StartsWith("Question:\nAre all pods healthy?\n"),
                                              HasSubstr(R"(- get {"kind":"Pod"} -> 3/3 ready)"),
                                              EndsWith("Findings:\nAll is ready.")));
}

TEST_F(CheckRunnerTest, TellsNoNamespaceWhenTheCheckHasNone) {
  run({{says("x")}}, {}, {"q", "", ""});
  EXPECT_EQ(model_->requests[0].messages[1].content, "q\n\ntime: 2024-01-01T00:00:00Z");
}

TEST_F(CheckRunnerTest, ToolsLookInTheChecksOwnNamespace) {
  run({{calls({kGet})}, {says("x")}, verdict("pass")});
  EXPECT_THAT(tool_->namespaces, ElementsAre("shop"));
  start_over();
  run({{calls({kGet})}, {says("x")}, verdict("pass")}, {}, {"q", "", ""});
  EXPECT_THAT(tool_->namespaces, ElementsAre("default"));
}

TEST_F(CheckRunnerTest, TellsItsProgressAtEachModelCallAndWhenToolsHaveAnswered) {
  std::vector<CheckProgress> told;
  CheckQuestion question{"Are all pods healthy?", "shop/frontend", ""};
  question.on_progress = [&told](const CheckProgress& progress) { told.push_back(progress); };
  const ToolCall other{"c2", "get", R"({"kind":"Node"})"};
  run({{calls({kGet, other})}, {says("All well.")}, verdict("pass")}, {}, question);
  EXPECT_THAT(told, ElementsAre(CheckProgress{1, 0}, CheckProgress{1, 2}, CheckProgress{2, 2},
                                CheckProgress{3, 2}));
}

TEST_F(CheckRunnerTest, GivesBackWhatTheProviderWantsToSeeAgain) {
  ModelReply reply = calls({kGet});
  reply.content = "Let me look.";
  reply.opaque = json::object{{"signature", "abc"}};
  run({{reply}, {says("x")}, verdict("pass")});
  EXPECT_EQ(model_->requests[1].messages[2].content, "Let me look.");
  EXPECT_EQ(model_->requests[1].messages[2].opaque, reply.opaque);
}

TEST_F(CheckRunnerTest, RepairsArgumentsThatSomeServersRefuseToReadAgain) {
  const CheckResponse response = run(
      {{calls({{"c1", "get", R"({"kind": "Po)"}})}, {calls({kGet})}, {says("x")}, verdict("pass")});
  EXPECT_EQ(model_->requests[1].messages[2].tool_calls[0].arguments, "{}");
  EXPECT_THAT(model_->requests[1].messages[3].content, StartsWith("error: "));
  EXPECT_EQ(response.status, CheckStatus::kPass);
}

TEST_F(CheckRunnerTest, CountsUsageOfBothPhases) {
  Turn look{calls({kGet})};
  look.reply->usage.input_tokens = 100;
  look.reply->usage.cached_input_tokens = 60;
  look.reply->usage.output_tokens = 10;
  Turn judged = verdict("pass");
  judged.reply->usage.input_tokens = 50;
  judged.reply->usage.output_tokens = 5;
  judged.reply->usage.model_calls = 2;  // it took a retry
  const CheckResponse response = run({look, {says("x")}, judged});
  EXPECT_EQ(response.usage.model_calls, 4);
  EXPECT_EQ(response.usage.tool_calls, 1);
  EXPECT_EQ(response.usage.input_tokens, 150);
  EXPECT_EQ(response.usage.cached_input_tokens, 60);
  EXPECT_EQ(response.usage.output_tokens, 15);
}

// Evidence.

TEST_F(CheckRunnerTest, NoToolCallIsNoEvidenceAndAsksForNoVerdict) {
  const CheckResponse response = run({{says("I am sure that all is well.")}, verdict("pass")});
  expect_error(response, ErrorReason::kNoEvidence);
  EXPECT_THAT(response.error, StartsWith("the model answered without evidence"));
  EXPECT_EQ(response.rationale, "I am sure that all is well.");
  EXPECT_THAT(model_->requests, SizeIs(1));
}

TEST_F(CheckRunnerTest, MistakenCallsAreNoEvidence) {
  expect_error(run({{calls({{"1", "rm", "{}"}, {"2", "get", "["}})}, {says("x")}, verdict("fail")}),
               ErrorReason::kNoEvidence);
}

TEST_F(CheckRunnerTest, DeniedCallsAloneArePermissionDenied) {
  add_tool(ToolOutcome::kDenied, "error: leases is forbidden (403)");
  const CheckResponse response = run({{calls({kGet})}, {says("x")}, verdict("fail")});
  expect_error(response, ErrorReason::kPermissionDenied);
  EXPECT_THAT(response.error, HasSubstr("get: error: leases is forbidden (403)"));
}

TEST_F(CheckRunnerTest, FailedCallsAloneAreToolFailed) {
  for (const ToolOutcome outcome : {ToolOutcome::kFailed, ToolOutcome::kTimeout}) {
    start_over();
    add_tool(outcome, "error: 500");
    expect_error(run({{calls({kGet})}, {says("x")}, verdict("pass")}), ErrorReason::kToolFailed);
  }
}

TEST_F(CheckRunnerTest, OneAnswerIsEvidenceBesideADeniedCall) {
  add_tool(ToolOutcome::kDenied, "error: forbidden", {}, "list");
  add_tool(ToolOutcome::kAnswered, "error: not found (404)");
  const CheckResponse response =
      run({{calls({kGet, {"c2", "list", "{}"}})}, {says("x")}, verdict("fail", "It is missing.")});
  EXPECT_EQ(response.status, CheckStatus::kFail);
}

TEST_F(CheckRunnerTest, UnknownVerdictIsDataMissingWithItsRationale) {
  const CheckResponse response =
      run({{calls({kGet})}, {says("x")}, verdict("unknown", "No rain gauge.")});
  expect_error(response, ErrorReason::kDataMissing);
  EXPECT_EQ(response.rationale, "No rain gauge.");
  EXPECT_THAT(response.error, HasSubstr("No rain gauge."));
}

TEST_F(CheckRunnerTest, UnknownVerdictNamesTheDeniedToolFirstAndElseTheFailedOne) {
  add_tool(ToolOutcome::kDenied, "error: forbidden", {}, "denied");
  add_tool(ToolOutcome::kFailed, "error: 500", {}, "failed");
  add_tool(ToolOutcome::kAnswered, "ok");
  const std::vector<ToolCall> all{kGet, {"2", "failed", "{}"}, {"3", "denied", "{}"}};
  expect_error(run({{calls(all)}, {says("x")}, verdict("unknown")}),
               ErrorReason::kPermissionDenied);
}

TEST_F(CheckRunnerTest, UnknownVerdictAfterAFailedToolIsToolFailed) {
  add_tool(ToolOutcome::kFailed, "error: 500", {}, "failed");
  add_tool(ToolOutcome::kAnswered, "ok");
  expect_error(run({{calls({kGet, {"2", "failed", "{}"}})}, {says("x")}, verdict("unknown")}),
               ErrorReason::kToolFailed);
}

// Unfinished and unreadable texts.

TEST_F(CheckRunnerTest, UnreadableVerdictIsErrorAndNeverFail) {
  for (const std::string_view text : {"", "pass", R"({"rationale":"x","verdict":"maybe"})"}) {
    start_over();
    const Turn unreadable{says(std::string(text))};
    expect_error(run({{calls({kGet})}, {says("x")}, unreadable, unreadable, verdict("pass")}),
                 ErrorReason::kUnparsable);
    EXPECT_THAT(model_->requests, SizeIs(4));
  }
}

TEST_F(CheckRunnerTest, AnUnreadableVerdictIsAskedForOnceMore) {
  const CheckResponse response =
      run({{calls({kGet})}, {says("x")}, {says("All is well.")}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass);
  const ModelRequest& repair = model_->requests[3];
  EXPECT_TRUE(repair.schema);
  ASSERT_THAT(repair.messages, SizeIs(4));
  EXPECT_EQ(repair.messages[2].role, Role::kAssistant);
  EXPECT_EQ(repair.messages[2].content, "All is well.");
  EXPECT_THAT(repair.messages[3].content,
              AllOf(HasSubstr("cannot be read"), HasSubstr("\"rationale\"")));
}

TEST_F(CheckRunnerTest, ACountThatNoToolToldIsAskedForOnceMoreAndThenError) {
  const CheckResponse repaired = run({{calls({kGet})},
                                      {says("x")},
                                      verdict("pass", "5 of 5 pods are ready."),
                                      verdict("pass", "3 of 3 pods are ready.")});
  EXPECT_EQ(repaired.status, CheckStatus::kPass);
  EXPECT_THAT(model_->requests[3].messages[3].content, HasSubstr("'5 of 5'"));

  start_over();
  const CheckResponse again = run({{calls({kGet})},
                                   {says("x")},
                                   verdict("pass", "5 of 5 pods are ready."),
                                   verdict("fail", "4/5 pods are ready.")});
  expect_error(again, ErrorReason::kNoEvidence);
  EXPECT_THAT(again.error, HasSubstr("'4/5'"));
  EXPECT_EQ(again.rationale, "4/5 pods are ready.");
}

TEST_F(CheckRunnerTest, UnfinishedTextIsErrorInBothPhases) {
  for (const FinishReason finish :
       {FinishReason::kLength, FinishReason::kContentFilter, FinishReason::kOther}) {
    start_over();
    Turn unfinished_text{says("No problem fou")};
    unfinished_text.reply->finish = finish;
    const CheckResponse response = run({{calls({kGet})}, unfinished_text, verdict("pass")});
    expect_error(response, ErrorReason::kUnparsable);
    EXPECT_THAT(response.error, HasSubstr(std::string(to_string(finish))));

    start_over();
    Turn unfinished_verdict = verdict("pass");
    unfinished_verdict.reply->finish = finish;
    expect_error(run({{calls({kGet})}, {says("x")}, unfinished_verdict}), ErrorReason::kUnparsable);
  }
}

TEST_F(CheckRunnerTest, ToolCallsOfAnUnfinishedTextAreNotRun) {
  Turn unfinished{calls({kGet})};
  unfinished.reply->finish = FinishReason::kLength;
  expect_error(run({unfinished}), ErrorReason::kUnparsable);
  EXPECT_THAT(tool_->received, IsEmpty());
}

TEST_F(CheckRunnerTest, RefusalIsError) {
  Turn refusal{says("")};
  refusal.reply->refusal = "I can't help with that.";
  const CheckResponse response = run({{calls({kGet})}, {says("x")}, refusal});
  expect_error(response, ErrorReason::kUnparsable);
  EXPECT_THAT(response.error, HasSubstr("I can't help with that."));
}

TEST_F(CheckRunnerTest, RefusalIsRedactedBeforeItIsCut) {
  Turn refusal{says("")};
  refusal.reply->refusal = std::string(485, 'x') + " ghp_16C7e42F292c6912E7710c838347Ae178B4a";
  const CheckResponse response = run({{calls({kGet})}, {says("x")}, refusal});
  EXPECT_THAT(response.error + response.message, Not(HasSubstr("ghp_")));
}

TEST_F(CheckRunnerTest, ARefusalByTheProvidersFilterIsOneOfTheModel) {
  const CheckResponse response =
      run({{fail(ModelErrorKind::kContentRefused, "HTTP 400: filtered")}});
  expect_error(response, ErrorReason::kUnparsable);
  EXPECT_THAT(response.error, HasSubstr("filtered"));
}

// Limits.

TEST_F(CheckRunnerTest, WithholdsTheToolsOnTheLastStep) {
  options_.budget.model_calls_max = 4;
  const CheckResponse response = run({{calls({kGet})}, {says("x")}, verdict("pass")});
  EXPECT_TRUE(model_->requests[0].may_call_tools);
  EXPECT_FALSE(model_->requests[1].may_call_tools);
  EXPECT_EQ(response.status, CheckStatus::kPass);
}

TEST_F(CheckRunnerTest, EndlessToolCallsEndByTheBudgetAndTheAnswersDecide) {
  options_.budget.model_calls_max = 5;
  const auto endless = [&](std::vector<Turn> end) {
    start_over();
    std::vector<Turn> script;
    for (int i = 0; i < 3; ++i) {
      script.push_back({calls({{"c", "get", "{\"n\":" + std::to_string(i) + "}"}})});
    }
    for (Turn& turn : end) script.push_back(std::move(turn));
    return run(std::move(script));
  };
  EXPECT_EQ(endless({verdict("fail")}).status, CheckStatus::kFail);
  EXPECT_THAT(model_->requests, SizeIs(4));
  EXPECT_THAT(tool_->received, SizeIs(2));
  EXPECT_FALSE(model_->requests[2].may_call_tools);
  EXPECT_THAT(model_->requests[2].messages.back().content, HasSubstr("write your findings now"));
  EXPECT_THAT(model_->requests[3].messages.back().content, Not(HasSubstr("Findings")));
  expect_error(endless({verdict("unknown")}), ErrorReason::kBudgetExceeded);
}

TEST_F(CheckRunnerTest, AModelThatOnlyRepeatsItselfIsAskedForItsVerdictOnTheAnswers) {
  EXPECT_EQ(run({{calls({kGet})}, {calls({kGet})}, verdict("pass")}).status, CheckStatus::kPass);
  EXPECT_THAT(tool_->received, SizeIs(1));
  const std::string& told = model_->requests.back().messages.back().content;
  EXPECT_THAT(told, HasSubstr("get {\"kind\":\"Pod\"} -> 3/3 ready"));
  EXPECT_THAT(told, Not(HasSubstr("Findings")));
}

TEST_F(CheckRunnerTest, APassBesideASignOfTroubleIsAskedForOnceMore) {
  const auto judged = [&](std::vector<Turn> verdicts) {
    start_over();
    add_tool(ToolOutcome::kAnswered, "[2 rows; STATUS: 1 Bound, 1 Pending]\nNAME  STATUS\n");
    std::vector<Turn> script{{calls({kGet})}, {says("One is pending.")}};
    for (Turn& turn : verdicts) script.push_back(std::move(turn));
    return run(std::move(script)).status;
  };
  const std::string_view why = "One of two.";
  EXPECT_EQ(judged({verdict("pass", why), verdict("fail", why)}), CheckStatus::kFail);
  EXPECT_THAT(model_->requests.back().messages.back().content,
              AllOf(HasSubstr("Trouble was found: 2 rows; STATUS: 1 Bound, 1 Pending."),
                    Not(HasSubstr("One is pending."))));
  EXPECT_EQ(judged({verdict("pass", why), verdict("unknown", why)}), CheckStatus::kPass);
  // The sign is about something else.
  EXPECT_EQ(judged({verdict("pass", why), verdict("pass", why)}), CheckStatus::kPass);
  EXPECT_EQ(judged({verdict("fail", why)}), CheckStatus::kFail);
}

TEST_F(CheckRunnerTest, AModelThatOnlyMakesMistakesLosesTheToolsAndMustAnswer) {
  const ToolCall mistake{"m", "get", "no JSON"};
  std::vector<Turn> script{{calls({kGet})}};
  script.resize(4, Turn{calls({mistake})});
  script.push_back({says("All well.")});
  script.push_back(verdict("pass"));
  EXPECT_EQ(run(script).status, CheckStatus::kPass);
  EXPECT_THAT(tool_->received, SizeIs(1));
  EXPECT_TRUE(model_->requests[3].may_call_tools);
  EXPECT_FALSE(model_->requests[4].may_call_tools);

  start_over();
  const CheckResponse endless = run(std::vector<Turn>(20, Turn{calls({mistake})}));
  expect_error(endless, ErrorReason::kBudgetExceeded);
  EXPECT_THAT(endless.error, HasSubstr("mistaken or were answered before"));
  EXPECT_THAT(model_->requests, SizeIs(4));
}

TEST_F(CheckRunnerTest, ACallThatWasWrittenAsTextIsMade) {
  ModelReply written =
      says("I look.\n<tool_call>{\"name\":\"get\",\"arguments\":{\"a\":1}}</tool_call>");
  written.opaque = json::object{{"format", "x"}};
  const CheckResponse response = run({{written}, {says("All well.")}, verdict("pass")});
  EXPECT_EQ(response.status, CheckStatus::kPass);
  EXPECT_THAT(tool_->received, ElementsAre(R"({"a":1})"));
  const std::vector<Message>& messages = model_->requests[1].messages;
  ASSERT_THAT(messages, SizeIs(4));
  EXPECT_EQ(messages[2].content, "I look.");
  ASSERT_THAT(messages[2].tool_calls, SizeIs(1));
  EXPECT_EQ(messages[2].opaque, nullptr);
  EXPECT_EQ(messages[3].tool_call_id, messages[2].tool_calls[0].id);
}

TEST_F(CheckRunnerTest, UnknownVerdictAfterTheLastStepIsTheBudgetsFault) {
  options_.budget.model_calls_max = 4;
  expect_error(run({{calls({kGet})}, {says("not yet clear")}, verdict("unknown")}),
               ErrorReason::kBudgetExceeded);
}

TEST_F(CheckRunnerTest, ContextThatIsTooLongIsTheBudget) {
  expect_error(run({{fail(ErrorCode::kTooLarge, "HTTP 400: too long")}}),
               ErrorReason::kBudgetExceeded);
}

TEST_F(CheckRunnerTest, TextsKeepTheLimitsOfTheContract) {
  std::string rationale;
  for (int i = 0; i < 5000; ++i) rationale += "\u00e9";
  const CheckResponse response = run({{calls({kGet})}, {says("x")}, verdict("fail", rationale)});
  EXPECT_EQ(code_point_count(response.rationale), kMaxRationaleLength);
  EXPECT_LE(code_point_count(response.message), kMaxMessageLength);
  EXPECT_EQ(to_valid_utf8(response.message), response.message);

  start_over();
  const CheckResponse error = run({{fail(ErrorCode::kInvalid, std::string(9000, 'x'))}});
  EXPECT_EQ(code_point_count(error.error), kMaxErrorLength);
  EXPECT_LE(code_point_count(error.message), kMaxMessageLength);
}

TEST_F(CheckRunnerTest, RedactsWhatTheModelRepeats) {
  const CheckResponse response =
      run({{calls({kGet})}, {says("x")}, verdict("fail", "It logs password=hunter2-hunter2 now.")});
  EXPECT_THAT(response.rationale + response.message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(response.rationale, HasSubstr("[redacted]"));
}

// Time, cancellation, the model's own failures.

TEST_F(CheckRunnerTest, DeadlineEndsTheModelCallAtOnce) {
  StopSource source({}, loop_, loop_.mono_now() + seconds(30));
  const CheckResponse response = run({{says("x"), seconds(60)}}, source.stop());
  expect_error(response, ErrorReason::kTimeout);
  EXPECT_DOUBLE_EQ(response.duration_seconds, 30);
  EXPECT_EQ(model_->given_up, 1);
}

TEST_F(CheckRunnerTest, DeadlineEndsTheToolsAtOnceAndAsksTheModelNoMore) {
  add_tool(ToolOutcome::kAnswered, "late", seconds(90));
  StopSource source({}, loop_, loop_.mono_now() + seconds(30));
  const CheckResponse response = run({{calls({kGet})}, {says("x")}}, source.stop());
  expect_error(response, ErrorReason::kTimeout);
  EXPECT_DOUBLE_EQ(response.duration_seconds, 30);
  EXPECT_EQ(tool_->given_up, 1);
  EXPECT_THAT(model_->requests, SizeIs(1));
}

TEST_F(CheckRunnerTest, DeadlineCoversTheVerdictToo) {
  StopSource source({}, loop_, loop_.mono_now() + seconds(30));
  Turn slow = verdict("pass");
  slow.takes = seconds(60);
  expect_error(run({{calls({kGet})}, {says("x"), seconds(10)}, slow}, source.stop()),
               ErrorReason::kTimeout);
}

TEST_F(CheckRunnerTest, CancellationIsItsOwnReason) {
  StopSource source;
  const Timer cancel(loop_, loop_.mono_now() + seconds(5), [&] { source.request_stop(); });
  const CheckResponse response = run({{says("x"), seconds(60)}}, source.stop());
  expect_error(response, ErrorReason::kCancelled);
  EXPECT_DOUBLE_EQ(response.duration_seconds, 5);
}

TEST_F(CheckRunnerTest, DurationCoversModelAndTools) {
  add_tool(ToolOutcome::kAnswered, "ok", seconds(2));
  const CheckResponse response =
      run({{calls({kGet}), seconds(1)}, {says("x"), seconds(3)}, verdict("pass")});
  EXPECT_DOUBLE_EQ(response.duration_seconds, 6);
}

TEST_F(CheckRunnerTest, ModelThatCannotAnswerIsModelUnavailable) {
  for (const ErrorCode code : {ErrorCode::kUnauthenticated, ErrorCode::kRefused,
                               ErrorCode::kUnavailable, ErrorCode::kProtocol}) {
    start_over();
    const CheckResponse response = run({{fail(code, "asking model 'fake': no luck")}});
    expect_error(response, ErrorReason::kModelUnavailable);
    EXPECT_EQ(response.error, "asking model 'fake': no luck");
    EXPECT_EQ(response.usage.model_calls, 1);
  }
}

TEST_F(CheckRunnerTest, ModelNobodyConfiguredIsModelUnavailable) {
  const CheckResponse response = run({}, {}, {"q", "shop/frontend", "other"});
  expect_error(response, ErrorReason::kModelUnavailable);
  EXPECT_THAT(response.error, HasSubstr("no model 'other' is configured"));
  EXPECT_THAT(model_->requests, IsEmpty());
}

// A model that asked another one in its place.
FakeModel::Turn answered_by(std::string name, std::optional<Price> price, ModelReply reply) {
  reply.stand_in = StandIn{std::move(name), price};
  reply.usage.input_tokens = 100'000;
  return {std::move(reply)};
}

TEST_F(CheckRunnerTest, NamesTheModelThatAnsweredAndStaysWithIt) {
  const CheckResponse response = run({{calls({kGet})},
                                      answered_by("other", {}, says("All well.")),
                                      answered_by("other", {}, std::move(*verdict("pass").reply))});
  EXPECT_EQ(response.status, CheckStatus::kPass);
  EXPECT_EQ(response.model_used, "other");
  EXPECT_EQ(model_->requests[1].stand_in, "");
  EXPECT_EQ(model_->requests[2].stand_in, "other");
}

TEST_F(CheckRunnerTest, EachReplyCostsWhatItsModelDoesAndOneUnknownPriceMakesTheSumUnknown) {
  options_.budget.micro_usd_max = 0;
  price_ = Price{10'000'000, 0, 0, 0};  // a dollar for each reply
  ModelReply first = calls({kGet});
  first.usage.input_tokens = 100'000;
  const Price dear{40'000'000, 0, 0, 0};
  const auto script = [&](std::optional<Price> last) -> std::vector<Turn> {
    return {{first},
            answered_by("other", dear, says("All well.")),
            answered_by("other", last, std::move(*verdict("pass").reply))};
  };
  EXPECT_EQ(run(script(dear)).usage.cost_usd, "9.00");
  start_over();
  EXPECT_EQ(run(script(std::nullopt)).usage.cost_usd, "");
}

}  // namespace
}  // namespace holmes
