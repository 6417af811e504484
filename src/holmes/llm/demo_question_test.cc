#include "holmes/llm/demo_question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

struct Row {
  std::string question;
  DemoQuestion read;
};

TEST(DemoQuestion, ReadsKindNamesPlaceAndNumbers) {
  const std::vector<Row> rows{
      {"Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?",
       {.kind = "Deployment", .names = {"frontend"}, .ready_min = 2}},
      {"Is the deployment \"search\" in namespace shop fully ready?",
       {.kind = "Deployment", .names = {"search"}, .ns = "shop"}},
      {"Is deployment frontend healthy?", {.kind = "Deployment", .names = {"frontend"}}},
      {"Is the `frontend` deployment healthy?", {.kind = "Deployment", .names = {"frontend"}}},
      {"Are deployments 'a', 'b' and 'c' ready?", {.kind = "Deployment", .names = {"a", "b", "c"}}},
      {"Are all deployments in namespace 'shop' available?", {.kind = "Deployment", .ns = "shop"}},
      {"Are all pods in this namespace healthy?", {.kind = "Pod"}},
      {"Is any pod in the cluster crashing?", {.kind = "Pod", .all_namespaces = true}},
      {"Is anything crashing in namespace shop?", {.kind = "Pod", .ns = "shop"}},
      {"Has any pod in namespace shop restarted more than 5 times?",
       {.kind = "Pod", .ns = "shop", .restarts_max = 5}},
      {"Are pods restarting?", {.kind = "Pod", .restarts_max = 3}},
      {"Are all nodes Ready?", {.kind = "Node"}},
      {"Is node 'demo-node' ready?", {.kind = "Node", .names = {"demo-node"}}},
      {"Did job 'nightly-export' in namespace 'batch' complete?",
       {.kind = "Job", .names = {"nightly-export"}, .ns = "batch"}},
      {"Are there warning events in namespace shop?",
       {.kind = "Event", .ns = "shop", .existence = false}},
      {"Does ConfigMap 'payments-config' exist in namespace shop?",
       {.kind = "ConfigMap", .names = {"payments-config"}, .ns = "shop", .existence = true}},
      {"Does deployment 'frontend' exist?",
       {.kind = "Deployment", .names = {"frontend"}, .existence = true}},
  };
  for (const Row& row : rows) {
    const auto read = read_demo_question(row.question);
    ASSERT_TRUE(read) << row.question;
    EXPECT_EQ(read->kind, row.read.kind) << row.question;
    EXPECT_EQ(read->names, row.read.names) << row.question;
    EXPECT_EQ(read->ns, row.read.ns) << row.question;
    EXPECT_TRUE(*read == row.read) << row.question;
  }
}

// A verdict about something else than what was asked would be worse than none.
TEST(DemoQuestion, DoesNotPretendToUnderstand) {
  for (const std::string_view question : {
           "",
           "What is the meaning of life?",
           "Is memory usage of the pods above 90 %?",
           "Is CPU of deployment 'frontend' fine?",
           "Why is deployment 'frontend' not ready?",
           "Do the logs of pod 'a' contain failures?",
           "How many pods are running?",
           "Does the certificate of ingress 'a' expire soon?",
           "Are the services fine?",
           "Paint the pods blue.",
       }) {
    EXPECT_FALSE(read_demo_question(question)) << question;
  }
}

TEST(DemoQuestion, LongQuestionsAreNoTrouble) {
  const std::string noise(100'000, '\'');
  EXPECT_FALSE(read_demo_question(noise));
  EXPECT_TRUE(read_demo_question("Are all pods healthy? " + noise));
}

TEST(DemoQuestion, SaysWhatItKnows) {
  EXPECT_THAT(demo_questions(), testing::AllOf(testing::HasSubstr("whether pods"),
                                               testing::HasSubstr("warning events")));
}

}  // namespace
}  // namespace holmes
