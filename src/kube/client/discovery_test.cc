#include "kube/client/discovery.h"

#include <map>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string aggregated(std::string_view group, std::string_view plural, std::string_view kind) {
  return fmt::format(
      R"({{"kind":"APIGroupDiscoveryList","items":[{{"metadata":{{"name":"{}"}},"versions":[
          {{"version":"v1","resources":[{{"resource":"{}","responseKind":{{"kind":"{}"}},
            "scope":"Namespaced","verbs":["get","list"]}}]}}]}}]}})",
      group, plural, kind);
}

struct DiscoveryTest : testing::Test {
  DiscoveryTest() {
    documents["/api"] = aggregated("", "pods", "Pod");
    documents["/apis"] = aggregated("apps", "deployments", "Deployment");
  }
  Result<ResourceType> resolve(std::string name) {
    return loop.run(discovery.resolve(std::move(name), "", {}));
  }

  // Whether it threw what a library threw.
  Task<bool> throws() {
    try {
      (void)co_await discovery.resolve("pods", "", {});
    } catch (const std::runtime_error&) {
      co_return true;
    }
    co_return false;
  }

  VirtualLoop loop;
  bool broken = false;
  std::map<std::string, std::string> documents;
  FakeTransport transport{[this](const Request& request) -> Result<Response> {
    if (broken) throw std::runtime_error("of a library");
    const auto found = documents.find(request.path);
    if (found == documents.end()) return fail(ErrorCode::kUnavailable, "down");
    return Response{200, found->second};
  }};
  Discovery discovery{loop, transport};
};

TEST_F(DiscoveryTest, AsksOnceAndKeepsTheAnswer) {
  EXPECT_EQ(resolve("pods")->kind, "Pod");
  EXPECT_EQ(resolve("Deployment")->api_version(), "apps/v1");
  ASSERT_EQ(transport.requests.size(), 2U);
  EXPECT_TRUE(transport.requests[0].accept.starts_with(
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"));
  loop.advance(minutes(10));
  EXPECT_TRUE(resolve("pods"));
  EXPECT_EQ(transport.requests.size(), 4U);
}

TEST_F(DiscoveryTest, ReadsAgainForAnUnknownNameButNotAllTheTime) {
  EXPECT_EQ(resolve("toys").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(transport.requests.size(), 2U);
  documents["/apis"] = aggregated("toys.example.com", "toys", "Toy");
  loop.advance(seconds(9));
  EXPECT_EQ(resolve("toys").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(transport.requests.size(), 2U);
  loop.advance(seconds(1));
  EXPECT_EQ(resolve("toys")->kind, "Toy");
  EXPECT_EQ(transport.requests.size(), 4U);
}

TEST_F(DiscoveryTest, GoesOnWithWhatItKnowsWhileTheServerIsDown) {
  ASSERT_TRUE(resolve("pods"));
  documents.clear();
  loop.advance(minutes(11));
  EXPECT_TRUE(resolve("pods"));
  const Result<ResourceType> unknown = resolve("toys");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), Error(ErrorCode::kUnavailable, "discovery of /api: down"));
}

TEST_F(DiscoveryTest, UnderstandsServersWithoutTheAggregatedForm) {
  documents["/api"] = R"({"kind":"APIVersions","versions":["v1"]})";
  documents["/api/v1"] = R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
      {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"]}]})";
  documents["/apis"] = R"({"kind":"APIGroupList","groups":[
      {"name":"down","preferredVersion":{"groupVersion":"down/v1"}},
      {"name":"apps","preferredVersion":{"groupVersion":"apps/v1"}}]})";
  documents["/apis/apps/v1"] = R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
      {"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["get"]}]})";
  EXPECT_EQ(resolve("pod")->plural, "pods");
  EXPECT_EQ(resolve("deployments")->api_version(), "apps/v1") << "a group that is down hides none";
}

TEST_F(DiscoveryTest, SharesOneReadBetweenConcurrentCalls) {
  std::vector<Task<Result<ResourceType>>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(discovery.resolve("pods", "", {}));
  for (const Result<ResourceType>& type : loop.run(when_all(loop, std::move(calls)))) {
    EXPECT_TRUE(type);
  }
  EXPECT_EQ(transport.requests.size(), 2U);
}

TEST_F(DiscoveryTest, AnExceptionOfOneCallDoesNotKeepTheOthersWaiting) {
  broken = true;
  EXPECT_TRUE(loop.run(throws()));
  broken = false;
  EXPECT_EQ(resolve("pods")->plural, "pods");
}

TEST_F(DiscoveryTest, RefusesAnswersThatAreNoDiscovery) {
  for (const char* body : {"", "<html>", "{}", R"({"kind":"Status"})"}) {
    documents["/api"] = body;
    const Result<ResourceType> type = resolve("pods");
    ASSERT_FALSE(type) << body;
    EXPECT_EQ(type.error().code, ErrorCode::kProtocol) << type.error().message;
  }
}

}  // namespace
}  // namespace holmes::kube
