#include "cmd/recorded_runs.h"

#include <gtest/gtest.h>

#include "holmes/tools/redact.h"

namespace holmes {
namespace {

Recording run(std::string name, std::string query, std::string model) {
  Recording recording;
  recording.name = std::move(name);
  recording.query = std::move(query);
  recording.model = std::move(model);
  return recording;
}

TEST(RecordedRuns, AreFoundByCheckAndQuestionAndTakeTurns) {
  RecordedRuns runs({run("shop/a", "Is it up?", "1"), run("shop/b", "Is it up?", "2"),
                     run("shop/a", "Is it up?", "3"), run("shop/a", "Is it down?", "4")});
  EXPECT_EQ(runs.next("shop/a", "Is it up?")->model, "1");
  EXPECT_EQ(runs.next("shop/a", "Is it up?")->model, "3");
  EXPECT_EQ(runs.next("shop/a", "Is it up?")->model, "1");
  EXPECT_EQ(runs.next("shop/b", "Is it up?")->model, "2");
  EXPECT_EQ(runs.next("shop/a", "Is it down?")->model, "4");
  EXPECT_EQ(runs.next("shop/a", "Is it there?"), nullptr);
}

TEST(RecordedRuns, AnswerChecksOfOtherNames) {
  RecordedRuns runs({run("shop/a", "Is it up?", "1"), run("shop/b", "Is it up?", "2")});
  EXPECT_NE(runs.next("shop/nightly-29411520", "Is it up?"), nullptr);
  EXPECT_EQ(runs.next("shop/nightly-29411520", "Are all well?"), nullptr);
}

TEST(RecordedRuns, KnowQuestionsAsTheyWereRecordedWithoutCredentials) {
  const std::string secret = "Does Bearer abcdefghijklmnopqrstuvwxyz0123456789 work?";
  RecordedRuns runs({run("a", redact(secret), "1")});
  ASSERT_NE(redact(secret), secret);
  EXPECT_NE(runs.next("a", secret), nullptr);
}

}  // namespace
}  // namespace holmes
