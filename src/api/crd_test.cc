#include "api/crd.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "api/healthcheck.h"

namespace holmes {
namespace {

TEST(Crd, TheFileInDeployIsFresh) {
  std::ifstream file(HOLMES_SOURCE_DIR "/deploy/crds/healthchecks.yaml");
  ASSERT_TRUE(file.is_open());
  std::ostringstream content;
  content << file.rdbuf();
  EXPECT_EQ(content.str(), to_yaml(healthcheck_crd()))
      << "run: build/release/holmes crd > deploy/crds/healthchecks.yaml";
}

TEST(Crd, YamlReadsBackAsTheSameValues) {
  const YAML::Node root = YAML::Load(to_yaml(healthcheck_crd()));
  const YAML::Node spec =
      root["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
  EXPECT_EQ(spec["timeout"]["maximum"].as<int>(), 300);
  EXPECT_EQ(spec["query"]["maxLength"].as<int>(), 5000);
  EXPECT_EQ(spec["query"]["x-kubernetes-validations"][0]["rule"].as<std::string>(),
            "self.trim().size() > 0");
  const YAML::Node conditions = root["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
                                    ["properties"]["status"]["properties"]["conditions"];
  EXPECT_EQ(conditions["items"]["properties"]["status"]["enum"][0].as<std::string>(), "True");
}

TEST(Crd, EveryStatusFieldThatIsWrittenIsInTheSchema) {
  // The API server drops fields that the schema does not know.
  HealthCheck check;
  HealthCheckStatus& s = check.status;
  s.phase = Phase::kRunning;
  s.start_time = s.completion_time = WallTime{};
  s.result = CheckStatus::kFail;
  s.message = s.rationale = s.error = s.model_used = "x";
  s.duration_seconds = 1;
  s.notifications.push_back({"slack", "#a", Notification::Outcome::kFailed, "x"});
  s.conditions.push_back({"Complete", true, "Pass", "m", WallTime{}, 1});
  s.attempt = Attempt{1, "id", "e", "h", WallTime{}, WallTime{}};
  s.attempts.push_back({1, 1, "id", WallTime{}, WallTime{}, AttemptOutcome::kAnswered});
  s.usage = Usage{1, 1, 1, 1, 1, "0.1"};
  s.evidence.push_back({"t", "{}", "s", 1});
  const json::value crd = healthcheck_crd();
  const json::object& version = json_array(crd, {"spec", "versions"})->front().get_object();
  const json::object& known =
      *json_object(version, {"schema", "openAPIV3Schema", "properties", "status", "properties"});
  const std::function<void(const json::value&, const json::object&, std::string)> covered =
      [&](const json::value& value, const json::object& schema, const std::string& path) {
        if (const auto* object = value.if_object()) {
          for (const auto& member : *object) {
            const std::string at = path + "." + std::string(member.key());
            const json::object* next = json_object(schema, {"properties", member.key()});
            ASSERT_NE(next, nullptr) << at;
            covered(member.value(), *next, at);
          }
        } else if (const auto* array = value.if_array()) {
          for (const json::value& item : *array)
            covered(item, *json_object(schema, {"items"}), path);
        }
      };
  covered(to_json(s), json::object{{"properties", known}}, "status");
}

}  // namespace
}  // namespace holmes
