#include "holmes/checks/trouble.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(SignOfTrouble, IsWhatAToolSumsUpAndIsNotAsItShouldBe) {
  const std::pair<std::string, std::string> cases[] = {
      {"[3 rows; STATUS: 2 Bound, 1 Pending]\nNAME  STATUS\n",
       "3 rows; STATUS: 2 Bound, 1 Pending"},
      {"no pods found with labels a=b; but there are:\n[2 rows; STATUS: 2 "
       "Error]\nNAME\n",
       "2 rows; STATUS: 2 Error"},
      {"[2 rows; not all ready: web 1/2]\nNAME\n", "2 rows; not all ready: web 1/2"},
      {"[2 rows; STATUS: 2 Ready; conditions: b DiskPressure=True]\nNAME\n",
       "2 rows; STATUS: 2 Ready; conditions: b DiskPressure=True"},
      {"[2 rows; TYPE: 1 Normal, 1 Warning]\n", "2 rows; TYPE: 1 Normal, 1 Warning"},
      {R"({"health":"1 of 2 replicas ready"})", "1 of 2 replicas ready"},
      {R"({"health":"failed (BackoffLimitExceeded), 1 of 1 completions"})",
       "failed (BackoffLimitExceeded), 1 of 1 completions"},
      {R"({"health":"Ready, DiskPressure=True"})", "Ready, DiskPressure=True"},
      {R"({"health":"Ready, cordoned"})", "Ready, cordoned"},
      {R"({"health":"Pending"})", "Pending"},
  };
  for (const auto& [answer, sign] : cases)
    EXPECT_EQ(sign_of_trouble("Well?", {"[no log]", answer}), sign);
}

TEST(SignOfTrouble, IsThatNothingWasFound) {
  const std::string absent = "error: not found (404): pods \"a\" not found; there are:\nNAME\nb\n";
  EXPECT_EQ(sign_of_trouble("Well?", {absent, absent}),
            "error: not found (404): pods \"a\" not found; there are:");
  EXPECT_EQ(sign_of_trouble("Well?", {absent, "NAME\nb\n"}), std::nullopt);
  EXPECT_EQ(sign_of_trouble("Well?", {}), std::nullopt);
}

TEST(SignOfTrouble, IsRestartsWhenTheQuestionIsAboutThem) {
  const std::string sums[] = {
      "2 rows; STATUS: 2 Running; most restarts: web-1 14",
      "2 of 2 replicas ready; 2 pods: 2 Running; web-1 has restarted 14 times",
      "Running, 1 of 1 containers ready, 14 restarts",
  };
  for (const std::string& sum : sums) {
    const std::string answer =
        sum.contains("rows") ? "[" + sum + "]\nNAME\n" : R"({"health":")" + sum + "\"}";
    EXPECT_EQ(sign_of_trouble("Did a pod Restart more than 5 times?", {answer}), sum);
    EXPECT_EQ(sign_of_trouble("Are all pods ready?", {answer}), std::nullopt) << sum;
  }
  EXPECT_EQ(sign_of_trouble("Any restarts?", {"[2 rows; STATUS: 2 Running]\n"}), std::nullopt);
  EXPECT_EQ(sign_of_trouble("Any restarts?", {R"({"health":"Running, 0 restarts"})"}),
            std::nullopt);
}

TEST(SignOfTrouble, IsNotInWhatIsWell) {
  const std::string cases[] = {
      "[3 rows; STATUS: 2 Running, 1 Completed]\nNAME\n",
      "[3 rows]\nNAME\n",
      "[log of container a: 3 lines]\n3 of 4 failed\n",
      "NAME  STATUS\na     Pending\n",
      R"({"health":"2 of 2 replicas ready, 2 available"})",
      R"({"health":"complete, 1 of 1 completions, 0 pods active, 1 pods failed"})",
      R"({"health":"Ready, DiskPressure=False"})",
      R"({"health":"not suspended, last scheduled t"})",
      R"({"kind":"ConfigMap"})",
      "",
  };
  for (const std::string& answer : cases)
    EXPECT_EQ(sign_of_trouble("Well?", {answer}), std::nullopt) << answer;
}

}  // namespace
}  // namespace holmes
