#include "kube/store/scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/store/api_testing.h"

namespace holmes::kube {
namespace {

using testing::HasSubstr;

constexpr std::string_view kDeployments = "/apis/apps/v1/namespaces/default/deployments";
constexpr std::string_view kScale = "/apis/apps/v1/namespaces/default/deployments/shop/scale";
constexpr std::string_view kMerge = "application/merge-patch+json";

class ScaleTest : public testing::Test {
 protected:
  ScaleTest() {
    const auto made = test_.ask("POST", std::string(kDeployments), R"({"metadata":{"name":"shop"},
        "spec":{"replicas":2,"selector":{"matchLabels":{"app":"shop","tier":"web"}},
                "template":{"metadata":{"labels":{"app":"shop"}}}}})");
    HOLMES_ASSERT(made.has_value());
  }
  Result<Response> ask(std::string method, std::string body = "",
                       std::string_view type = "application/json") {
    return test_.ask(std::move(method), std::string(kScale), std::move(body), {},
                     std::string(type));
  }
  json::object read(const Result<Response>& response) {
    return parse_json_object(response.value().body).value();
  }
  json::object workload() { return read(test_.ask("GET", fmt::format("{}/shop", kDeployments))); }

  ApiUnderTest test_;
};

TEST_F(ScaleTest, SaysHowManyReplicasAWorkloadWantsAndHas) {
  ASSERT_TRUE(test_.ask("PATCH", fmt::format("{}/shop/status", kDeployments),
                        R"({"status":{"replicas":1}})", {}, std::string(kMerge)));
  const json::object scale = read(ask("GET"));
  EXPECT_EQ(json_string(scale, {"apiVersion"}), "autoscaling/v1");
  EXPECT_EQ(json_string(scale, {"kind"}), "Scale");
  EXPECT_EQ(json_int(scale, {"spec", "replicas"}), 2);
  EXPECT_EQ(json_int(scale, {"status", "replicas"}), 1);
  EXPECT_EQ(json_string(scale, {"status", "selector"}), "app=shop,tier=web");
  EXPECT_EQ(json_string(scale, {"metadata", "uid"}), json_string(workload(), {"metadata", "uid"}));
}

TEST_F(ScaleTest, APatchOrAPutChangesTheWorkloadAndNothingElse) {
  const json::object before = workload();
  EXPECT_EQ(
      json_int(read(ask("PATCH", R"({"spec":{"replicas":5}})", kMerge)), {"spec", "replicas"}), 5);
  json::object scale = read(ask("GET"));
  scale["spec"] = json::object{{"replicas", 7}};
  EXPECT_EQ(json_int(read(ask("PUT", to_text(scale))), {"spec", "replicas"}), 7);
  json::object after = workload();
  EXPECT_EQ(json_int(after, {"spec", "replicas"}), 7);
  EXPECT_EQ(json_int(after, {"metadata", "generation"}), 3);
  after["spec"].as_object()["replicas"] = 2;
  EXPECT_EQ(to_text(after["spec"]), to_text(before.at("spec")));
}

TEST_F(ScaleTest, AnOldVersionIsAConflict) {
  json::object scale = read(ask("GET"));
  ASSERT_TRUE(ask("PATCH", R"({"spec":{"replicas":3}})", kMerge));
  const auto late = ask("PUT", to_text(scale));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_EQ(json_int(workload(), {"spec", "replicas"}), 3);
}

TEST_F(ScaleTest, WhatCannotBeIsRefusedAndChangesNothing) {
  struct Row {
    std::string method;
    std::string body;
    std::string_view type;
    std::string words;
  };
  const std::vector<Row> rows{
      {"PATCH", R"({"spec":{"replicas":-1}})", kMerge, "must be greater than or equal to 0"},
      {"PATCH", R"({"spec":{"replicas":"x"}})", kMerge, "cannot unmarshal string"},
      {"PATCH", R"({"spec":5})", kMerge, ""},
      {"PATCH", R"([{"op":"remove","path":"/metadata"}])", kMerge, "Invalid JSON Patch"},
      {"PATCH", "{", kMerge, "error decoding patch"},
      {"PATCH", "{}", "text/plain", ""},
      {"PUT", "[]", "application/json", "cannot be handled as a Scale"},
      {"PUT", R"({"metadata":{"name":5}})", "application/json", "cannot unmarshal"},
      {"POST", "{}", "application/json", ""},
      {"DELETE", "", "application/json", ""},
  };
  for (const Row& row : rows) {
    const auto answer = ask(row.method, row.body, row.type);
    if (answer) {
      EXPECT_EQ(row.body, R"({"spec":5})");  // says nothing of replicas
      continue;
    }
    EXPECT_THAT(answer.error().message, HasSubstr(row.words)) << row.method << row.body;
  }
  EXPECT_FALSE(test_.ask("GET", "/api/v1/namespaces/default/configmaps/shop/scale"));
  EXPECT_FALSE(test_.ask("GET", fmt::format("{}/nobody/scale", kDeployments)));
}

}  // namespace
}  // namespace holmes::kube
