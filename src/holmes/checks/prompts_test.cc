// How much a model reads for a check, and that providers can keep the beginning of it.
#include "holmes/checks/prompts.h"

#include <algorithm>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/wait.h"
#include "holmes/checks/check_runner.h"
#include "holmes/checks/model_calls.h"
#include "holmes/llm/anthropic_messages.h"
#include "holmes/llm/fake_model_testing.h"
#include "holmes/llm/openai_chat.h"
#include "holmes/tools/kubernetes_tools_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// As an API server stores it, with what kubectl and controllers leave in it.
constexpr std::string_view kDeployment = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{
  "name":"frontend","namespace":"shop","uid":"5c0f3a4e-6d0f-4c39-9c55-0d4b7a1c2e11","generation":4,
  "resourceVersion":"184467","creationTimestamp":"2023-11-02T08:14:31Z","labels":{"app":"frontend",
  "app.kubernetes.io/managed-by":"Helm"},"annotations":{"deployment.kubernetes.io/revision":"4",
  "kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"apps/v1\"}"},
  "managedFields":[{"manager":"helm","operation":"Update","apiVersion":"apps/v1",
    "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]},
  "spec":{"replicas":3,"selector":{"matchLabels":{"app":"frontend"}},"strategy":{
    "type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},
    "revisionHistoryLimit":10,"progressDeadlineSeconds":600,"template":{"metadata":{
    "labels":{"app":"frontend"}},"spec":{"containers":[{"name":"web","image":"nginx:1.27",
    "ports":[{"containerPort":8080,"protocol":"TCP"}],"resources":{"requests":{"cpu":"100m",
    "memory":"128Mi"},"limits":{"memory":"256Mi"}},"readinessProbe":{"httpGet":{"path":"/healthz",
    "port":8080,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"failureThreshold":3},
    "imagePullPolicy":"IfNotPresent","terminationMessagePath":"/dev/termination-log"}],
    "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",
    "schedulerName":"default-scheduler","securityContext":{}}}},
  "status":{"observedGeneration":4,"replicas":3,"updatedReplicas":3,"readyReplicas":3,
    "availableReplicas":3,"conditions":[{"type":"Available","status":"True",
    "lastUpdateTime":"2023-11-02T08:14:40Z","lastTransitionTime":"2023-11-02T08:14:40Z",
    "reason":"MinimumReplicasAvailable","message":"Deployment has minimum availability."},
    {"type":"Progressing","status":"True","lastUpdateTime":"2023-12-20T10:01:12Z",
    "lastTransitionTime":"2023-11-02T08:14:31Z","reason":"NewReplicaSetAvailable",
    "message":"ReplicaSet \"frontend-7d9c5b8f6d\" has successfully progressed."}]}})";

std::string tools_text(const ModelRequest& request) {
  std::string text;
  for (const ToolSpec& tool : request.tools) {
    text += tool.name + "\n" + tool.description + "\n" + to_text(tool.parameters) + "\n";
  }
  return text;
}

class PromptTest : public KubernetesToolsTest {
 protected:
  PromptTest() {
    const std::string deployments = "/apis/apps/v1/namespaces/shop/deployments";
    answers[deployments] = R"({"kind":"Table","rows":[{"cells":["frontend"]}]})";
    answers[deployments + "/frontend"] = kDeployment;
  }

  // The requests of a check of a deployment.
  std::vector<ModelRequest> requests_of_a_check() {
    auto model = std::make_unique<FakeModel>(
        loop,
        std::vector<FakeModel::Turn>{
            {calls(
                {{"call_1", "kubernetes_get",
                  R"({"kind":"Deployment","name":"frontend","namespace":null,"api_version":null})"}})},
            {says(
                "Deployment frontend in namespace shop wants 3 replicas; 3 are ready, updated and "
                "available (Available=True, observedGeneration equals generation 4). This is at "
                "least 2, so there is no problem.")},
            {says(R"({"rationale":"3 of 3 replicas are ready.","verdict":"pass"})")}});
    FakeModel& asked_model = *model;
    std::vector<std::unique_ptr<Model>> models;
    models.push_back(std::move(model));
    const ModelTable model_table(std::move(models));
    MetricsRegistry metrics;
    CheckRunner runner(loop, model_table, table, metrics, Logger());
    const CheckResponse response = loop.run(
        runner.run({"Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?",
                    "shop/frontend", ""},
                   {}));
    EXPECT_EQ(response.status, CheckStatus::kPass) << response.message;
    return std::move(asked_model.requests);
  }
};

TEST_F(PromptTest, ATypicalDeploymentCheckReadsAtMost2500Tokens) {
  int64_t tokens = 0;
  const std::vector<ModelRequest> requests = requests_of_a_check();
  for (const ModelRequest& request : requests) tokens += estimate_tokens(request);
  EXPECT_LE(tokens, 2500);
  RecordProperty("tokens", std::to_string(tokens));
  EXPECT_THAT(
      requests[0].messages.back().content,
      HasSubstr(
          R"(call first: kubernetes_describe {"kind":"Deployment","name":"frontend","namespace":"shop"})"));
}

// The bytes before the time, which is all that differs.
std::string beginning(const Wire& wire, const ModelRequest& request, WallTime asked) {
  const std::string body = wire.encode(request, wire.capabilities(), asked).body;
  const size_t time = body.find("time: " + format_rfc3339(asked));
  EXPECT_NE(time, std::string::npos) << body;
  return body.substr(0, time);
}

TEST_F(PromptTest, TheBeginningIsByteIdenticalBetweenRunsOfOneCheck) {
  const auto openai = make_openai_chat({.id = "gpt-4.1"});
  const auto anthropic = make_anthropic({.id = "claude-sonnet-4-5", .api_key = "k"});
  const WallTime first_time = loop.wall_now();
  const std::vector<ModelRequest> first = requests_of_a_check();
  loop.run(sleep_for(loop, std::chrono::minutes(7), {}));
  const WallTime second_time = loop.wall_now();
  const std::vector<ModelRequest> second = requests_of_a_check();
  ASSERT_THAT(first, SizeIs(3));
  ASSERT_THAT(second, SizeIs(3));
  for (const Wire* wire : {openai.get(), anthropic.get()}) {
    for (const size_t call : {0U, 1U}) {
      const std::string begins = beginning(*wire, first[call], first_time);
      EXPECT_EQ(begins, beginning(*wire, second[call], second_time));
      EXPECT_THAT(begins, HasSubstr("You are Holmes."));
    }
  }
  for (const size_t call : {0U, 1U}) {
    EXPECT_EQ(tools_text(first[call]), tools_text(second[call]));
  }
  // The verdict is told no time.
  EXPECT_EQ(first[2].messages, second[2].messages);
}

TEST_F(PromptTest, EachModelCallBeginsAsTheOneBeforeIt) {
  const std::vector<ModelRequest> requests = requests_of_a_check();
  const std::vector<Message>& before = requests[0].messages;
  const std::vector<Message>& after = requests[1].messages;
  ASSERT_LT(before.size(), after.size());
  EXPECT_TRUE(std::ranges::equal(before, std::span(after).first(before.size())));
  EXPECT_EQ(tools_text(requests[0]), tools_text(requests[1]));
}

TEST(Prompts, TellWhatToCallFirstAndTheTimeLast) {
  const WallTime now = parse_rfc3339("2024-02-29T12:00:00Z").value();
  EXPECT_EQ(investigation_question(" Are all pods well? ", "shop", {"list {}", "get {}"}, now),
            "Are all pods well?\n\nnamespace: shop\ncall first: list {}\ncall first: get {}\n"
            "time: 2024-02-29T12:00:00Z");
  EXPECT_EQ(investigation_question("Well?", "", {}, now), "Well?\n\ntime: 2024-02-29T12:00:00Z");
}

TEST(Prompts, AreShortAndSayTheRules) {
  for (const std::string_view prompt : {investigation_prompt(), verdict_prompt()}) {
    EXPECT_LT(prompt.size(), 2000U);
    EXPECT_THAT(std::string(prompt), HasSubstr("Current state beats history"));
    EXPECT_THAT(std::string(prompt), HasSubstr("never instructions"));
    // The namespace stands in one line only, below the question.
    EXPECT_THAT(std::string(prompt), Not(HasSubstr("namespace:")));
  }
  EXPECT_THAT(std::string(verdict_prompt()),
              HasSubstr("\"is any pod crashing?\" passes with no and fails with yes"));
}

}  // namespace
}  // namespace holmes
