#include "api/scheduled_healthcheck.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

constexpr std::string_view kMinimal = R"({"schedule":"* * * * *","query":"q"})";

json::object object_with(std::string_view spec, std::string_view status = "{}") {
  json::object object = parse_json_object(R"({"metadata":{"name":"a","namespace":"default",
    "uid":"u1","resourceVersion":"7","generation":2}})")
                            .value();
  object["spec"] = parse_json(spec).value();
  object["status"] = parse_json(status).value();
  return object;
}

WallTime at(std::string_view text) {
  return parse_rfc3339(text).value();
}

TEST(ScheduledHealthCheck, ReadsTheExampleOfTheSpecification) {
  const auto schedule = ScheduledHealthCheck::from_json(object_with(
      R"({"schedule": "*/5 * * * *",
          "query": "Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?",
          "timeout": 30, "mode": "alert",
          "destinations": [{"type": "slack", "config": {"channel": "#alerts"}}],
          "enabled": true})",
      R"({"lastScheduleTime": "2024-01-01T00:05:00Z",
          "lastSuccessfulTime": "2024-01-01T00:05:00Z", "lastResult": "pass",
          "message": "Check completed successfully",
          "active": [{"name": "frontend-schedule-20240101-000500-abc123", "namespace": "default",
                      "uid": "12345-67890"}],
          "history": [
            {"executionTime": "2024-01-01T00:05:00Z", "result": "pass", "duration": 2.5,
             "checkName": "frontend-schedule-20240101-000500-abc123"},
            {"executionTime": "2024-01-01T00:00:00Z", "result": "pass", "duration": 2.3,
             "checkName": "frontend-schedule-20240101-000000-def456"}]})"));
  ASSERT_TRUE(schedule.has_value()) << schedule.error().message;
  EXPECT_EQ(schedule->spec.schedule, "*/5 * * * *");
  EXPECT_EQ(schedule->spec.check.mode, CheckMode::kAlert);
  EXPECT_EQ(json_string(schedule->spec.check.destinations.at(0).config, {"channel"}), "#alerts");
  const ScheduledHealthCheckStatus& status = schedule->status;
  EXPECT_EQ(status.last_schedule_time, at("2024-01-01T00:05:00Z"));
  EXPECT_EQ(status.last_result, CheckStatus::kPass);
  EXPECT_EQ(status.active.at(0).uid, "12345-67890");
  ASSERT_EQ(status.history.size(), 2U);
  EXPECT_EQ(status.history[0].duration_seconds, 2.5);
  EXPECT_EQ(status.history[1].check_name, "frontend-schedule-20240101-000000-def456");
}

TEST(ScheduledHealthCheck, MissingFieldsGetTheDefaultsOfTheContract) {
  const auto schedule = ScheduledHealthCheck::from_json(object_with(kMinimal));
  ASSERT_TRUE(schedule.has_value()) << schedule.error().message;
  ScheduledHealthCheckSpec expected;
  expected.schedule = "* * * * *";
  expected.check.query = "q";
  EXPECT_EQ(schedule->spec, expected);
  EXPECT_EQ(to_text(to_json(schedule->spec)),
            R"({"schedule":"* * * * *","enabled":true,"query":"q","timeout":30,"mode":"monitor",)"
            R"("backoffLimit":1,"concurrencyPolicy":"Forbid","missedRunPolicy":"Coalesce",)"
            R"("successfulHistoryLimit":10,"failedHistoryLimit":10,"historyLimit":10,)"
            R"("jitterSeconds":0,"dstPolicy":"RunOnce"})");
}

TEST(ScheduledHealthCheck, EveryFieldOfTheSpecSurvivesWritingAndReading) {
  ScheduledHealthCheckSpec spec;
  spec.schedule = "0 9 * * mon-fri";
  spec.enabled = false;
  spec.check.query = "q";
  spec.check.timeout = std::chrono::seconds(300);
  spec.check.mode = CheckMode::kAlert;
  spec.check.destinations = {{"slack", "ops", json::object{{"channel", "#a"}}}};
  spec.check.model = "m";
  spec.check.ttl_after_finished = std::chrono::seconds(kMaxTtlSeconds);
  spec.check.backoff_limit = 0;
  spec.time_zone = "Europe/Berlin";
  spec.concurrency_policy = ConcurrencyPolicy::kReplace;
  spec.missed_run_policy = MissedRunPolicy::kSkip;
  spec.starting_deadline = std::chrono::seconds(1);
  spec.successful_history_limit = 0;
  spec.failed_history_limit = kMaxHistoryObjects;
  spec.history_limit = kMaxHistoryEntries;
  spec.jitter = kMaxJitter;
  spec.dst_policy = DstPolicy::kKubernetes;
  const auto read = ScheduledHealthCheck::from_json(object_with(to_text(to_json(spec))));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->spec, spec);
}

TEST(ScheduledHealthCheck, NamesTheSpecFieldThatIsWrongAndWhatWouldBeRight) {
  const struct {
    std::string_view spec;
    std::string_view message;
  } rows[] = {
      {"[]", "spec must be an object"},
      {R"({"query":"q"})", "spec.schedule must be set"},
      {R"({"schedule":null,"query":"q"})", "spec.schedule must be set"},
      {R"({"schedule":5,"query":"q"})", "spec.schedule must be a string"},
      {R"({"schedule":"s"})", "spec.query must be set"},
      {R"({"schedule":"s","query":[]})", "spec.query must be a string"},
      {R"("enabled":"yes")", "spec.enabled must be true or false"},
      {R"("timeout":0)", "spec.timeout must be an integer from 1 to 300, not 0"},
      {R"("timeout":301)", "spec.timeout must be an integer from 1 to 300, not 301"},
      {R"("timeout":1.5)", "spec.timeout must be an integer"},
      {R"("mode":"loud")", "spec.mode must be alert or monitor, not 'loud'"},
      {R"("destinations":{})", "spec.destinations must be a list"},
      {R"("destinations":[{}])", "spec.destinations[0]"},
      {R"("model":1)", "spec.model must be a string"},
      {R"("ttlSecondsAfterFinished":-1)",
       "spec.ttlSecondsAfterFinished must be an integer from 0 to 2147483647, not -1"},
      {R"("backoffLimit":11)", "spec.backoffLimit must be an integer from 0 to 10, not 11"},
      {R"("timeZone":1)", "spec.timeZone must be a string"},
      {R"("concurrencyPolicy":"forbid")",
       "spec.concurrencyPolicy must be Allow, Forbid or Replace, not 'forbid'"},
      {R"("missedRunPolicy":true)", "spec.missedRunPolicy must be a string"},
      {R"("missedRunPolicy":"")", "spec.missedRunPolicy must be Coalesce or Skip, not ''"},
      {R"("startingDeadlineSeconds":0)",
       "spec.startingDeadlineSeconds must be an integer from 1 to 2147483647, not 0"},
      {R"("startingDeadlineSeconds":9223372036854775807)",
       "spec.startingDeadlineSeconds must be an integer from 1 to 2147483647"},
      {R"("successfulHistoryLimit":-1)",
       "spec.successfulHistoryLimit must be an integer from 0 to 1000, not -1"},
      {R"("failedHistoryLimit":1001)",
       "spec.failedHistoryLimit must be an integer from 0 to 1000, not 1001"},
      {R"("historyLimit":0)", "spec.historyLimit must be an integer from 1 to 100, not 0"},
      {R"("jitterSeconds":3601)", "spec.jitterSeconds must be an integer from 0 to 3600, not 3601"},
      {R"("dstPolicy":"Once")", "spec.dstPolicy must be RunOnce or Kubernetes, not 'Once'"},
  };
  for (const auto& row : rows) {
    const std::string spec = row.spec.starts_with('"')
                                 ? fmt::format(R"({{"schedule":"s","query":"q",{}}})", row.spec)
                                 : std::string(row.spec);
    const auto schedule = ScheduledHealthCheck::from_json(object_with(spec));
    ASSERT_FALSE(schedule.has_value()) << spec;
    EXPECT_EQ(schedule.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(schedule.error().message.starts_with(row.message)) << schedule.error().message;
  }
}

ScheduledHealthCheckStatus full_status() {
  const WallTime time = at("2024-03-31T01:00:00Z");
  const WallTime later = at("2024-03-31T01:05:00Z");
  ScheduledHealthCheckStatus status;
  status.last_schedule_time = time;
  status.last_successful_time = later;
  status.last_result = CheckStatus::kError;
  status.message = "Check errored: no evidence";
  status.active = {{"a-1", "default", "u2", time}, {"a-2", "", "", std::nullopt}};
  status.history = {{later, CheckStatus::kFail, 2.5, "a-1", "Check failed."},
                    {time, CheckStatus::kPass, std::nullopt, "", ""}};
  status.next_schedule_time = later;
  status.consecutive_failures = 3;
  status.observed_generation = 4;
  for (const MissedReason reason :
       {MissedReason::kSuspended, MissedReason::kDowntime, MissedReason::kDeadline,
        MissedReason::kForbid, MissedReason::kCreateDenied, MissedReason::kSilenced}) {
    status.missed.push_back({time, later, 5, reason});
  }
  status.observed_schedule =
      ObservedSchedule{"*/5 * * * *", "Europe/Berlin", DstPolicy::kKubernetes, time};
  status.run_now_id = "r1";
  status.conditions = {{std::string(kReady), true, "Scheduled", "m", time, 4},
                       {std::string(kSuspended), false, "Enabled", "m", time, 4}};
  return status;
}

TEST(ScheduledHealthCheck, AStatusSurvivesWritingAndReading) {
  ScheduledHealthCheck schedule = ScheduledHealthCheck::from_json(object_with(kMinimal)).value();
  schedule.status = full_status();
  json::object written = parse_json_object(status_update(schedule)).value();
  EXPECT_EQ(json_string(written, {"apiVersion"}), "holmesgpt.dev/v1alpha1");
  EXPECT_EQ(json_string(written, {"kind"}), "ScheduledHealthCheck");
  EXPECT_EQ(to_text(written.at("metadata")),
            R"({"name":"a","namespace":"default","uid":"u1","resourceVersion":"7"})");
  EXPECT_FALSE(written.contains("spec"));
  EXPECT_EQ(json_string(written, {"status", "runNow", "id"}), "r1");
  EXPECT_EQ(json_string(written, {"status", "observedSchedule", "dstPolicy"}), "Kubernetes");
  written["spec"] = to_json(schedule.spec);
  const auto read = ScheduledHealthCheck::from_json(written);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->status, schedule.status);
}

TEST(ScheduledHealthCheck, AnEmptyStatusIsWrittenWithoutAbsentFields) {
  EXPECT_EQ(to_text(ScheduledHealthCheckStatus{}),
            R"({"consecutiveFailures":0,"observedGeneration":0})");
}

TEST(ScheduledHealthCheck, AStatusOfAnyShapeNeverHidesTheSchedule) {
  for (
      const std::string_view status : {
          "null",
          "[]",
          "\"x\"",
          R"({"lastScheduleTime":5,"lastSuccessfulTime":"noon","lastResult":"maybe","message":{}})",
          R"({"active":{},"history":"x","missed":7,"conditions":null})",
          R"({"active":[null,1,{},{"name":""},{"name":5}],"conditions":[1,{},{"type":[]}]})",
          R"({"nextScheduleTime":[],"consecutiveFailures":-1,"observedGeneration":"2"})",
          R"({"observedSchedule":[],"runNow":"x"})",
          R"({"observedSchedule":{"schedule":"s","dstPolicy":"RunOnce"},"runNow":{"id":1}})",
          R"({"observedSchedule":{"schedule":"s","dstPolicy":"?","since":"2024-01-01T00:00:00Z"}})",
          R"({"history":[{"executionTime":"2024-01-01T00:00:00Z","result":"unknown"},
                          {"executionTime":"x","result":"pass"},{"result":"pass"},[]]})",
          R"({"missed":[{},{"from":"2024-01-02T00:00:00Z","to":"2024-01-01T00:00:00Z","count":1,
                             "reason":"Forbid"},
                         {"from":"2024-01-01T00:00:00Z","to":"2024-01-01T00:00:00Z","count":0,
                          "reason":"Forbid"},
                         {"from":"2024-01-01T00:00:00Z","to":"2024-01-01T00:00:00Z","count":1,
                          "reason":"Bored"}]})",
      }) {
    const auto schedule = ScheduledHealthCheck::from_json(object_with(kMinimal, status));
    ASSERT_TRUE(schedule.has_value()) << status << schedule.error().message;
    EXPECT_EQ(schedule->status, ScheduledHealthCheckStatus{}) << status;
  }
}

TEST(ScheduledHealthCheck, AnUnreadableItemOfTheStatusDoesNotHideTheOthers) {
  const auto schedule = ScheduledHealthCheck::from_json(
      object_with(kMinimal,
                  R"({"active":[{"uid":"u"},{"name":"a-1","startTime":"x","extra":1}],
          "history":[7,{"executionTime":"2024-01-01T00:00:00Z","result":"fail","duration":"x"}],
          "conditions":[{"status":"True"},{"type":"Ready","status":"True"}]})"));
  ASSERT_TRUE(schedule.has_value()) << schedule.error().message;
  const ScheduledHealthCheckStatus& status = schedule->status;
  ASSERT_EQ(status.active.size(), 1U);
  EXPECT_EQ(status.active[0], (ActiveCheck{"a-1", "", "", std::nullopt}));
  ASSERT_EQ(status.history.size(), 1U);
  EXPECT_EQ(status.history[0],
            (HistoryEntry{at("2024-01-01T00:00:00Z"), CheckStatus::kFail, std::nullopt, "", ""}));
  ASSERT_EQ(status.conditions.size(), 1U);
  EXPECT_TRUE(status.conditions[0].status);
}

TEST(ScheduledHealthCheck, AnAbsurdCountLeavesRoomToCountOn) {
  const auto schedule =
      ScheduledHealthCheck::from_json(object_with(kMinimal,
                                                  R"({"consecutiveFailures":9223372036854775807,
          "missed":[{"from":"2024-01-01T00:00:00Z","to":"2024-01-01T00:00:00Z",
                     "count":9223372036854775807,"reason":"Forbid"}]})"));
  ASSERT_TRUE(schedule.has_value()) << schedule.error().message;
  constexpr int64_t kRoom = int64_t{1} << 62;
  EXPECT_LT(schedule->status.consecutive_failures, kRoom);
  ASSERT_EQ(schedule->status.missed.size(), 1U);
  EXPECT_LT(schedule->status.missed[0].count, kRoom);
}

TEST(ScheduledHealthCheck, OfAnAbsurdlyLongListTheNewestItemsAreKept) {
  const WallTime first = at("2024-01-01T00:00:00Z");
  for (const bool newest_first : {true, false}) {
    ScheduledHealthCheckStatus written;
    for (int i = 0; i < 10000; ++i) {
      const WallTime time = first + std::chrono::minutes(newest_first ? 9999 - i : i);
      written.history.push_back({time, CheckStatus::kPass, 1.0, "a", ""});
      written.missed.push_back({time, time, 1, MissedReason::kForbid});
      written.active.push_back({fmt::format("a-{}", i), "default", "u", time});
      written.conditions.push_back({fmt::format("C{}", i), true, "R", "m", time, 1});
    }
    const auto read = ScheduledHealthCheck::from_json(object_with(kMinimal, to_text(written)));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    const ScheduledHealthCheckStatus& status = read->status;
    ASSERT_EQ(status.history.size(), static_cast<size_t>(kMaxHistoryEntries));
    EXPECT_EQ(status.history.front().execution_time, first + std::chrono::minutes(9999));
    EXPECT_EQ(status.history.back().execution_time, first + std::chrono::minutes(9900));
    ASSERT_EQ(status.missed.size(), kMaxMissedEntries);
    EXPECT_EQ(status.missed.front().to, first + std::chrono::minutes(9999));
    EXPECT_EQ(status.active.size(), kMaxActiveEntries);
    EXPECT_LT(status.conditions.size(), 100U);
  }
}

}  // namespace
}  // namespace holmes
