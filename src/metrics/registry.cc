#include "metrics/registry.h"

#include <algorithm>
#include <limits>
#include <set>
#include <sstream>
#include <unordered_map>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/assert.h"

namespace holmes {

struct HistogramSeries {
  explicit HistogramSeries(const std::vector<double>& upper_bounds)
      : bounds(&upper_bounds), counts(upper_bounds.size() + 1) {}

  const std::vector<double>* bounds;  // the family's
  std::vector<uint64_t> counts;       // of each bucket alone; the last one has no bound
  double sum = 0;
};

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr const char* kOther = "_other";

struct Description {
  std::string name;
  std::string help;
  std::vector<std::string> labels;
};

struct HashOfValues {
  size_t operator()(const LabelValues& values) const {
    size_t hash = 0;
    for (const std::string& value : values) hash = hash * 31 + std::hash<std::string>()(value);
    return hash;
  }
};

void write(double value, ClientMetric& metric) {
  metric.counter.value = metric.gauge.value = value;  // the family's type says which is read
}

void write(const HistogramSeries& series, ClientMetric& metric) {
  ClientMetric::Histogram& histogram = metric.histogram;
  for (size_t i = 0; i < series.counts.size(); ++i) {
    const bool last = i == series.bounds->size();
    const double bound = last ? std::numeric_limits<double>::infinity() : (*series.bounds)[i];
    histogram.sample_count += series.counts[i];
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = series.sum;
}

class Collected {
 public:
  virtual ~Collected() = default;
  [[nodiscard]] virtual MetricFamily collect() const = 0;
};

// Maps label values to the series of that set, within the limit. A series stays where it is.
template <class Series>
class LabelSets {
 public:
  // `overflow` is null for the family that counts the overflow.
  LabelSets(Description about, CounterFamily* overflow)
      : about_(std::move(about)), overflow_(overflow) {}

  template <class... Args>
  Series& get(const LabelValues& values, const Args&... args) {
    HOLMES_ASSERT(values.size() == about_.labels.size());
    const bool full = sets_.size() >= kMaxLabelSets && !values.empty() && overflow_ != nullptr;
    if (!full) return sets_.try_emplace(values, args...).first->second;
    if (const auto found = sets_.find(values); found != sets_.end()) return found->second;
    overflow_->add({about_.name});
    LabelValues other = values;
    other.back() = kOther;
    return sets_.try_emplace(std::move(other), args...).first->second;
  }

  void remove(const LabelValues& values) { sets_.erase(values); }

  [[nodiscard]] MetricFamily collect(MetricType type) const {
    MetricFamily family{about_.name, about_.help, type, {}};
    family.metric.reserve(sets_.size());
    for (const auto& [values, series] : sets_) {
      ClientMetric& metric = family.metric.emplace_back();
      for (size_t i = 0; i < values.size(); ++i) {
        metric.label.push_back({about_.labels[i], values[i]});
      }
      std::ranges::sort(metric.label, {}, &ClientMetric::Label::name);
      write(series, metric);
    }
    return family;
  }

 private:
  Description about_;
  CounterFamily* overflow_;
  std::unordered_map<LabelValues, Series, HashOfValues> sets_;
};

class Counters final : public CounterFamily, public Collected {
 public:
  Counters(Description about, CounterFamily* overflow) : sets_(std::move(about), overflow) {}
  Counter bind(const LabelValues& labels) override { return Counter(sets_.get(labels)); }
  void add(const LabelValues& labels, double amount) override { bind(labels).add(amount); }
  void remove(const LabelValues& labels) override { sets_.remove(labels); }
  [[nodiscard]] MetricFamily collect() const override { return sets_.collect(MetricType::Counter); }

 private:
  LabelSets<double> sets_;
};

class Gauges final : public GaugeFamily, public Collected {
 public:
  Gauges(Description about, CounterFamily* overflow) : sets_(std::move(about), overflow) {}
  Gauge bind(const LabelValues& labels) override { return Gauge(sets_.get(labels)); }
  void set(const LabelValues& labels, double value) override { sets_.get(labels) = value; }
  void add(const LabelValues& labels, double amount) override { sets_.get(labels) += amount; }
  void remove(const LabelValues& labels) override { sets_.remove(labels); }
  [[nodiscard]] MetricFamily collect() const override { return sets_.collect(MetricType::Gauge); }

 private:
  LabelSets<double> sets_;
};

class Histograms final : public HistogramFamily, public Collected {
 public:
  Histograms(Description about, std::vector<double> buckets, CounterFamily* overflow)
      : sets_(std::move(about), overflow), buckets_(std::move(buckets)) {
    HOLMES_ASSERT(std::ranges::is_sorted(buckets_));
  }
  Histogram bind(const LabelValues& labels) override {
    return Histogram(sets_.get(labels, buckets_));
  }
  void observe(const LabelValues& labels, double value) override { bind(labels).observe(value); }
  void remove(const LabelValues& labels) override { sets_.remove(labels); }
  [[nodiscard]] MetricFamily collect() const override {
    return sets_.collect(MetricType::Histogram);
  }

 private:
  LabelSets<HistogramSeries> sets_;
  std::vector<double> buckets_;
};

}  // namespace

void Histogram::observe(double value) const {
  const std::vector<double>& bounds = *series_->bounds;
  ++series_->counts[static_cast<size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin())];
  series_->sum += value;
}

struct MetricsRegistry::Impl {
  std::set<std::string> names;
  std::vector<std::unique_ptr<Collected>> families;
  std::list<std::function<void()>> refreshes;
  CounterFamily* overflow = nullptr;

  template <class Family, class... Args>
  Family& add(Description about, Args&&... args) {
    HOLMES_ASSERT(names.insert(about.name).second);
    auto family = std::make_unique<Family>(std::move(about), std::forward<Args>(args)..., overflow);
    Family& added = *family;
    families.push_back(std::move(family));
    return added;
  }
};

MetricsRegistry::MetricsRegistry() : impl_(std::make_unique<Impl>()) {
  impl_->overflow =
      &counter("holmes_metrics_label_overflow_total",
               "Label sets beyond the limit of a metric, counted under _other.", {"metric"});
}
MetricsRegistry::~MetricsRegistry() = default;

// An unlabelled series exists from the start.
CounterFamily& MetricsRegistry::counter(const std::string& name, const std::string& help,
                                        std::vector<std::string> label_names) {
  const bool single = label_names.empty();
  auto& family = impl_->add<Counters>({name, help, std::move(label_names)});
  if (single) family.bind({});
  return family;
}

GaugeFamily& MetricsRegistry::gauge(const std::string& name, const std::string& help,
                                    std::vector<std::string> label_names) {
  const bool single = label_names.empty();
  auto& family = impl_->add<Gauges>({name, help, std::move(label_names)});
  if (single) family.bind({});
  return family;
}

HistogramFamily& MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                            std::vector<double> buckets,
                                            std::vector<std::string> label_names) {
  return impl_->add<Histograms>({name, help, std::move(label_names)}, std::move(buckets));
}

MetricsRegistry::Refresh::Refresh(MetricsRegistry& registry, std::function<void()> refresh)
    : registry_(registry),
      place_(
          registry.impl_->refreshes.insert(registry.impl_->refreshes.end(), std::move(refresh))) {}
MetricsRegistry::Refresh::~Refresh() {
  registry_.impl_->refreshes.erase(place_);
}

std::string MetricsRegistry::expose() const {
  for (const auto& refresh : impl_->refreshes) refresh();
  std::vector<MetricFamily> families;
  for (const auto& family : impl_->families) {
    MetricFamily collected = family->collect();
    if (!collected.metric.empty()) families.push_back(std::move(collected));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace holmes
