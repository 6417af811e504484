#include "kube/store/api_collector.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "kube/store/api_testing.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kMergePatch = "application/merge-patch+json";

class ApiCollectorTest : public testing::Test {
 protected:
  Stored find(const std::string& name) { return test_.store.find("configmaps", {"default", name}); }
  void patch(const std::string& path, std::string body) {
    const auto done = test_.ask("PATCH", path, std::move(body), {}, std::string(kMergePatch));
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  static json::object read(const Stored& stored) {
    return parse_json_object(stored->bytes).value();
  }

  ApiUnderTest test_;
  ApiCollector collector_{test_.api};
};

TEST_F(ApiCollectorTest, FindsKindsThatAreServedByTheirApiVersion) {
  const auto pods = collector_.find_kind("v1", "Pod");
  ASSERT_TRUE(pods.has_value());
  EXPECT_EQ(pods->resource, "pods");
  EXPECT_TRUE(pods->namespaced);
  const auto deployments = collector_.find_kind("apps/v1", "Deployment");
  ASSERT_TRUE(deployments.has_value());
  EXPECT_EQ(deployments->resource, "deployments.apps");
  const auto nodes = collector_.find_kind("v1", "Node");
  ASSERT_TRUE(nodes.has_value());
  EXPECT_FALSE(nodes->namespaced);
  EXPECT_FALSE(collector_.find_kind("apps/v1", "Pod").has_value());
  EXPECT_FALSE(collector_.find_kind("", "").has_value());
}

TEST_F(ApiCollectorTest, RemovesAsADeleteDoes) {
  ASSERT_TRUE(test_.make("free"));
  collector_.remove(find("free"), Propagation::kBackground);
  EXPECT_EQ(find("free"), nullptr);
}

TEST_F(ApiCollectorTest, LeavesWhatFinalizersHoldBehindAsDeleting) {
  ASSERT_TRUE(test_.make("held"));
  patch(fmt::format("{}/held", kConfigMaps), R"({"metadata":{"finalizers":["test/held"]}})");
  collector_.remove(find("held"), Propagation::kBackground);
  ASSERT_NE(find("held"), nullptr);
  EXPECT_TRUE(find("held")->deleting);
}

TEST_F(ApiCollectorTest, CarriesThePropagationOn) {
  const std::vector<std::pair<Propagation, std::string>> rows{
      {Propagation::kForeground, "foregroundDeletion"}, {Propagation::kOrphan, "orphan"}};
  for (const auto& [propagation, finalizer] : rows) {
    ASSERT_TRUE(test_.make(to_lower(finalizer)));
    collector_.remove(find(to_lower(finalizer)), propagation);
    const Stored left = find(to_lower(finalizer));
    ASSERT_NE(left, nullptr) << finalizer;
    EXPECT_EQ(to_text(*json_array(read(left), {"metadata", "finalizers"})),
              fmt::format(R"(["{}"])", finalizer));
  }
}

TEST_F(ApiCollectorTest, RemovesWhatIsLeftOfAKindThatIsGone) {
  test_.store.put([](int64_t version) {
    return encode_stored(ResourceName("toys.gone.test"), version,
                         {{"metadata", json::object{{"name", "a"}, {"finalizers", {"x/y"}}}}});
  });
  collector_.remove(test_.store.find("toys.gone.test", {"", "a"}), Propagation::kForeground);
  EXPECT_EQ(test_.store.find("toys.gone.test", {"", "a"}), nullptr);
}

TEST_F(ApiCollectorTest, OverwritesAndTakesOutWhatNothingHoldsAnyMore) {
  ASSERT_TRUE(test_.make("a"));
  json::object next = read(find("a"));
  next["data"] = json::object{{"k", "v"}};
  collector_.overwrite(find("a"), next);
  EXPECT_EQ(json_string(read(find("a")), {"data", "k"}), "v");
  next["metadata"].get_object()["deletionTimestamp"] = "2024-01-01T00:00:00Z";
  collector_.overwrite(find("a"), next);
  EXPECT_EQ(find("a"), nullptr);
}

// Whoever writes the owner of a namespace that every cluster has must not end the process.
TEST_F(ApiCollectorTest, LeavesTheNamespacesThatEveryClusterHas) {
  GarbageCollector garbage(test_.loop, test_.store, collector_);
  TaskScope tasks(test_.loop);
  tasks.spawn(garbage.run(tasks.stop()));
  patch("/api/v1/namespaces/default", R"({"metadata":{"ownerReferences":[
      {"apiVersion":"v1","kind":"Node","name":"gone","uid":"no-such-uid"}]}})");
  test_.loop.run_until_idle();
  const Stored there = test_.store.find("namespaces", {"", "default"});
  ASSERT_NE(there, nullptr);
  EXPECT_FALSE(there->deleting);
  test_.loop.run(tasks.close());
}

}  // namespace
}  // namespace holmes::kube
