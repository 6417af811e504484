#include "holmes/checks/compaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/checks/check_runner_testing.h"
#include "holmes/checks/model_calls.h"

namespace holmes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;
using Turn = FakeModel::Turn;

Message answer(char letter, size_t bytes = 4000) {
  return {Role::kTool, std::string(bytes, letter), {}, "id", {}};
}

// Two steps: answers a and b, then c.
ModelRequest conversation() {
  ModelRequest request;
  request.messages = {{Role::kSystem, std::string(2000, 's'), {}, "", {}},
                      {Role::kUser, std::string(2000, 'q'), {}, "", {}},
                      {Role::kAssistant, "look", {kGet}, "", {}},
                      answer('a'),
                      answer('b'),
                      {Role::kAssistant, "more", {kGet}, "", {}},
                      answer('c')};
  return request;
}

TEST(Compaction, LeavesAloneWhatFits) {
  ModelRequest request = conversation();
  EXPECT_FALSE(compact(request, 10'000));
  EXPECT_EQ(request.messages, conversation().messages);
}

TEST(Compaction, ShortensTheOldestAnswersFirstWithARemark) {
  ModelRequest request = conversation();
  EXPECT_TRUE(compact(request, 3400));
  EXPECT_THAT(request.messages[3].content,
              AllOf(StartsWith("aaaa"), HasSubstr("[the rest of 4000 bytes was dropped")));
  EXPECT_EQ(request.messages[4], answer('b'));
  EXPECT_LE(estimate_tokens(request), 3400);
}

TEST(Compaction, DropsThemWhenThatIsNotEnough) {
  ModelRequest request = conversation();
  EXPECT_TRUE(compact(request, 2200));
  EXPECT_THAT(request.messages[3].content, StartsWith("[this answer was dropped"));
  EXPECT_THAT(request.messages[4].content, StartsWith("bbbb"));
}

TEST(Compaction, NeverTouchesTheQuestionTheModelsWordsOrTheNewestAnswers) {
  ModelRequest request = conversation();
  EXPECT_TRUE(compact(request, 0));
  const ModelRequest whole = conversation();
  for (const size_t i : {0U, 1U, 2U, 5U, 6U}) {
    EXPECT_EQ(request.messages[i], whole.messages[i]) << i;
  }
  EXPECT_THAT(request.messages[3].content, StartsWith("[this answer was dropped"));
  EXPECT_THAT(request.messages[4].content, StartsWith("[this answer was dropped"));
  EXPECT_FALSE(compact(request, 0));
}

class LongCheckTest : public CheckRunnerTest {
 protected:
  static std::vector<Turn> looks(size_t n) {
    std::vector<Turn> script;
    for (size_t i = 0; i < n; ++i) {
      script.push_back({calls({{"c", "get", "{\"n\":" + std::to_string(i) + "}"}})});
    }
    return script;
  }
};

TEST_F(LongCheckTest, AFullWindowIsCompactedAndTheCheckGoesOn) {
  options_.context_tokens_max = 8000;
  add_tool(ToolOutcome::kAnswered, "3/3 ready " + std::string(10'000, 'x'));
  std::vector<Turn> script = looks(6);
  script.push_back({says("All well.")});
  script.push_back(verdict("pass"));
  EXPECT_EQ(run(script).status, CheckStatus::kPass);
  for (const ModelRequest& request : model_->requests) {
    EXPECT_LE(estimate_tokens(request), 8000);
  }
  EXPECT_EQ(model_->requests[6].messages.back().content.size(), 10'010U);
}

TEST_F(LongCheckTest, AModelMaySayItselfHowMuchItReads) {
  context_tokens_max_ = 8000;
  add_tool(ToolOutcome::kAnswered, "3/3 ready " + std::string(10'000, 'x'));
  std::vector<Turn> script = looks(6);
  script.push_back({says("All well.")});
  script.push_back(verdict("pass"));
  EXPECT_EQ(run(script).status, CheckStatus::kPass);
  for (const ModelRequest& request : model_->requests) {
    EXPECT_LE(estimate_tokens(request), 8000);
  }
}

TEST_F(LongCheckTest, AConversationThatTheProviderFindsTooLongIsCompactedOnce) {
  add_tool(ToolOutcome::kAnswered, "3/3 ready " + std::string(10'000, 'x'));
  std::vector<Turn> script = looks(2);
  script.push_back({fail(ModelErrorKind::kContextTooLong, "HTTP 400: too long")});
  script.push_back({says("All well.")});
  script.push_back(verdict("pass"));
  EXPECT_EQ(run(script).status, CheckStatus::kPass);
  ASSERT_THAT(model_->requests, SizeIs(5));
  EXPECT_LT(estimate_tokens(model_->requests[3]), estimate_tokens(model_->requests[2]));

  start_over();
  add_tool(ToolOutcome::kAnswered, std::string(10'000, 'x'));
  script = looks(2);
  for (int i = 0; i < 3; ++i) {
    script.push_back({fail(ModelErrorKind::kContextTooLong, "HTTP 400: too long")});
  }
  expect_error(run(script), ErrorReason::kBudgetExceeded);
  EXPECT_THAT(model_->requests, SizeIs(4));
}

}  // namespace
}  // namespace holmes
