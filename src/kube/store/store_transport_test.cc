#include "kube/store/store_transport.h"

#include <gtest/gtest.h>

#include "kube/store/api_testing.h"

namespace holmes::kube {
namespace {

TEST(StoreTransport, AnswersAsHttpWould) {
  ApiUnderTest test;
  const auto made = test.make("a");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->status, 201);
  const auto got = test.ask("GET", std::string(kConfigMaps));
  ASSERT_TRUE(got);
  EXPECT_EQ(json_array(parse_json_object(got->body).value(), {"items"})->size(), 1U);
}

TEST(StoreTransport, FailsAsHttpWould) {
  ApiUnderTest test;
  const std::string one = fmt::format("{}/a", kConfigMaps);
  ASSERT_TRUE(test.make("a"));
  struct Row {
    std::string method;
    std::string path;
    std::string body;
    ErrorCode code;
  };
  const std::vector<Row> rows{
      {"GET", fmt::format("{}/nobody", kConfigMaps), "", ErrorCode::kNotFound},
      {"POST", std::string(kConfigMaps), R"({"metadata":{"name":"a"}})", ErrorCode::kAlreadyExists},
      {"POST", std::string(kConfigMaps), R"({"metadata":{"name":"A"}})", ErrorCode::kInvalid},
      {"POST", std::string(kConfigMaps), "{", ErrorCode::kInvalid},
      {"PUT", one, R"({"metadata":{"name":"a","resourceVersion":"1"}})", ErrorCode::kConflict},
      {"DELETE", "/api/v1/namespaces/default", "", ErrorCode::kForbidden},
      {"GET", "/api/v1//configmaps", "", ErrorCode::kInvalid},
  };
  for (const Row& row : rows) {
    const auto answer = test.ask(row.method, row.path, row.body);
    ASSERT_FALSE(answer) << row.method << " " << row.path;
    EXPECT_EQ(answer.error().code, row.code) << answer.error().message;
  }
}

TEST(StoreTransport, SaysThatAVersionIsGone) {
  ApiUnderTest test;
  ASSERT_TRUE(test.make("a"));
  ASSERT_TRUE(test.make("b"));
  test.store.compact(test.store.version());
  const auto listed = test.ask("GET", std::string(kConfigMaps), "",
                               {{"resourceVersion", "1"}, {"resourceVersionMatch", "Exact"}});
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::kGone);
}

TEST(StoreTransport, AsksNothingWhenItIsStopped) {
  ApiUnderTest test;
  StopSource stopped;
  stopped.request_stop();
  const auto made = test.ask("POST", std::string(kConfigMaps), R"({"metadata":{"name":"a"}})", {},
                             "application/json", stopped.stop());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(test.ask("GET", fmt::format("{}/a", kConfigMaps)));
}

TEST(StoreTransport, AcknowledgesNothingThatIsNotDurable) {
  ApiUnderTest test;
  test.journal.failure = Error{ErrorCode::kUnavailable, "the disk is full"};
  const auto made = test.make("a");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(made.error().message.contains("the disk is full")) << made.error().message;
  // Nor is it shown, nor is anything written later.
  EXPECT_FALSE(test.ask("GET", fmt::format("{}/a", kConfigMaps)));
  EXPECT_FALSE(test.make("b"));
}

constexpr std::string_view kDefinitionPath =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

std::string definition(std::string_view group, std::string_view plural) {
  return fmt::format(R"({{"metadata":{{"name":"{1}.{0}"}},"spec":{{"group":"{0}","scope":"Cluster",
      "names":{{"plural":"{1}","kind":"Own"}},"versions":[{{"name":"v1","served":true,
      "storage":true,"schema":{{"openAPIV3Schema":{{"type":"object",
      "x-kubernetes-preserve-unknown-fields":true}}}}}}]}}}})",
                     group, plural);
}

TEST(StoreTransport, NoDefinitionTakesABuiltInKindOver) {
  ApiUnderTest test;
  const std::vector<std::pair<std::string, std::string>> rows{
      {"apiextensions.k8s.io", "customresourcedefinitions"},
      {"coordination.k8s.io", "leases"},
      {"events.k8s.io", "events"}};
  for (const auto& [group, plural] : rows) {
    const auto made = test.ask("POST", std::string(kDefinitionPath), definition(group, plural));
    ASSERT_FALSE(made) << group;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(made.error().message.contains("is a resource of this API itself"));
  }
  EXPECT_TRUE(test.ask("POST", std::string(kDefinitionPath), definition("k8s.io", "leases")));
}

TEST(StoreTransport, AKindThatIsCalledLikeDefinitionsIsNone) {
  ApiUnderTest test;
  ASSERT_TRUE(test.ask("POST", std::string(kDefinitionPath),
                       definition("x.test", "customresourcedefinitions")));
  const std::string path = "/apis/x.test/v1/customresourcedefinitions";
  ASSERT_TRUE(test.ask("POST", path, R"({"apiVersion":"x.test/v1","kind":"Own",
      "metadata":{"name":"a"},"spec":{"group":"","names":{"plural":"namespaces"}}})"));
  ASSERT_TRUE(test.ask("DELETE", path + "/a"));
  EXPECT_TRUE(test.ask("GET", "/api/v1/namespaces/default"));
}

TEST(StoreTransport, AnObjectDoesNotGrowBeyondItsLimit) {
  ApiUnderTest test;
  ASSERT_TRUE(test.ask("POST", "/api/v1/namespaces/default/pods", R"({"metadata":{"name":"a"}})"));
  const std::string path = "/api/v1/namespaces/default/pods/a";
  size_t members = 0;
  Result<Response> grown = fail(ErrorCode::kInternal, "");
  do {
    const std::string text(size_t{100} << 10U, 'x');
    const json::object more{{fmt::format("m{}", members++), text}};
    grown = test.ask("PATCH", path, to_text(json::object{{"spec", more}}), {},
                     "application/merge-patch+json");
  } while (grown && members < 100);
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(grown.error().message.contains("request is too large")) << grown.error().message;
  EXPECT_LE(test.store.find("pods", {"default", "a"})->bytes.size(), kMaxStoredBytes);
}

// What a client can send must never end the process.
TEST(StoreTransport, SurvivesWhateverItIsSent) {
  ApiUnderTest test;
  ASSERT_TRUE(test.make("a"));
  const std::vector<std::string> bodies{
      "null",
      "[]",
      "{}",
      "5",
      R"({"metadata":null})",
      R"({"metadata":{"name":null}})",
      R"({"metadata":{"name":"x","managedFields":[{}]}})",
      R"({"metadata":{"name":"x","managedFields":[{"fieldsV1":5}]}})",
      R"({"metadata":{"name":"x","ownerReferences":[{}]}})",
      R"({"metadata":{"name":"x","finalizers":[null]}})",
      R"({"metadata":{"labels":{"a":null}}})",
      R"({"spec":{"template":5,"ports":[5]}})",
      R"({"spec":{"containers":{"a":1},"names":[],"versions":{}}})",
      R"({"spec":5,"status":5,"data":5})",
      R"([{"op":"add","path":"","value":5}])",
      R"([{"op":"remove","path":"/metadata"}])",
      R"([{"op":"replace","path":"/metadata","value":5}])",
      R"([{"op":"remove","path":"/apiVersion"}])"};
  const std::vector<std::string> paths{"/api/v1/namespaces/default/configmaps",
                                       "/api/v1/namespaces/default/pods",
                                       "/api/v1/namespaces/default/services",
                                       "/api/v1/namespaces/default/events",
                                       "/apis/events.k8s.io/v1/namespaces/default/events",
                                       "/api/v1/namespaces",
                                       "/apis/apps/v1/namespaces/default/deployments",
                                       "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"};
  for (const std::string& path : paths) {
    for (const std::string& body : bodies) {
      (void)test.ask("POST", path, body);
      (void)test.ask("PUT", path + "/a", body);
      (void)test.ask("DELETE", path + "/a", body);
      for (const std::string type :
           {"application/json-patch+json", "application/merge-patch+json",
            "application/strategic-merge-patch+json", "application/apply-patch+yaml"}) {
        (void)test.ask("PATCH", path + "/a", body, {{"fieldManager", "x"}}, type);
        (void)test.ask("PATCH", path + "/default", body, {{"fieldManager", "x"}}, type);
      }
    }
    EXPECT_TRUE(test.ask("GET", path)) << path;
  }
}

}  // namespace
}  // namespace holmes::kube
