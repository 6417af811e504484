#include "kube/core/request.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

const ResourceType kPods{"", "v1", "pods", "Pod", true};
const ResourceType kNodes{"", "v1", "nodes", "Node", false};
const ResourceType kDeployments{"apps", "v1", "deployments", "Deployment", true};

TEST(Request, NamesObjectsAsTheApiServerDoes) {
  const std::vector<std::pair<Request, std::string>> cases{
      {get_request(kPods, {"default", "a"}), "/api/v1/namespaces/default/pods/a"},
      {get_request(kPods, {"default", "a"}, "log"), "/api/v1/namespaces/default/pods/a/log"},
      {get_request(kNodes, {"ignored", "n1"}), "/api/v1/nodes/n1"},
      {get_request(kDeployments, {"x", "d"}), "/apis/apps/v1/namespaces/x/deployments/d"},
      {get_request(kPods, {"a/b", "c?d e"}), "/api/v1/namespaces/a%2Fb/pods/c%3Fd%20e"},
      {list_request(kPods, {}), "/api/v1/pods"},
      {list_request(kPods, {.ns = "default", .label_selector = "app=a,b in (c)", .limit = 500}),
       "/api/v1/namespaces/default/pods?labelSelector=app%3Da%2Cb%20in%20%28c%29&limit=500"},
      {list_request(kPods,
                    {.field_selector = "f=1", .continue_token = "t=", .resource_version = "0"}),
       "/api/v1/pods?fieldSelector=f%3D1&continue=t%3D&resourceVersion=0"},
      {watch_request(kDeployments, {.resource_version = "7"}),
       "/apis/apps/v1/deployments?watch=true&resourceVersion=7&timeoutSeconds=290"
       "&allowWatchBookmarks=true"},
      {list_request(kPods, {.resource_version = "7", .resource_version_match = "NotOlderThan"}),
       "/api/v1/pods?resourceVersion=7&resourceVersionMatch=NotOlderThan"},
      {watch_request(kPods, {.resource_version = "7", .initial_events = true}),
       "/api/v1/pods?watch=true&resourceVersion=7&timeoutSeconds=290&allowWatchBookmarks=true"
       "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"},
  };
  for (const auto& [request, target] : cases) {
    EXPECT_EQ(request.target(), target);
    EXPECT_EQ(request.method, "GET");
    EXPECT_TRUE(request.body.empty());
  }
}

TEST(Request, AsksForATableOnlyWhenTold) {
  EXPECT_EQ(list_request(kPods, {}).accept, "application/json");
  EXPECT_TRUE(
      list_request(kPods, {.as_table = true}).accept.starts_with("application/json;as=Table"));
}

TEST(Request, CarriesBodiesWithTheirTypes) {
  const json::object object{{"a", 1}};
  const Request create = create_request(kPods, "n", object);
  EXPECT_EQ(create.method, "POST");
  EXPECT_EQ(create.path, "/api/v1/namespaces/n/pods");
  EXPECT_EQ(create.body, R"({"a":1})");
  EXPECT_EQ(create.content_type, "application/json");
  const Request replace = replace_request(kPods, {"n", "a"}, object, "status");
  EXPECT_EQ(replace.method, "PUT");
  EXPECT_EQ(replace.path, "/api/v1/namespaces/n/pods/a/status");
  const Request merge = patch_request(kPods, {"n", "a"}, PatchType::kMerge, object);
  EXPECT_EQ(merge.method, "PATCH");
  EXPECT_EQ(merge.content_type, "application/merge-patch+json");
  EXPECT_EQ(patch_request(kPods, {"n", "a"}, PatchType::kJson, json::array()).content_type,
            "application/json-patch+json");
}

TEST(Request, DeletesWithPreconditionsOnlyWhenThereAreAny) {
  EXPECT_EQ(delete_request(kPods, {"n", "a"}).body, "");
  const Request request = delete_request(
      kPods, {"n", "a"}, {.uid = "u", .resource_version = "7", .propagation = "Background"});
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(*parse_json(request.body), *parse_json(R"({"apiVersion":"v1","kind":"DeleteOptions",
    "preconditions":{"uid":"u","resourceVersion":"7"},"propagationPolicy":"Background"})"));
}

TEST(CheckPath, RefusesPathsThatNameSomethingElseThanTheySeemTo) {
  for (const Request& request : {get_request(kPods, {"n", ""}), get_request(kPods, {"n", ".."}),
                                 get_request(kPods, {"..", "a"}), get_request(kPods, {"n", "."})}) {
    EXPECT_FALSE(check_path(request.path)) << request.path;
  }
  for (const char* path : {"", "api", "/", "/api//v1", "/api/%2e%2E/x", "/api/.%2e", "/api/a b",
                           "/api/a?b", "/api/a#b", "/api/a\\b", "/api/\xC3\xA4", "/api/a\nb"}) {
    const Status checked = check_path(path);
    ASSERT_FALSE(checked) << path;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid);
  }
  for (const char* path : {"/api", "/api/v1/pods", "/apis/a.b/v1/namespaces/n/pods/a..b/log"}) {
    EXPECT_TRUE(check_path(path)) << path;
  }
}

}  // namespace
}  // namespace holmes::kube
