#include "operator/operator_metrics.h"

#include <gtest/gtest.h>

#include "operator/check_testing.h"
#include "operator/transitions.h"

namespace holmes {
namespace {

HealthCheck ended(HealthCheck check, CheckStatus status) {
  check.status = claim(check, {"e", "h"}, at_second(0));
  check.status = complete(check, answer(status), at_second(1));
  return check;
}

bool has(const MetricsRegistry& registry, std::string_view line) {
  return registry.expose().find(line) != std::string::npos;
}

TEST(OperatorMetrics, CountsUnderTheNamesOfTheContract) {
  MetricsRegistry registry;
  OperatorMetrics metrics(registry);
  metrics.ended(ended(new_check("p"), CheckStatus::kPass));
  metrics.ended(ended(new_check("f"), CheckStatus::kFail));
  metrics.ended(ended(new_check("e"), CheckStatus::kError));
  for (const std::string_view line :
       {R"(holmes_checks_executed_total{name="p",namespace="default",type="healthcheck"} 1)",
        R"(holmes_checks_failed_total{name="f",namespace="default",type="healthcheck"} 1)",
        R"(holmes_checks_failed_total{name="e",namespace="default",type="healthcheck"} 1)",
        R"(holmes_check_duration_seconds_count{name="p",namespace="default",type="healthcheck"} 1)",
        R"(holmes_check_result{name="p",namespace="default"} 1)",
        R"(holmes_check_result{name="f",namespace="default"} 0)",
        R"(holmes_check_result{name="e",namespace="default"} -1)"}) {
    EXPECT_TRUE(has(registry, line)) << line << "\n" << registry.expose();
  }
  EXPECT_FALSE(has(registry, R"(holmes_checks_failed_total{name="p")"));
}

TEST(OperatorMetrics, ANewProcessKnowsTheLastResultsAndCountsNothing) {
  MetricsRegistry registry;
  OperatorMetrics metrics(registry);
  metrics.known(ended(new_check("f"), CheckStatus::kFail));
  metrics.known(new_check("new"));
  ScheduledHealthCheck schedule;
  schedule.meta.ns = "default";
  schedule.meta.name = "s";
  schedule.status.last_result = CheckStatus::kError;
  schedule.status.last_successful_time = WallTime(std::chrono::seconds(1'700'000'000));
  metrics.known(schedule);
  EXPECT_TRUE(has(registry, R"(holmes_check_result{name="f",namespace="default"} 0)"));
  EXPECT_TRUE(has(registry, R"(holmes_check_result{name="s",namespace="default"} -1)"));
  EXPECT_TRUE(has(registry,
                  "holmes_check_last_success_timestamp_seconds"
                  R"({name="s",namespace="default"} 1700000000)"));
  EXPECT_FALSE(has(registry, R"(name="new")"));
  EXPECT_FALSE(has(registry, R"(holmes_checks_executed_total{)"));
  EXPECT_FALSE(has(registry, R"(holmes_checks_failed_total{)"));
}

TEST(OperatorMetrics, CountsWhatChecksCostWhereAPriceIsKnown) {
  MetricsRegistry registry;
  OperatorMetrics metrics(registry);
  for (const char* cost : {"0.25", "0.5", "", "much"}) {
    HealthCheck check = ended(new_check("p"), CheckStatus::kPass);
    check.status.usage = Usage{.cost_usd = cost};
    metrics.ended(check);
  }
  EXPECT_TRUE(has(registry, R"(holmes_check_cost_usd_total{name="p",namespace="default"} 0.75)"));
  metrics.forget(ended(new_check("p"), CheckStatus::kPass));
  EXPECT_FALSE(has(registry, R"(name="p")"));
}

TEST(OperatorMetrics, SeriesOfDeletedChecksGoAwayButNotTheirSchedules) {
  MetricsRegistry registry;
  OperatorMetrics metrics(registry);
  const HealthCheck single = ended(new_check("p"), CheckStatus::kFail);
  HealthCheck run = ended(new_check("s-20240101"), CheckStatus::kPass);
  run.meta.owner_references.push_back(
      {"holmesgpt.dev/v1alpha1", "ScheduledHealthCheck", "s", "uid-s", true});
  metrics.ended(single);
  metrics.ended(run);
  metrics.forget(single);
  metrics.forget(run);
  EXPECT_FALSE(has(registry, R"(name="p")"));
  EXPECT_TRUE(has(registry, R"({name="s",namespace="default",type="scheduledhealthcheck"} 1)"));
}

}  // namespace
}  // namespace holmes
