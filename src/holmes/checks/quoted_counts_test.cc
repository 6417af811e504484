#include "holmes/checks/quoted_counts.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

constexpr const char* kPods =
    "NAME            READY  STATUS\n"
    "frontend-a-x1   1/1    Running\n"
    "frontend-a-x2   1/1    Running\n"
    "frontend-a-x3   0/1    Pending\n"
    "cart-b-y1       1/1    Running\n";
constexpr const char* kDeployment =
    R"({"spec":{"replicas":7},"status":{"readyReplicas":5,"image":"web:9.4"},"pods":[{},{}]})";

TEST(QuotedCounts, AreSupportedByWhatAToolAnswered) {
  const std::vector<std::string> answers{kPods, kDeployment, "12/14 ready"};
  for (const char* rationale : {
           "All pods are ready.",
           "5 of 7 replicas are ready.",
           "5/7 ready",
           "12 of 14.",
           "12 out of 14 are ready",
           "0 of 7 replicas (readyReplicas is not told)",
           "3 of 4 pods run.",
           "2 of 3 frontend pods run",
           "1 of the 2 pods",
           "(5/7), 12/14 ready",
           "2 of 2 pods",
           // No counts.
           "10.0.0.0/24 is full",
           "on 2026/11/27",
           "path /var/9/8",
           "web-9/8 is down",
           "9/8x",
       }) {
    EXPECT_EQ(unsupported_count(rationale, answers), std::nullopt) << rationale;
  }
}

TEST(QuotedCounts, AreNamedWhenNoAnswerHasThem) {
  const std::vector<std::string> answers{kPods, kDeployment};
  const std::pair<const char*, const char*> cases[] = {
      {"6 of 7 replicas are ready.", "6 of 7"}, {"5/7 are ready, then 6/7.", "6/7"},
      {"5 of 5 pods run.", "5 of 5"},                                       // there are four
      {"9 out of 9 are ready", "9 out of 9"},   {"9 of 4 pods", "9 of 4"},  // more than there are
      {"5 of the 8 replicas", "5 of the 8"},
  };
  for (const auto& [rationale, count] : cases) {
    EXPECT_EQ(unsupported_count(rationale, answers), count) << rationale;
  }
  EXPECT_EQ(unsupported_count("3 of 3", {}), "3 of 3");
}

TEST(QuotedCounts, RowsAreCountedBelowTheRemarksOfATable) {
  const std::vector<std::string> answers{
      "[no pods found with labels a=b; without it there are:]\n[3 rows; STATUS: 3 Running]\n"
      "NAME  STATUS\na  Running\nb  Running\nc  Running\n"};
  EXPECT_EQ(unsupported_count("3 of 3 pods run", answers), std::nullopt);
  EXPECT_EQ(unsupported_count("4 of 4 pods run", answers), "4 of 4");
}

// Both numbers must come from one answer: 5 ready here and 14 wanted there are no count.
TEST(QuotedCounts, AreNotPutTogetherFromTwoAnswers) {
  EXPECT_EQ(unsupported_count("5 of 14", {"readyReplicas: 5", "replicas: 14"}), "5 of 14");
}

}  // namespace
}  // namespace holmes
