// Metrics: families of series with a limit on their labels, and their text exposition, which
// prometheus-cpp writes. No sockets.
//
// Families are created once at start (asserts on a duplicate name) and live as long as the
// registry. Threads: the loop's.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holmes {

// Beyond this many label sets the last label's value becomes "_other" and
// holmes_metrics_label_overflow_total{metric} counts it.
inline constexpr size_t kMaxLabelSets = 2000;

using LabelValues = std::vector<std::string>;  // in the order of the family's label names

// One series of a family, looked up once: for what is counted often. It starts at 0, and may be
// used until the family's remove() of these labels or the registry's end.
class Counter {
 public:
  explicit Counter(double& series) : series_(&series) {}
  // A counter never falls: what is not above 0 does not count.
  void add(double amount = 1) const {
    if (amount > 0) *series_ += amount;
  }

 private:
  double* series_;
};
class Gauge {
 public:
  explicit Gauge(double& series) : series_(&series) {}
  void set(double value) const { *series_ = value; }
  void add(double amount) const { *series_ += amount; }

 private:
  double* series_;
};
struct HistogramSeries;
class Histogram {
 public:
  explicit Histogram(HistogramSeries& series) : series_(&series) {}
  void observe(double value) const;

 private:
  HistogramSeries* series_;
};

class CounterFamily {
 public:
  virtual ~CounterFamily() = default;
  virtual Counter bind(const LabelValues& labels) = 0;
  virtual void add(const LabelValues& labels, double amount = 1) = 0;
  virtual void remove(const LabelValues& labels) = 0;
};

class GaugeFamily {
 public:
  virtual ~GaugeFamily() = default;
  virtual Gauge bind(const LabelValues& labels) = 0;
  virtual void set(const LabelValues& labels, double value) = 0;
  virtual void add(const LabelValues& labels, double amount) = 0;
  virtual void remove(const LabelValues& labels) = 0;
};

class HistogramFamily {
 public:
  virtual ~HistogramFamily() = default;
  virtual Histogram bind(const LabelValues& labels) = 0;
  virtual void observe(const LabelValues& labels, double value) = 0;
  virtual void remove(const LabelValues& labels) = 0;
};

class MetricsRegistry {
 public:
  // A function that is called before each exposition while this lives, to set gauges whose values
  // are only worth computing when somebody looks. The registry outlives it.
  class Refresh {
   public:
    Refresh(MetricsRegistry& registry, std::function<void()> refresh);
    ~Refresh();
    Refresh(const Refresh&) = delete;
    Refresh& operator=(const Refresh&) = delete;

   private:
    MetricsRegistry& registry_;
    std::list<std::function<void()>>::iterator place_;
  };

  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  CounterFamily& counter(const std::string& name, const std::string& help,
                         std::vector<std::string> label_names = {});
  GaugeFamily& gauge(const std::string& name, const std::string& help,
                     std::vector<std::string> label_names = {});
  // `buckets` are upper bounds in the metric's unit.
  HistogramFamily& histogram(const std::string& name, const std::string& help,
                             std::vector<double> buckets,
                             std::vector<std::string> label_names = {});

  // Prometheus text format 0.0.4.
  [[nodiscard]] std::string expose() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holmes
