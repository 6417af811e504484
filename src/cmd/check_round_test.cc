#include "cmd/check_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Takes a second for each character of the question.
class SlowJudge final : public CheckJudge {
 public:
  explicit SlowJudge(Loop& loop) : loop_(loop) {}

  Task<CheckResponse> judge(CheckRequest request, OnProgress on_progress, Stop stop) override {
    most_at_once = std::max(most_at_once, ++running_);
    on_progress({1, 0});
    CheckResponse response;
    response.status = CheckStatus::kPass;
    if (!co_await sleep_for(loop_, seconds(request.query.size()), stop)) {
      response.status = CheckStatus::kError;
      response.reason = ErrorReason::kCancelled;
    }
    --running_;
    co_return response;
  }

  int most_at_once = 0;

 private:
  Loop& loop_;
  int running_ = 0;
};

class Notes final : public RoundObserver {
 public:
  void began(size_t index) override { add("began", index); }
  void progressed(size_t index, const CheckProgress&) override { add("progressed", index); }
  void ended(size_t index, const CheckResponse&) override { add("ended", index); }

  std::vector<std::string> lines;

 private:
  void add(std::string what, size_t index) {
    lines.push_back(std::move(what) + " " + std::to_string(index));
  }
};

std::vector<FileCheck> checks_of(const std::vector<std::string>& questions) {
  std::vector<FileCheck> checks;
  for (const std::string& question : questions) {
    FileCheck check;
    check.name = question;
    check.request.query = question;
    checks.push_back(check);
  }
  return checks;
}

class CheckRoundTest : public ::testing::Test {
 protected:
  CheckRun run(const std::vector<std::string>& questions, size_t parallel, Stop stop = {}) {
    return loop_.run(
        run_round(loop_, judge_, checks_of(questions), parallel, notes_, std::move(stop)));
  }

  VirtualLoop loop_;
  SlowJudge judge_{loop_};
  Notes notes_;
};

TEST_F(CheckRoundTest, RunsOneAfterTheOtherInTheirOrder) {
  const CheckRun done = run({"aaa", "b"}, 1);
  EXPECT_EQ(judge_.most_at_once, 1);
  EXPECT_EQ(done.took, seconds(4));
  EXPECT_THAT(notes_.lines, ElementsAre("began 0", "progressed 0", "ended 0", "began 1",
                                        "progressed 1", "ended 1"));
}

TEST_F(CheckRoundTest, RunsSomeAtOnceAndKeepsTheOrderOfTheChecks) {
  const CheckRun done = run({"aaa", "bb", "c"}, 2);
  EXPECT_EQ(judge_.most_at_once, 2);
  EXPECT_EQ(done.took, seconds(3));
  ASSERT_THAT(done.outcomes, SizeIs(3));
  EXPECT_EQ(done.outcomes[0].check.name, "aaa");
  EXPECT_EQ(done.outcomes[2].check.name, "c");
  EXPECT_FALSE(done.interrupted);
}

TEST_F(CheckRoundTest, AStopCancelsWhatRunsAndLeavesTheRestOut) {
  const StopSource stop({}, loop_, loop_.mono_now() + seconds(2));
  const CheckRun done = run({"a", "bbbbbbbb", "c"}, 1, stop.stop());
  EXPECT_EQ(done.took, seconds(2));
  ASSERT_THAT(done.outcomes, SizeIs(2));
  EXPECT_EQ(done.outcomes[0].response.status, CheckStatus::kPass);
  EXPECT_EQ(done.outcomes[1].response.reason, ErrorReason::kCancelled);
  EXPECT_EQ(done.not_run, 1U);
  EXPECT_TRUE(done.interrupted);
}

}  // namespace
}  // namespace holmes
