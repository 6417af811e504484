#include "metrics/registry.h"

#include <cmath>

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(MetricsRegistry, ExposesEachKindInThePrometheusTextFormat) {
  MetricsRegistry registry;
  registry.counter("holmes_a_total", "A.", {"namespace", "name"}).add({"default", "x"}, 2);
  registry.gauge("holmes_b", "B.").set({}, 1.5);
  registry.histogram("holmes_c_seconds", "C.", {1, 5}, {"type"}).observe({"t"}, 3);
  const std::string text = registry.expose();
  for (const std::string_view line :
       {"# TYPE holmes_a_total counter", "holmes_a_total{name=\"x\",namespace=\"default\"} 2",
        "holmes_b 1.5", "holmes_c_seconds_bucket{type=\"t\",le=\"1\"} 0",
        "holmes_c_seconds_bucket{type=\"t\",le=\"5\"} 1", "holmes_c_seconds_count{type=\"t\"} 1"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(MetricsRegistry, ACounterNeverFalls) {
  MetricsRegistry registry;
  CounterFamily& family = registry.counter("holmes_a_total", "A.");
  family.add({}, 2);
  family.add({}, -1);
  family.bind({}).add(std::nan(""));
  EXPECT_NE(registry.expose().find("holmes_a_total 2\n"), std::string::npos);
}

TEST(MetricsRegistry, BucketsCountWhatIsAtMostTheirBound) {
  MetricsRegistry registry;
  HistogramFamily& family = registry.histogram("holmes_a", "A.", {1, 5}, {"name"});
  for (const double value : {0.5, 1.0, 1.5, 5.0, 7.0}) family.observe({"x"}, value);
  const std::string text = registry.expose();
  for (const std::string_view line :
       {"# TYPE holmes_a histogram", "holmes_a_bucket{name=\"x\",le=\"1\"} 2\n",
        "holmes_a_bucket{name=\"x\",le=\"5\"} 4\n", "holmes_a_bucket{name=\"x\",le=\"+Inf\"} 5\n",
        "holmes_a_count{name=\"x\"} 5\n", "holmes_a_sum{name=\"x\"} 15\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(MetricsRegistry, AFamilyWithoutSeriesIsNotExposed) {
  MetricsRegistry registry;
  registry.counter("holmes_a_total", "A.", {"name"});
  EXPECT_EQ(registry.expose(), "");
}

TEST(MetricsRegistry, RemovedSeriesAreGoneAndMayComeBack) {
  MetricsRegistry registry;
  CounterFamily& family = registry.counter("holmes_a_total", "A.", {"name"});
  family.add({"x"});
  family.remove({"x"});
  EXPECT_EQ(registry.expose().find("name=\"x\""), std::string::npos);
  family.add({"x"});
  EXPECT_NE(registry.expose().find("holmes_a_total{name=\"x\"} 1"), std::string::npos);
}

TEST(MetricsRegistry, ABoundSeriesIsTheOneOfItsLabelsAndBeginsAtZero) {
  MetricsRegistry registry;
  CounterFamily& counters = registry.counter("holmes_a_total", "A.", {"name"});
  const Counter counter = counters.bind({"x"});
  EXPECT_NE(registry.expose().find("holmes_a_total{name=\"x\"} 0\n"), std::string::npos);
  counter.add();
  counters.add({"x"}, 2);
  const Gauge gauge = registry.gauge("holmes_b", "B.", {"name"}).bind({"x"});
  gauge.set(5);
  gauge.add(-1);
  const Histogram histogram = registry.histogram("holmes_c", "C.", {1, 5}, {"name"}).bind({"x"});
  histogram.observe(3);
  const std::string text = registry.expose();
  for (const std::string_view line :
       {"holmes_a_total{name=\"x\"} 3\n", "holmes_b{name=\"x\"} 4\n",
        "holmes_c_bucket{name=\"x\",le=\"5\"} 1\n", "holmes_c_sum{name=\"x\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(MetricsRegistry, AsksForFreshValuesAtEachExposition) {
  MetricsRegistry registry;
  GaugeFamily& gauge = registry.gauge("holmes_a", "A.");
  double value = 1;
  {
    const MetricsRegistry::Refresh refresh(registry, [&] { gauge.set({}, value++); });
    EXPECT_NE(registry.expose().find("holmes_a 1\n"), std::string::npos);
    EXPECT_NE(registry.expose().find("holmes_a 2\n"), std::string::npos);
  }
  EXPECT_NE(registry.expose().find("holmes_a 2\n"), std::string::npos);
}

TEST(MetricsRegistry, BeyondTheLimitTheNameBecomesOtherAndIsCounted) {
  MetricsRegistry registry;
  CounterFamily& family = registry.counter("holmes_a_total", "A.", {"namespace", "name"});
  for (size_t i = 0; i < kMaxLabelSets + 3; ++i) family.add({"default", std::to_string(i)});
  const std::string text = registry.expose();
  EXPECT_NE(text.find("holmes_a_total{name=\"_other\",namespace=\"default\"} 3"),
            std::string::npos);
  EXPECT_NE(text.find("holmes_metrics_label_overflow_total{metric=\"holmes_a_total\"} 3"),
            std::string::npos);
}

}  // namespace
}  // namespace holmes
