#include "snapshot/snapshot_state.h"

#include <string>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "kube/store/api_server.h"
#include "kube/store/journal.h"
#include "kube/store/store_transport.h"

namespace holmes {
namespace {

json::object parse(std::string_view text) {
  auto object = parse_json_object(text);
  EXPECT_TRUE(object.has_value()) << text;
  return object ? *object : json::object();
}

// An API that was loaded with a snapshot.
class SnapshotTest : public testing::Test {
 protected:
  void load(const std::vector<std::string>& texts) {
    std::vector<json::object> objects;
    for (const std::string& text : texts) objects.push_back(parse(text));
    auto made = make_snapshot_state(std::move(objects), loop_.wall_now(), random_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    state_ = *std::move(made);
    store_.load(state_.objects, state_.version);
    api_.emplace(loop_, random_, store_);
  }
  void TearDown() override { loop_.run(store_.close()); }

  json::object get(std::string path) {
    kube::StoreTransport transport(*api_);
    kube::Request request;
    request.path = std::move(path);
    const auto response = loop_.run(transport.send(std::move(request), {}));
    if (!response) return {{"error", response.error().message}};
    return parse(response->body);
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  kube::NoJournal journal_;
  kube::ObjectStore store_{loop_, journal_};
  SnapshotState state_;
  std::optional<kube::ApiServer> api_;
};

TEST_F(SnapshotTest, ShowsObjectsWithStatusUidAndTimesAsTheyWereSaved) {
  load({R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop","uid":"u-1",
      "resourceVersion":"987654","creationTimestamp":"2026-01-02T03:04:05Z","generation":7,
      "managedFields":[{"manager":"x"}]},"status":{"phase":"Failed"}})"});
  const json::object pod = get("/api/v1/namespaces/shop/pods/a");
  EXPECT_EQ(json_string(pod, {"status", "phase"}), "Failed");
  EXPECT_EQ(json_string(pod, {"metadata", "uid"}), "u-1");
  EXPECT_EQ(json_string(pod, {"metadata", "creationTimestamp"}), "2026-01-02T03:04:05Z");
  EXPECT_EQ(json_int(pod, {"metadata", "generation"}), 7);
  EXPECT_EQ(json_array(pod, {"metadata", "managedFields"}), nullptr);
  EXPECT_NE(json_string(pod, {"metadata", "resourceVersion"}), "987654");
}

TEST_F(SnapshotTest, MakesNamespacesThatObjectsNameAndKeepsSavedOnes) {
  load({R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop"}})",
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}})",
        R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"bank"},
            "status":{"phase":"Terminating"}})"});
  EXPECT_EQ(json_string(get("/api/v1/namespaces/shop"), {"status", "phase"}), "Active");
  EXPECT_EQ(json_string(get("/api/v1/namespaces/bank"), {"status", "phase"}), "Terminating");
  EXPECT_EQ(json_string(get("/api/v1/namespaces/default/pods/b"), {"metadata", "name"}), "b");
  EXPECT_TRUE(json_string(get("/api/v1/namespaces/kube-system"), {"metadata", "uid"}));
}

TEST_F(SnapshotTest, TheLastOfAnObjectThatWasSavedTwiceCounts) {
  load(
      {R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"spec":{"unschedulable":true}})",
       R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"spec":{}})"});
  EXPECT_EQ(state_.repeated, 1U);
  EXPECT_EQ(json_bool(get("/api/v1/nodes/n"), {"spec", "unschedulable"}), std::nullopt);
}

TEST_F(SnapshotTest, ServesUnknownKindsUnderTheNamesOfTheirDefinition) {
  load({R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"proxies.mesh.dev"},"spec":{"group":"mesh.dev","scope":"Cluster",
      "names":{"plural":"proxies","singular":"proxy","kind":"Proxy","listKind":"ProxyList",
      "shortNames":["px"]},"versions":[{"name":"v1","served":true,"storage":false,
      "schema":{"openAPIV3Schema":{"type":"object","oneOf":[{}]}}},
      {"name":"v2","served":true,"storage":true}]}})",
        R"({"apiVersion":"mesh.dev/v2","kind":"Proxy","metadata":{"name":"p"},
            "anything":{"goes":[1,"2"]}})"});
  const json::object proxy = get("/apis/mesh.dev/v2/proxies/p");
  EXPECT_EQ(json_find(proxy, {"anything", "goes"})->as_array().size(), 2U);
  const json::object crd =
      get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/proxies.mesh.dev");
  EXPECT_EQ(json_string(crd, {"spec", "names", "singular"}), "proxy");
}

TEST_F(SnapshotTest, GuessesTheNamesOfKindsThatNobodyDefined) {
  load({R"({"apiVersion":"a.dev/v1","kind":"Policy","metadata":{"name":"p","namespace":"shop"}})",
        R"({"apiVersion":"metrics.k8s.io/v1beta1","kind":"NodeMetrics","metadata":{"name":"n"}})"});
  EXPECT_EQ(json_string(get("/apis/a.dev/v1/namespaces/shop/policies/p"), {"metadata", "name"}),
            "p");
  EXPECT_EQ(json_string(get("/apis/metrics.k8s.io/v1beta1/nodemetricses/n"), {"metadata", "name"}),
            "n");
}

TEST_F(SnapshotTest, SkipsAndCountsWhatCannotBeServed) {
  load({R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})",
        R"({"apiVersion":"v1","kind":"ComponentStatus","metadata":{"name":"a"}})",
        R"({"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"a"}})",
        R"({"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"b"}})",
        R"({"apiVersion":"networking.k8s.io/v1beta1","kind":"Ingress","metadata":{"name":"a"}})"});
  EXPECT_EQ(state_.skipped,
            (std::map<std::string, size_t>{{"v1, ComponentStatus", 1},
                                           {"apps/v1, ControllerRevision", 2},
                                           {"networking.k8s.io/v1beta1, Ingress", 1}}));
  EXPECT_EQ(get("/apis/networking.k8s.io/v1/ingresses")["items"].as_array().size(), 0U);
}

TEST_F(SnapshotTest, EventsOfBothGroupsAreOneStore) {
  load({R"({"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},
            "regarding":{"kind":"Pod","name":"a"},"note":"Back-off"})"});
  EXPECT_EQ(json_string(get("/api/v1/namespaces/default/events/e"), {"message"}), "Back-off");
  EXPECT_EQ(json_string(get("/apis/events.k8s.io/v1/namespaces/default/events/e"), {"note"}),
            "Back-off");
}

TEST(SnapshotState, RefusesNothingAtAll) {
  SeededRandom random(1);
  const auto made = make_snapshot_state({}, {}, random);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace holmes
