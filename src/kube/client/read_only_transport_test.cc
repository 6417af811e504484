#include "kube/client/read_only_transport.h"

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes::kube {
namespace {

const ResourceType kPods{"", "v1", "pods", "Pod", true};
const ResourceType kSecrets{"", "v1", "secrets", "Secret", true};

Request get(std::string path) {
  Request request;
  request.path = std::move(path);
  return request;
}

TEST(ReadOnlyTransport, PassesOnWhatOnlyLooks) {
  VirtualLoop loop;
  FakeTransport inner([](const Request&) { return Response{200, "{}"}; });
  ReadOnlyTransport transport(inner);
  const std::vector<Request> allowed{
      get_request(kPods, {"n", "a"}),
      get_request(kPods, {"n", "a"}, "log"),
      get_request(kPods, {"n", "exec"}),
      get_request(kPods, {"secrets", "proxy"}),
      list_request(kPods, {}),
      list_request(kPods, {.ns = "n"}),
      get("/api"),
      get("/api/v1"),
      get("/apis"),
      get("/apis/apps"),
      get("/apis/apps/v1"),
      get("/version"),
      get("/api/v1/namespaces/n"),
      get("/api/v1/namespaces/n/status"),
      get("/api/v1/nodes/n1"),
      get("/apis/apps/v1/namespaces/n/deployments/d/scale"),
  };
  for (const Request& request : allowed) {
    const Result<Response> response = loop.run(transport.send(request, {}));
    EXPECT_TRUE(response) << request.path << ": " << response.error().message;
  }
  EXPECT_TRUE(loop.run(transport.open(watch_request(kPods, {}), {})));
  EXPECT_EQ(inner.requests.size(), allowed.size() + 1);
}

TEST(ReadOnlyTransport, RefusesEverythingElseBeforeItIsSent) {
  VirtualLoop loop;
  FakeTransport inner([](const Request&) { return Response{200, "{}"}; });
  ReadOnlyTransport transport(inner);
  Request disguised = get_request(kPods, {"n", "a"});
  disguised.method = "DELETE";
  Request with_body = get_request(kPods, {"n", "a"});
  with_body.body = "{}";
  const std::vector<Request> refused{
      create_request(kPods, "n", {}),
      replace_request(kPods, {"n", "a"}, {}),
      patch_request(kPods, {"n", "a"}, PatchType::kMerge, json::object()),
      delete_request(kPods, {"n", "a"}),
      disguised,
      with_body,
      get_request(kSecrets, {"n", "a"}),
      get_request(kSecrets, {"n", "a"}, "status"),
      list_request(kSecrets, {}),
      list_request(kSecrets, {.ns = "n"}),
      watch_request(kSecrets, {}),
      get("/apis/other.example.com/v1/secrets"),
      get("/api/v1/Secrets"),
      get("/api/v1/namespaces/n/%73ecrets/a"),
      get("/api/v1/namespaces/n/pods/..%2Fsecrets"),
      get_request(kPods, {"n", "a"}, "exec"),
      get_request(kPods, {"n", "a"}, "attach"),
      get_request(kPods, {"n", "a"}, "portforward"),
      get_request(kPods, {"n", "a"}, "proxy"),
      get("/api/v1/namespaces/n/services/s/proxy/admin"),
      get("/api/v1/nodes/n1/proxy/run"),
      get("/api/v1/proxy/nodes/n1"),
      get("/api/v1/watch/secrets"),
      get("/api/v1/watch/namespaces/n/secrets"),
      get("/metrics"),
      get("/logs/kube-apiserver.log"),
      get("/openapi/v3"),
  };
  for (const Request& request : refused) {
    const Result<Response> response = loop.run(transport.send(request, {}));
    ASSERT_FALSE(response) << request.method << " " << request.path;
    EXPECT_EQ(response.error().code, ErrorCode::kForbidden) << response.error().message;
    EXPECT_FALSE(loop.run(transport.open(request, {})));
  }
  for (const char* path : {"/api/v1/namespaces/n/pods/../secrets", "/api/v1//secrets", "secrets"}) {
    EXPECT_FALSE(loop.run(transport.send(get(path), {}))) << path;
  }
  EXPECT_TRUE(inner.requests.empty());
}

}  // namespace
}  // namespace holmes::kube
