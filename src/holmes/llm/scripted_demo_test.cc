// With the tools' real words, but without tools: src/cmd/demo_checks_test.cc asks with real ones.
#include "holmes/llm/scripted_demo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"

namespace holmes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class ScriptedDemoTest : public testing::Test {
 protected:
  ScriptedDemoTest() {
    json::object properties{{"kind", {}}, {"name", {}}, {"namespace", {}}, {"api_version", {}}};
    for (const std::string_view name :
         {"kubernetes_get", "kubernetes_list", "kubernetes_describe", "kubernetes_logs"}) {
      request_.tools.push_back({std::string(name), "", {{"properties", properties}}});
    }
  }

  ModelReply ask(const std::string& question) {
    request_.messages = {
        {Role::kSystem, "You investigate.", {}, "", {}},
        {Role::kUser, question + "\n\nnamespace: shop\ntime: 2026-01-01T00:00:00Z", {}, "", {}}};
    return scripted_demo_reply(request_);
  }
  // Hands over what the tools say to the calls of that reply.
  ModelReply tell(const ModelReply& reply, const std::vector<std::string>& answers) {
    request_.messages.push_back({Role::kAssistant, "", reply.tool_calls, "", {}});
    for (size_t i = 0; i < answers.size(); ++i) {
      request_.messages.push_back({Role::kTool, answers[i], {}, reply.tool_calls.at(i).id, {}});
    }
    return scripted_demo_reply(request_);
  }
  static ModelReply judge(const std::string& findings) {
    ModelRequest request;
    request.schema = ResponseSchema{"verdict", {}};
    request.messages = {{Role::kUser,
                         "Question:\nq\n\nTool calls:\n- x -> Findings: No problem found.\n"
                         "\nFindings:\n" +
                             findings,
                         {},
                         "",
                         {}}};
    return scripted_demo_reply(request);
  }

  ModelRequest request_;
};

TEST_F(ScriptedDemoTest, AsksForTheNamedObjectWithEveryArgumentOfTheSchema) {
  const ModelReply reply = ask("Is deployment 'frontend' in namespace 'web' healthy?");
  ASSERT_EQ(reply.tool_calls.size(), 1U);
  EXPECT_EQ(reply.finish, FinishReason::kToolCalls);
  EXPECT_EQ(reply.tool_calls[0].name, "kubernetes_get");
  EXPECT_EQ(parse_json_object(reply.tool_calls[0].arguments).value(),
            (json::object{{"kind", "Deployment"},
                          {"name", "frontend"},
                          {"namespace", "web"},
                          {"api_version", nullptr}}));
}

TEST_F(ScriptedDemoTest, QuotesWhatItSaw) {
  const ModelReply calls = ask("Is deployment 'frontend' healthy?");
  const ModelReply found = tell(calls, {R"({"spec":{"replicas":3},"status":{"readyReplicas":3}})"});
  EXPECT_EQ(found.content,
            "No problem found. Deployment 'frontend' has 3 of 3 replicas ready (readyReplicas 3, "
            "replicas 3).");
}

TEST_F(ScriptedDemoTest, ComparesWithTheNumberThatIsAskedFor) {
  const std::string one_of_two = R"({"spec":{"replicas":2},"status":{"readyReplicas":1}})";
  const ModelReply enough = tell(ask("Has deployment 'a' at least 1 ready replica?"), {one_of_two});
  EXPECT_THAT(enough.content, StartsWith("No problem found. "));
  const ModelReply few = tell(ask("Has deployment 'a' at least 2 ready replicas?"), {one_of_two});
  ASSERT_EQ(few.tool_calls.size(), 1U) << few.content;
  EXPECT_EQ(few.tool_calls[0].name, "kubernetes_describe");
}

TEST_F(ScriptedDemoTest, GoesFromTheDeploymentToThePodItsEventsAndItsLog) {
  ModelReply reply = ask("Is deployment 'payments' healthy?");
  reply = tell(reply, {R"({"spec":{"replicas":1},"status":{}})"});
  ASSERT_EQ(reply.tool_calls.size(), 1U);
  EXPECT_EQ(reply.tool_calls[0].name, "kubernetes_describe");
  reply = tell(reply, {R"({"object":{},"events":[],"pods":[
      {"name":"payments-1","phase":"Running","ready":"0/1","restarts":6,
       "reason":"CrashLoopBackOff"}]})"});
  ASSERT_EQ(reply.tool_calls.size(), 2U);
  EXPECT_EQ(reply.tool_calls[1].name, "kubernetes_logs");
  reply = tell(reply, {R"({"object":{},"events":[{"type":"Warning","reason":"BackOff",
      "message":"Back-off restarting failed container"}]})",
                       "[log of a container]\nstarting\nfatal: no database\n"});
  EXPECT_THAT(reply.content,
              AllOf(StartsWith("Problem found. Deployment 'payments' has 0 of 1 replicas ready"),
                    HasSubstr("Pod 'payments-1' is CrashLoopBackOff with 6 restarts."),
                    HasSubstr("BackOff: Back-off restarting failed container"),
                    HasSubstr("The last line of its log is \"fatal: no database\".")));
}

TEST_F(ScriptedDemoTest, ReadsTables) {
  const std::string pods =
      "NAME   READY  STATUS            RESTARTS     AGE\n"
      "web-1  1/1    Running           0            2d\n"
      "pay-1  0/1    CrashLoopBackOff  6 (2m ago)   2d\n"
      "job-1  0/1    Completed         0            2d\n";
  ModelReply reply = tell(ask("Are all pods healthy?"), {pods});
  ASSERT_FALSE(reply.tool_calls.empty()) << reply.content;
  reply = tell(reply, {"error: forbidden (403): no", "error: forbidden (403): no"});
  EXPECT_EQ(reply.content,
            "Problem found. 1 of 3 pods are not healthy: pay-1 (CrashLoopBackOff, 0/1 ready, "
            "6 (2m ago) restarts).");
  reply = tell(ask("Has a pod restarted more than 10 times?"), {pods});
  EXPECT_EQ(reply.content, "No problem found. None of 3 pods restarted more than 10 times.");
}

struct TableCase {
  std::string question;
  std::string answer;
  std::string finding;
};

TEST_F(ScriptedDemoTest, JudgesEachKindByItsState) {
  const std::vector<TableCase> cases{
      {"Are all nodes ready?", "NAME  STATUS    ROLES\nn-1   NotReady  <none>\n",
       "Problem found. 1 of 1 nodes are not healthy: n-1 (NotReady)."},
      {"Are all nodes ready?", "NAME  STATUS  ROLES\nn-1   Ready   <none>\n",
       "No problem found. All 1 nodes are healthy."},
      {"Are there warning events?", "no events found in namespace shop with fields type=Warning",
       "No problem found. There are no warning events."},
      {"Are there warning events?",
       "LAST SEEN  TYPE     REASON   OBJECT   MESSAGE\n2m         Warning  BackOff  pod/a    no\n",
       "Problem found. 1 of 1 events are warnings: pod/a (BackOff: no)."},
      {"Are all pods healthy?", "no pods found in namespace shop",
       "Problem found. There are no pods."},
      {"Are all pods healthy?", "error: forbidden (403): pods is forbidden",
       "Could not be judged. the list of Pod could not be read: error: forbidden (403): pods is "
       "forbidden."},
      {"Did job 'a' complete?",
       R"({"status":{"conditions":[{"type":"Complete","status":"True"}]}})",
       "No problem found. Job 'a' has the condition Failed not set."},
      {"Does ConfigMap 'a' exist?", "error: not found (404): configmaps \"a\" not found",
       "Problem found. ConfigMap 'a' does not exist."},
      {"Does ConfigMap 'a' exist?", R"({"kind":"ConfigMap"})",
       "No problem found. ConfigMap 'a' exists."},
      {"Is pod 'a' running?", "not JSON",
       "Could not be judged. Pod 'a' could not be read: not JSON."},
  };
  for (const TableCase& one : cases) {
    EXPECT_EQ(tell(ask(one.question), {one.answer}).content, one.finding) << one.question;
  }
}

TEST_F(ScriptedDemoTest, VerdictFollowsFromTheFindingsInTheSchemasWords) {
  EXPECT_EQ(judge("No problem found. All is well.").content,
            R"({"rationale":"All is well.","verdict":"pass"})");
  EXPECT_EQ(judge("Problem found. It burns.").content,
            R"({"rationale":"It burns.","verdict":"fail"})");
  EXPECT_EQ(judge("Could not be judged. Dark.").content,
            R"({"rationale":"Dark.","verdict":"unknown"})");
  EXPECT_THAT(judge("I am another model.").content, HasSubstr(R"("verdict":"unknown")"));
}

TEST_F(ScriptedDemoTest, DeclinesWhatItDoesNotUnderstandAndSaysHowToGetARealModel) {
  const ModelReply reply = ask("Is the latency of our shop fine?");
  EXPECT_TRUE(reply.tool_calls.empty());
  EXPECT_THAT(reply.refusal, AllOf(StartsWith("scripted/demo is a demo model that only knows "),
                                   HasSubstr("set MODEL together with OPENAI_API_KEY or "
                                             "OPENAI_API_BASE")));
  EXPECT_LT(reply.refusal.size(), 500U);  // longer ones are cut on their way
}

TEST(ScriptedDemo, WaitsAsLongAsItIsToldAndEndsWithTheStop) {
  VirtualLoop loop;
  ScriptedDemo model(loop, {.delay = std::chrono::milliseconds(300)});
  EXPECT_EQ(model.name(), "scripted/demo");
  const MonoTime before = loop.mono_now();
  ASSERT_TRUE(loop.run(model.complete({}, {})));
  EXPECT_EQ(loop.mono_now() - before, std::chrono::milliseconds(300));

  StopSource stop({}, loop, loop.mono_now() + std::chrono::milliseconds(100));
  const auto reply = loop.run(model.complete({}, stop.stop()));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace holmes
