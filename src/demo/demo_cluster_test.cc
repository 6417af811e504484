#include "demo/demo_cluster.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "demo/demo_controllers.h"
#include "kube/store/api_collector.h"
#include "kube/store/journal.h"
#include "kube/store/store_transport.h"

namespace holmes {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

class DemoClusterTest : public testing::Test {
 protected:
  DemoClusterTest() {
    EXPECT_TRUE(loop_.run(cluster_.fill({})));
    scope_.spawn(collector_.run(scope_.stop()));
    scope_.spawn(cluster_.run(scope_.stop()));
    loop_.run_until_idle();
  }
  ~DemoClusterTest() override {
    loop_.run(scope_.close());
    loop_.run(store_.close());
  }

  json::object send(kube::Request request) {
    auto response = loop_.run(transport_.send(std::move(request), {}));
    EXPECT_TRUE(response) << response.error().message;
    return response ? parse_json_object(response->body).value() : json::object();
  }
  json::object get(std::string path) {
    kube::Request request;
    request.path = std::move(path);
    return send(std::move(request));
  }
  std::vector<json::object> items(const std::string& path) {
    std::vector<json::object> objects;
    const json::object list = get(path);
    for (const json::value& item : list.at("items").get_array()) {
      objects.push_back(item.get_object());
    }
    return objects;
  }
  void write(std::string method, std::string path, std::string body,
             std::string type = "application/json") {
    kube::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.content_type = std::move(type);
    send(std::move(request));
  }
  void patch(const std::string& path, const std::string& body) {
    write("PATCH", path, body, "application/merge-patch+json");
  }

  std::vector<json::object> pods(std::string_view app) {
    std::vector<json::object> all = items("/api/v1/pods");
    std::erase_if(all, [&](const json::object& pod) {
      return json_string(pod, {"metadata", "labels", "app"}) != app;
    });
    return all;
  }
  static std::string waiting(const json::object& pod) {
    const json::array* statuses = json_array(pod, {"status", "containerStatuses"});
    return statuses == nullptr ? ""
                               : json_string_or((*statuses)[0], {"state", "waiting", "reason"});
  }
  static int64_t restarts(const json::object& pod) {
    return json_int((*json_array(pod, {"status", "containerStatuses"}))[0], {"restartCount"})
        .value();
  }
  int64_t ready(const std::string& ns, const std::string& deployment) {
    return json_int(get(fmt::format("/apis/apps/v1/namespaces/{}/deployments/{}", ns, deployment)),
                    {"status", "readyReplicas"})
        .value_or(0);
  }
  const json::object* event(const std::vector<json::object>& events, std::string_view reason,
                            std::string_view about) {
    const auto found = std::ranges::find_if(events, [&](const json::object& event) {
      return json_string(event, {"reason"}) == reason &&
             json_string_or(event, {"involvedObject", "name"}).starts_with(about);
    });
    return found == events.end() ? nullptr : &*found;
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  kube::NoJournal journal_;
  kube::ObjectStore store_{loop_, journal_};
  kube::ApiServer server_{loop_, random_, store_, {.pod_log = demo_pod_log(store_)}};
  kube::StoreTransport transport_{server_};
  kube::ApiCollector collector_api_{server_};
  kube::GarbageCollector collector_{loop_, store_, collector_api_};
  DemoCluster cluster_{loop_, store_, server_};
  TaskScope scope_{loop_};
};

TEST_F(DemoClusterTest, BeginsAsIfItHadLivedForAWhile) {
  EXPECT_EQ(ready("shop", "frontend"), 3);
  EXPECT_EQ(ready("shop", "payments"), 0);
  EXPECT_EQ(ready("shop", "search"), 1);
  EXPECT_THAT(pods("search"), SizeIs(2));
  const auto payments = pods("payments");
  ASSERT_THAT(payments, SizeIs(1));
  EXPECT_EQ(waiting(payments[0]), "CrashLoopBackOff");
  EXPECT_GE(restarts(payments[0]), 5);
  const auto reports = pods("reports");
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(json_string(reports[0], {"status", "phase"}), "Pending");

  const auto created =
      parse_rfc3339(json_string_or(payments[0], {"metadata", "creationTimestamp"})).value();
  EXPECT_GE(loop_.wall_now() - created, minutes(11));
  const auto nodes = items("/api/v1/nodes");
  ASSERT_THAT(nodes, SizeIs(1));
  EXPECT_TRUE(has_demo_condition(nodes[0], "Ready"));
  EXPECT_TRUE(
      has_demo_condition(get("/apis/batch/v1/namespaces/analytics/jobs/nightly-export"), "Failed"));
}

TEST_F(DemoClusterTest, EventsAndLogsTellWhy) {
  const auto events = items("/api/v1/events");
  const json::object* back_off = event(events, "BackOff", "payments-");
  ASSERT_NE(back_off, nullptr);
  EXPECT_EQ(json_string(*back_off, {"type"}), "Warning");
  EXPECT_GT(json_int(*back_off, {"count"}).value(), 5);
  const json::object* unschedulable = event(events, "FailedScheduling", "reports-");
  ASSERT_NE(unschedulable, nullptr);
  EXPECT_THAT(json_string_or(*unschedulable, {"message"}), HasSubstr("Insufficient memory"));
  EXPECT_NE(event(events, "BackoffLimitExceeded", "nightly-export"), nullptr);

  kube::Request log;
  log.path = fmt::format("/api/v1/namespaces/shop/pods/{}/log", demo_name(pods("payments")[0]));
  const auto answer = loop_.run(transport_.send(log, {}));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->body, HasSubstr("cannot connect to database payments-db:5432"));
  log.path = fmt::format("/api/v1/namespaces/analytics/pods/{}/log", demo_name(pods("reports")[0]));
  EXPECT_FALSE(loop_.run(transport_.send(log, {})));  // it never ran
}

TEST_F(DemoClusterTest, LivesOn) {
  const int64_t before = restarts(pods("payments")[0]);
  const json::object lease =
      get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/demo-node");
  loop_.advance(seconds(55));
  EXPECT_EQ(ready("shop", "search"), 1);
  loop_.advance(seconds(10));
  EXPECT_EQ(ready("shop", "search"), 2);
  loop_.advance(minutes(6));
  EXPECT_GT(restarts(pods("payments")[0]), before);
  EXPECT_NE(json_string(get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/"
                            "demo-node"),
                        {"spec", "renewTime"}),
            json_string(lease, {"spec", "renewTime"}));
  EXPECT_EQ(ready("shop", "frontend"), 3);
}

TEST_F(DemoClusterTest, OwnersAndEndpointsAreAsControllersMakeThem) {
  const auto frontend = pods("frontend");
  ASSERT_THAT(frontend, SizeIs(3));
  const json::array owners = *json_array(frontend[0], {"metadata", "ownerReferences"});
  EXPECT_EQ(json_string(owners[0], {"kind"}), "ReplicaSet");
  const json::object set = get(fmt::format("/apis/apps/v1/namespaces/shop/replicasets/{}",
                                           json_string_or(owners[0], {"name"})));
  EXPECT_EQ(demo_uid(set), json_string(owners[0], {"uid"}));
  EXPECT_EQ(json_string((*json_array(set, {"metadata", "ownerReferences"}))[0], {"name"}),
            "frontend");
  for (const json::object& slice :
       items("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices")) {
    const std::string service =
        json_string_or(slice, {"metadata", "labels", "kubernetes.io/service-name"});
    int ready = 0;
    for (const json::value& endpoint : slice.at("endpoints").get_array()) {
      if (json_bool(endpoint, {"conditions", "ready"}).value()) ++ready;
    }
    EXPECT_EQ(ready, service == "frontend" ? 3 : service == "search" ? 1 : 0) << service;
  }
}

TEST_F(DemoClusterTest, ReplicasFollowAndDeletedPodsComeBackWithinTwoSeconds) {
  const std::string frontend = "/apis/apps/v1/namespaces/shop/deployments/frontend";
  patch(frontend, R"({"spec":{"replicas":1}})");
  loop_.advance(seconds(2));
  EXPECT_THAT(pods("frontend"), SizeIs(1));
  patch(frontend, R"({"spec":{"replicas":4}})");
  loop_.advance(seconds(2));
  EXPECT_THAT(pods("frontend"), SizeIs(4));
  loop_.advance(seconds(4));
  EXPECT_EQ(ready("shop", "frontend"), 4);

  const std::string victim = demo_name(pods("frontend")[0]);
  write("DELETE", "/api/v1/namespaces/shop/pods/" + victim, "");
  loop_.advance(seconds(2));
  const auto after = pods("frontend");
  EXPECT_THAT(after, SizeIs(4));
  for (const json::object& pod : after) EXPECT_NE(demo_name(pod), victim);
}

TEST_F(DemoClusterTest, ANewDeploymentGetsAReplicaSetAndReadyPods) {
  write("POST", "/apis/apps/v1/namespaces/default/deployments", R"({
    "apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
    "spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},
      "template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"web","image":"nginx:1.27"}]}}}})");
  loop_.advance(seconds(6));
  EXPECT_EQ(ready("default", "web"), 2);
  EXPECT_THAT(items("/apis/apps/v1/namespaces/default/replicasets"), SizeIs(1));

  // Another template is another ReplicaSet, which takes over.
  patch("/apis/apps/v1/namespaces/default/deployments/web",
        R"({"spec":{"template":{"metadata":{"annotations":{"a":"b"}}}}})");
  loop_.advance(seconds(10));
  EXPECT_THAT(items("/apis/apps/v1/namespaces/default/replicasets"), SizeIs(1));
  EXPECT_THAT(pods("web"), SizeIs(2));

  write("DELETE", "/apis/apps/v1/namespaces/default/deployments/web", "");
  loop_.advance(seconds(3));
  EXPECT_THAT(pods("web"), SizeIs(0));
}

TEST_F(DemoClusterTest, WhatIsBrokenCanBeMended) {
  write("POST", "/api/v1/namespaces/shop/services",
        R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"payments-db"},
            "spec":{"ports":[{"port":5432}]}})");
  patch("/apis/apps/v1/namespaces/analytics/deployments/reports",
        R"({"spec":{"template":{"spec":{"containers":[{"name":"reports",
            "image":"demo/reports:0.9.4","resources":{"requests":{"memory":"1Gi"}}}]}}}})");
  loop_.advance(minutes(6));
  EXPECT_EQ(ready("shop", "payments"), 1);
  EXPECT_EQ(ready("analytics", "reports"), 1);
}

TEST_F(DemoClusterTest, ADeletedNamespaceGoesAndStays) {
  write("DELETE", "/api/v1/namespaces/analytics", "");
  loop_.advance(seconds(30));
  EXPECT_THAT(pods("reports"), SizeIs(0));
  EXPECT_EQ(store_.find("namespaces", {"", "analytics"}), nullptr);
}

TEST_F(DemoClusterTest, StaysSmallHoweverMuchIsAskedOfIt) {
  patch("/apis/apps/v1/namespaces/shop/deployments/frontend", R"({"spec":{"replicas":100000}})");
  loop_.advance(seconds(15));
  EXPECT_EQ(store_.count("pods"), kMaxDemoPods);
  loop_.advance(seconds(15));
  EXPECT_LE(store_.count("events"), kMaxDemoEvents);
}

TEST_F(DemoClusterTest, IsNotFilledTwice) {
  const int64_t version = store_.version();
  EXPECT_TRUE(loop_.run(cluster_.fill({})));
  EXPECT_EQ(store_.version(), version);
}

TEST(DemoManifests, AreTheExampleFile) {
  std::ifstream file(HOLMES_DEMO_YAML_PATH);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(demo_manifests(), text.str());
  EXPECT_THAT(text.str(), HasSubstr("kind: ScheduledHealthCheck"));
}

}  // namespace
}  // namespace holmes
