#include "api/healthcheck.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

json::object object_with(std::string_view spec, std::string_view status = "{}") {
  json::object object = parse_json_object(R"({"metadata":{"name":"a","namespace":"default",
    "uid":"u1","resourceVersion":"7","generation":2}})")
                            .value();
  object["spec"] = parse_json(spec).value();
  object["status"] = parse_json(status).value();
  return object;
}

TEST(HealthCheck, ReadsTheExampleOfTheSpecification) {
  const auto check = HealthCheck::from_json(object_with(R"({
    "query": "Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?",
    "timeout": 30, "mode": "alert",
    "destinations": [{"type": "slack", "config": {"channel": "#alerts"}}]})"));
  ASSERT_TRUE(check.has_value()) << check.error().message;
  EXPECT_EQ(check->spec.mode, CheckMode::kAlert);
  EXPECT_EQ(json_string(check->spec.destinations.at(0).config, {"channel"}), "#alerts");
  EXPECT_EQ(check->spec.backoff_limit, 1);
  EXPECT_EQ(check->status.phase, Phase::kNew);
}

TEST(HealthCheck, NamesTheFieldOfTheWrongShape) {
  const struct {
    std::string_view spec;
    std::string_view status;
    std::string_view path;
  } rows[] = {
      {"{}", "{}", "spec.query"},
      {R"({"query":1})", "{}", "spec.query"},
      {R"({"query":"q","timeout":"x"})", "{}", "spec.timeout"},
      {R"({"query":"q","timeout":0})", "{}", "spec.timeout"},
      {R"({"query":"q","mode":"loud"})", "{}", "spec.mode"},
      {R"({"query":"q","ttlSecondsAfterFinished":9223372036854775807})", "{}",
       "spec.ttlSecondsAfterFinished"},
      {R"({"query":"q","backoffLimit":11})", "{}", "spec.backoffLimit"},
      {R"({"query":"q","destinations":[{}]})", "{}", "spec.destinations[0]"},
      {R"({"query":"q","suspend":"yes"})", "{}", "spec.suspend"},
      {R"({"query":"q"})", R"({"startTime":"noon"})", "status.startTime"},
      {R"({"query":"q"})", R"({"attempt":[]})", "status.attempt"},
      {R"({"query":"q"})", R"({"conditions":1})", "status.conditions"},
      {R"([])", "{}", "spec"},
      {R"({"query":"q"})", "[]", "status"},
  };
  for (const auto& row : rows) {
    const auto check = HealthCheck::from_json(object_with(row.spec, row.status));
    ASSERT_FALSE(check.has_value()) << row.spec << row.status;
    EXPECT_TRUE(check.error().message.starts_with(row.path)) << check.error().message;
  }
}

TEST(HealthCheck, AnUnreadableItemOfTheStatusDoesNotHideTheCheck) {
  const auto check = HealthCheck::from_json(
      object_with(R"({"query":"q"})", R"({"phase":"Completed","conditions":[1],"evidence":[{}]})"));
  ASSERT_TRUE(check.has_value()) << check.error().message;
  EXPECT_TRUE(check->status.finished());
}

TEST(HealthCheck, AStatusSurvivesWritingAndReading) {
  HealthCheck check = HealthCheck::from_json(object_with(R"({"query":"q"})")).value();
  const WallTime time = parse_rfc3339("2024-01-01T00:00:02Z").value();
  HealthCheckStatus& s = check.status;
  s.phase = Phase::kRunning;
  s.run = 2;
  s.start_time = time;
  s.result = CheckStatus::kFail;
  s.duration_seconds = 2.5;
  s.attempt = Attempt{1, "id", "epoch", "holder", time, time};
  s.attempts.push_back({1, 1, "old", time, time, AttemptOutcome::kInterrupted});
  s.conditions.push_back({"Complete", false, "Rerun", "m", time, 2});
  s.rerun_accepted = true;
  s.observed_generation = 2;
  s.usage = Usage{};
  json::object stored = parse_json_object(status_update(check)).value();
  EXPECT_FALSE(stored.contains("spec"));  // the API server keeps its own
  stored["spec"] = to_json(check.spec);
  const auto read = HealthCheck::from_json(stored);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->status, check.status);
  EXPECT_EQ(read->spec, check.spec);
  EXPECT_EQ(json_string(stored, {"metadata", "resourceVersion"}), "7");
}

}  // namespace
}  // namespace holmes
