#include "kube/core/discovery.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

json::object parse(std::string_view text) {
  return parse_json_object(text).value();
}

constexpr std::string_view kCore = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{"creationTimestamp":null},"versions":[{"version":"v1","resources":[
    {"resource":"pods","responseKind":{"group":"","version":"","kind":"Pod"},"scope":"Namespaced",
     "singularResource":"pod","shortNames":["po"],"verbs":["get","list"],
     "subresources":[{"subresource":"log"}]},
    {"resource":"events","responseKind":{"kind":"Event"},"scope":"Namespaced",
     "singularResource":"event","shortNames":["ev"],"verbs":["list"]},
    {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster","singularResource":"node",
     "shortNames":["no"],"verbs":["get","list"]},
    {"resource":"bindings","responseKind":{"kind":"Binding"},"scope":"Namespaced",
     "singularResource":"binding","verbs":["create"]}]}]}]})";

constexpr std::string_view kGroups = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{"name":"shop.example.com"},"versions":[{"version":"v1","resources":[
    {"resource":"pods","responseKind":{"kind":"Pod"},"scope":"Namespaced","singularResource":"pod",
     "verbs":["get"]},
    {"resource":"orders","responseKind":{"kind":"Order"},"scope":"Namespaced",
     "singularResource":"order","shortNames":["hpa"],"verbs":["get"]},
    {"resource":"po","responseKind":{"kind":"PurchaseOrder"},"scope":"Namespaced",
     "singularResource":"purchaseorder","verbs":["get"]}]}]},
  {"metadata":{"name":"autoscaling"},"versions":[
    {"version":"v2","resources":[{"resource":"horizontalpodautoscalers",
     "responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced",
     "singularResource":"horizontalpodautoscaler","shortNames":["hpa"],"verbs":["get"]}]},
    {"version":"v1","resources":[{"resource":"horizontalpodautoscalers",
     "responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced",
     "singularResource":"horizontalpodautoscaler","shortNames":["hpa"],"verbs":["get"]}]}]},
  {"metadata":{"name":"events.k8s.io"},"versions":[{"version":"v1","resources":[
    {"resource":"events","responseKind":{"kind":"Event"},"scope":"Namespaced",
     "singularResource":"event","shortNames":["ev"],"verbs":["list"]}]}]}]})";

ResourceCatalog catalog() {
  ResourceCatalog catalog;
  catalog.add(parse_group_discovery_list(parse(kCore)).value());
  catalog.add(parse_group_discovery_list(parse(kGroups)).value());
  return catalog;
}

struct Case {
  std::string name;
  std::string api_version;
  std::string found;  // "apiVersion/plural"
};

TEST(ResourceCatalog, FindsAResourceByAnyOfItsNames) {
  const ResourceCatalog all = catalog();
  const std::vector<Case> cases{
      {"Pod", "", "v1/pods"},
      {"PODS", "", "v1/pods"},
      {"pod", "", "v1/pods"},
      {"Node", "v1", "v1/nodes"},
      // A full name goes before a short one, as in kubectl.
      {"po", "", "shop.example.com/v1/po"},
      {"po", "v1", "v1/pods"},
      // Core before built-in before others; a group's preferred version first.
      {"events", "", "v1/events"},
      {"events", "events.k8s.io/v1", "events.k8s.io/v1/events"},
      {"ev", "events.k8s.io", "events.k8s.io/v1/events"},
      {"hpa", "", "autoscaling/v2/horizontalpodautoscalers"},
      {"hpa", "autoscaling/v1", "autoscaling/v1/horizontalpodautoscalers"},
      {"pods.shop.example.com", "", "shop.example.com/v1/pods"},
      {"Pod", "shop.example.com/v1", "shop.example.com/v1/pods"},
  };
  for (const Case& c : cases) {
    const Result<ResourceType> type = all.find(c.name, c.api_version);
    ASSERT_TRUE(type) << c.name << " " << type.error().message;
    EXPECT_EQ(type->api_version() + "/" + type->plural, c.found) << c.name;
  }
  EXPECT_TRUE(all.find("pods")->namespaced);
  EXPECT_FALSE(all.find("nodes")->namespaced);
  EXPECT_EQ(all.find("hpa")->kind, "HorizontalPodAutoscaler");
}

TEST(ResourceCatalog, SaysWhereANameExistsInstead) {
  const ResourceCatalog all = catalog();
  EXPECT_EQ(all.find("unicorns").error(),
            Error(ErrorCode::kNotFound, "the cluster serves no resource named 'unicorns'"));
  EXPECT_EQ(all.find("hpa", "autoscaling/v9").error().message,
            "the cluster serves no resource named 'hpa' in 'autoscaling/v9'; it exists in "
            "shop.example.com/v1, autoscaling/v2, autoscaling/v1");
  EXPECT_FALSE(all.find("bindings")) << "cannot be read by anybody";
  EXPECT_FALSE(all.find(""));
}

TEST(Discovery, ReadsTheOlderProtocol) {
  const Result<std::vector<ServedResource>> resources =
      parse_resource_list(parse(R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
        {"name":"deployments","singularName":"deployment","namespaced":true,"kind":"Deployment",
         "verbs":["get","list"],"shortNames":["deploy"]},
        {"name":"deployments/status","namespaced":true,"kind":"Deployment","verbs":["get"]}]})"));
  ASSERT_TRUE(resources) << resources.error().message;
  ASSERT_EQ(resources->size(), 1U);
  EXPECT_EQ((*resources)[0].type, (ResourceType{"apps", "v1", "deployments", "Deployment", true}));
  EXPECT_EQ((*resources)[0].short_names, std::vector<std::string>{"deploy"});
  const Result<std::vector<ServedResource>> core =
      parse_resource_list(parse(R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
        {"name":"nodes","kind":"Node","verbs":["get"],"namespaced":false}]})"));
  ASSERT_TRUE(core);
  EXPECT_EQ((*core)[0].type, (ResourceType{"", "v1", "nodes", "Node", false}));
}

TEST(Discovery, PutsThePreferredVersionOfAGroupFirst) {
  EXPECT_EQ(parse_group_versions(parse(R"({"kind":"APIVersions","versions":["v1"]})")).value(),
            std::vector<std::string>{"/api/v1"});
  EXPECT_EQ(parse_group_versions(parse(R"({"kind":"APIGroupList","groups":[{"name":"a",
      "versions":[{"groupVersion":"a/v1"},{"groupVersion":"a/v2"}],
      "preferredVersion":{"groupVersion":"a/v2"}}]})"))
                .value(),
            (std::vector<std::string>{"/apis/a/v2", "/apis/a/v1"}));
}

TEST(Discovery, RefusesOtherDocuments) {
  const json::object other = parse(R"({"kind":"Status"})");
  EXPECT_EQ(parse_group_discovery_list(other).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(parse_resource_list(other).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(parse_group_versions(other).error().code, ErrorCode::kProtocol);
}

}  // namespace
}  // namespace holmes::kube
