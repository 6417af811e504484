#include "api/crd.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include "api/scheduled_healthcheck.h"

namespace holmes {
namespace {

TEST(Crd, TheFileInDeployIsFresh) {
  std::ifstream file(HOLMES_SOURCE_DIR "/deploy/crds/holmes.yaml");
  ASSERT_TRUE(file.is_open());
  std::ostringstream content;
  content << file.rdbuf();
  EXPECT_TRUE(content.str() == crds_yaml())
      << "run: build/release/holmes crd > deploy/crds/holmes.yaml";
}

TEST(Crd, YamlReadsBackAsTheSameValues) {
  const YAML::Node root = YAML::LoadAll(crds_yaml()).at(0);
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

TEST(Yaml, AnyStringReadsBackAsItself) {
  for (const char* text : {"",           " ",    "a ",          "- a",
                           "-",          "1",    "1e3",         "0x1f",
                           "yes",        "No",   "~",           "null",
                           "a: b",       "a #b", "line\nbreak", "tab\t",
                           "\x1b[31m",   "? a",  "...",         "---",
                           ".5",         ".INF", "%",           "\xC3\xA4",
                           "12:30:00",   "=",    "<<",          "Deployment 'a' has 3 of 3.",
                           "plain words"}) {
    const std::string yaml = to_yaml(json::array{json::object{{"key", text}}});
    const YAML::Node node = YAML::Load(yaml)[0]["key"];
    EXPECT_EQ(node.as<std::string>(), text) << yaml;
    const bool quoted = node.Tag() == "!";
    EXPECT_TRUE(quoted || std::string(text) == "plain words") << yaml;
  }
}

const json::object& schema_of(const json::value& crd) {
  const json::object& version = json_array(crd, {"spec", "versions"})->front().get_object();
  return *json_object(version, {"schema", "openAPIV3Schema", "properties"});
}

// The paths of the members of a value that its schema does not know.
void find_unknown(const json::value& value, const json::object& schema, const std::string& path,
                  std::vector<std::string>& unknown) {
  if (schema.contains("x-kubernetes-preserve-unknown-fields")) return;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string at = path + "." + std::string(member.key());
      const json::object* next = json_object(schema, {"properties", member.key()});
      if (next == nullptr) {
        unknown.push_back(at);
      } else {
        find_unknown(member.value(), *next, at, unknown);
      }
    }
  } else if (const auto* array = value.if_array()) {
    for (const json::value& item : *array) {
      find_unknown(item, *json_object(schema, {"items"}), path, unknown);
    }
  }
}

std::vector<std::string> unknown_fields(const json::value& value, const json::value& crd,
                                        std::string_view part) {
  std::vector<std::string> unknown;
  find_unknown(value, *json_object(schema_of(crd), {part}), std::string(part), unknown);
  return unknown;
}

// The API server drops fields that the schema does not know.
TEST(Crd, EveryFieldOfAHealthCheckThatIsWrittenIsInTheSchema) {
  HealthCheck check;
  check.spec.destinations.push_back({"slack", "ops", json::object{{"channel", "#a"}}});
  check.spec.model = "m";
  check.spec.ttl_after_finished = std::chrono::seconds(1);
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
  EXPECT_THAT(unknown_fields(to_json(check.spec), crd, "spec"), testing::IsEmpty());
  EXPECT_THAT(unknown_fields(*parse_json_object(to_text(s)), crd, "status"), testing::IsEmpty());
}

TEST(Crd, EveryFieldOfAScheduleThatIsWrittenIsInTheSchema) {
  ScheduledHealthCheckSpec spec;
  spec.check.destinations.push_back({"slack", "ops", json::object{{"channel", "#a"}}});
  spec.check.model = spec.time_zone = "x";
  spec.check.ttl_after_finished = spec.starting_deadline = std::chrono::seconds(1);
  ScheduledHealthCheckStatus s;
  s.last_schedule_time = s.last_successful_time = s.next_schedule_time = WallTime{};
  s.last_result = CheckStatus::kFail;
  s.message = s.run_now_id = "x";
  s.active.push_back({"a", "n", "u", WallTime{}});
  s.history.push_back({WallTime{}, CheckStatus::kPass, 1.0, "a", "m"});
  s.missed.push_back({WallTime{}, WallTime{}, 1, MissedReason::kForbid});
  s.observed_schedule = ObservedSchedule{"s", "z", DstPolicy::kRunOnce, WallTime{}};
  s.conditions.push_back({"Ready", true, "R", "m", WallTime{}, 1});
  const json::value crd = scheduledhealthcheck_crd();
  EXPECT_THAT(unknown_fields(to_json(spec), crd, "spec"), testing::IsEmpty());
  EXPECT_THAT(unknown_fields(*parse_json_object(to_text(s)), crd, "status"), testing::IsEmpty());
}

// One owner for each, not one for each of its fields: that is less work for the API server, and
// 0.6 kB less to store for a finished check.
TEST(Crd, AStatusHasOneOwner) {
  for (const json::value& crd :
       {json::value(healthcheck_crd()), json::value(scheduledhealthcheck_crd())}) {
    EXPECT_EQ(json_string_or(schema_of(crd).at("status"), {"x-kubernetes-map-type"}), "atomic");
  }
}

TEST(Crd, ThePrinterColumnsOfAScheduleAreThoseOfTheContract) {
  const json::value crd = scheduledhealthcheck_crd();
  const json::object& version = json_array(crd, {"spec", "versions"})->front().get_object();
  EXPECT_EQ(to_text(version.at("additionalPrinterColumns")),
            R"([{"name":"Schedule","type":"string","jsonPath":".spec.schedule"},)"
            R"({"name":"Enabled","type":"boolean","jsonPath":".spec.enabled"},)"
            R"({"name":"Last Run","type":"date","jsonPath":".status.lastScheduleTime"},)"
            R"({"name":"Last Result","type":"string","jsonPath":".status.lastResult"},)"
            R"({"name":"Next","type":"string","jsonPath":".status.nextScheduleTime","priority":1},)"
            R"({"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}])");
}

TEST(Crd, TheDefaultsOfTheSchemaAreThoseOfTheCode) {
  const json::value crd = scheduledhealthcheck_crd();
  const json::object& fields = *json_object(schema_of(crd), {"spec", "properties"});
  json::object defaults;
  for (const auto& field : fields) {
    if (const json::value* value = json_find(field.value(), {"default"})) {
      defaults[field.key()] = *value;
    }
  }
  ScheduledHealthCheckSpec spec;
  const json::object written = to_json(spec);
  for (const auto& member : defaults) EXPECT_EQ(written.at(member.key()), member.value());
  EXPECT_EQ(defaults.size(), written.size() - 2) << "all but schedule and query have one";
}

}  // namespace
}  // namespace holmes
