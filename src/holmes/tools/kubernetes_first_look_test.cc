#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/tools/kubernetes_tools_testing.h"

namespace holmes {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kMoreCoreKinds =
    R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
  {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"]},
  {"name":"events","singularName":"event","namespaced":true,"kind":"Event","verbs":["get","list"]},
  {"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","verbs":["get","list"]},
  {"name":"services","singularName":"service","namespaced":true,"kind":"Service","verbs":["get","list"]},
  {"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]}]})";

std::string table_of(const std::vector<std::string>& names, std::string_view ns = "shop") {
  std::string rows;
  for (const std::string& name : names) {
    rows += fmt::format(R"({}{{"cells":["{}"],"object":{{"metadata":{{"namespace":"{}"}}}}}})",
                        rows.empty() ? "" : ",", name, ns);
  }
  return fmt::format(R"({{"kind":"Table","rows":[{}]}})", rows);
}

class FirstLookTest : public KubernetesToolsTest {
 public:
  FirstLookTest() {
    answers["/api/v1"] = kMoreCoreKinds;
    answers["/api/v1/nodes"] =
        R"({"kind":"Table","rows":[{"cells":["node-a"]},{"cells":["node-b"]}]})";
    for (const std::string ns : {"shop", "bank"}) {
      answers["/api/v1/namespaces/" + ns] = R"({"kind":"Namespace"})";
      answers["/api/v1/namespaces/" + ns + "/pods"] = table_of({"web-1-a", "web-1-b"}, ns);
      answers["/api/v1/namespaces/" + ns + "/services"] = table_of({"web"}, ns);
      answers["/api/v1/namespaces/" + ns + "/events"] = table_of({"web.17"}, ns);
      answers["/apis/apps/v1/namespaces/" + ns + "/deployments"] = table_of({"web", "all-in"}, ns);
      answers["/apis/apps/v1/namespaces/" + ns + "/deployments/web"] = R"({"kind":"Deployment"})";
    }
    answers["/api/v1/pods"] = table_of({"web-1-a"});
    answers["/apis/apps/v1/deployments"] =
        R"({"kind":"Table","rows":[
            {"cells":["web"],"object":{"metadata":{"name":"web","namespace":"shop"}}},
            {"cells":["web"],"object":{"metadata":{"name":"web","namespace":"bank"}}}]})";
  }

  std::vector<std::string> look(std::string question, Stop stop = {}) {
    std::vector<std::string> texts;
    for (const FirstLook::Call& call :
         loop.run(table.first_look()->calls(std::move(question), {"shop"}, std::move(stop)))) {
      texts.push_back(call.tool.substr(std::string_view("kubernetes_").size()) + ' ' +
                      to_text(call.arguments));
      EXPECT_NE(table.find(call.tool), nullptr);
    }
    return texts;
  }
};

constexpr std::string_view kDescribeWeb =
    R"(describe {"kind":"Deployment","name":"web","namespace":"shop"})";

TEST_F(FirstLookTest, DescribesTheObjectsThatTheQuestionNames) {
  EXPECT_THAT(look("Are all pods of deployment 'web' ready?"), ElementsAre(kDescribeWeb));
  EXPECT_THAT(look("Is the WEB deployment up?"), ElementsAre(kDescribeWeb));
  EXPECT_THAT(look("Is node-b fine, a node?"),
              ElementsAre(R"(describe {"kind":"Node","name":"node-b"})"));
  EXPECT_THAT(look("Is web fine?"), ElementsAre(kDescribeWeb));
  // By the names of its pods.
  EXPECT_THAT(look("Do the pods of web run?"), ElementsAre(kDescribeWeb));
  EXPECT_THAT(look("Do the pods of web-1 run?"),
              ElementsAre(R"(list {"kind":"Pod","namespace":"shop"})"));
  EXPECT_THAT(look("Does pod web-1-a run?"),
              ElementsAre(R"(describe {"kind":"Pod","name":"web-1-a","namespace":"shop"})"));
  EXPECT_THAT(
      look("Does the web service answer?"),
      ElementsAre(R"(describe {"kind":"Service","name":"web","namespace":"shop"})", kDescribeWeb));
}

TEST_F(FirstLookTest, ListsKindsOfWhichNothingIsNamed) {
  EXPECT_THAT(look("Are all pods ready?"),
              ElementsAre(R"(list {"kind":"Pod","namespace":"shop"})"));
  EXPECT_THAT(look("Are all nodes ready?"), ElementsAre(R"(list {"kind":"Node"})"));
  EXPECT_THAT(look("Are pods with app=web ready?"),
              ElementsAre(R"(list {"kind":"Pod","namespace":"shop","label_selector":"app=web"})"));
  EXPECT_THAT(look("Is deployment web up, and are the nodes?"),
              ElementsAre(kDescribeWeb, R"(list {"kind":"Node"})"));
  EXPECT_THAT(look("Do events of web warn?"),
              ElementsAre(kDescribeWeb, R"(list {"kind":"Event","namespace":"shop"})"));
}

TEST_F(FirstLookTest, LooksForWhatOughtToBeThere) {
  EXPECT_THAT(look("Is deployment 'search' up?"),
              ElementsAre(R"(describe {"kind":"Deployment","name":"search","namespace":"shop"})"));
}

TEST_F(FirstLookTest, LooksWhereTheQuestionSays) {
  EXPECT_THAT(look("Are all pods in namespace bank ready?"),
              ElementsAre(R"(list {"kind":"Pod","namespace":"bank"})"));
  EXPECT_THAT(look("Are all pods of the nowhere namespace ready?"),
              ElementsAre(R"(list {"kind":"Pod","namespace":"shop"})"));
  EXPECT_THAT(look("Are pods in all namespaces ready?"),
              ElementsAre(R"(list {"kind":"Pod","namespace":"*"})"));
  EXPECT_THAT(look("Is deployment web up in all namespaces?"),
              ElementsAre(kDescribeWeb,
                          R"(describe {"kind":"Deployment","name":"web","namespace":"bank"})"));
}

TEST_F(FirstLookTest, ProposesNothingWhenItKnowsNothing) {
  EXPECT_THAT(look("Is the certificate valid?"), IsEmpty());
  EXPECT_THAT(look("Is the service good?"), IsEmpty());  // a word that means much
  errors.emplace("/pods", Error(ErrorCode::kForbidden, "no"));
  EXPECT_THAT(look("Are all pods ready?"), IsEmpty());
  EXPECT_THAT(asked, Not(Contains(HasSubstr("secrets"))));
}

TEST_F(FirstLookTest, ProposesOnlyAFewCalls) {
  answers["/apis/apps/v1/namespaces/shop/deployments"] = table_of({"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(look("Are deployments a, b, c, d, e and f up?").size(), kMaxFirstCalls);
}

TEST_F(FirstLookTest, AsksLittleWhateverTheQuestionSays) {
  std::string question = "pods, services, events, nodes, deployments, jobs, PVCs, HPAs, namespace";
  while (question.size() < 5000)
    question += " namespace web web-1 word" + std::to_string(question.size());
  EXPECT_LE(look(question).size(), kMaxFirstCalls);
  EXPECT_LE(asked.size(), 8U) << testing::PrintToString(asked);
}

TEST(FirstLook, GivesUpSoonWithoutAProposal) {
  VirtualLoop loop;
  SilentTransport transport(loop);
  const ToolTable table(kubernetes_tools(loop, transport));
  const MonoTime began = loop.mono_now();
  EXPECT_THAT(loop.run(table.first_look()->calls("Are all pods ready?", {}, {})), IsEmpty());
  EXPECT_EQ(loop.mono_now() - began, std::chrono::seconds(5));
}

}  // namespace
}  // namespace holmes
