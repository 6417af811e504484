#include "metrics/registry.h"

#include <map>
#include <set>
#include <sstream>
#include <unordered_map>

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/assert.h"

namespace holmes {
namespace {

constexpr const char* kOther = "_other";

struct HashOfValues {
  size_t operator()(const LabelValues& values) const {
    size_t hash = 0;
    for (const std::string& value : values) hash = hash * 31 + std::hash<std::string>()(value);
    return hash;
  }
};

// Maps label values to the metric of that set, within the limit. prometheus-cpp looks a metric up
// by building and hashing a map of labels; this does it once per set.
template <class Metric>
class LabelSets {
 public:
  LabelSets(prometheus::Family<Metric>& family, std::vector<std::string> names,
            prometheus::Family<prometheus::Counter>& overflow)
      : family_(family), names_(std::move(names)), overflow_(overflow) {}

  template <class... Args>
  Metric& get(const LabelValues& values, const Args&... args) {
    HOLMES_ASSERT(values.size() == names_.size());
    if (const auto found = sets_.find(values); found != sets_.end()) return *found->second;
    LabelValues kept = values;
    if (sets_.size() >= kMaxLabelSets && !kept.empty()) {
      overflow_.Add({{"metric", family_.GetName()}}).Increment();
      kept.back() = kOther;
      if (const auto found = sets_.find(kept); found != sets_.end()) return *found->second;
    }
    std::map<std::string, std::string> labels;
    for (size_t i = 0; i < names_.size(); ++i) labels.emplace(names_[i], kept[i]);
    Metric& metric = family_.Add(labels, args...);
    sets_.emplace(std::move(kept), &metric);
    return metric;
  }

  void remove(const LabelValues& values) {
    const auto found = sets_.find(values);
    if (found == sets_.end()) return;
    family_.Remove(found->second);
    sets_.erase(found);
  }

 private:
  prometheus::Family<Metric>& family_;
  std::vector<std::string> names_;
  prometheus::Family<prometheus::Counter>& overflow_;
  std::unordered_map<LabelValues, Metric*, HashOfValues> sets_;
};

class Counters final : public CounterFamily {
 public:
  explicit Counters(auto&&... args) : sets_(std::forward<decltype(args)>(args)...) {}
  Counter bind(const LabelValues& labels) override { return Counter(&sets_.get(labels)); }
  void add(const LabelValues& labels, double amount) override {
    sets_.get(labels).Increment(amount);
  }
  void remove(const LabelValues& labels) override { sets_.remove(labels); }

 private:
  LabelSets<prometheus::Counter> sets_;
};

class Gauges final : public GaugeFamily {
 public:
  explicit Gauges(auto&&... args) : sets_(std::forward<decltype(args)>(args)...) {}
  Gauge bind(const LabelValues& labels) override { return Gauge(&sets_.get(labels)); }
  void set(const LabelValues& labels, double value) override { sets_.get(labels).Set(value); }
  void add(const LabelValues& labels, double amount) override {
    sets_.get(labels).Increment(amount);
  }
  void remove(const LabelValues& labels) override { sets_.remove(labels); }

 private:
  LabelSets<prometheus::Gauge> sets_;
};

class Histograms final : public HistogramFamily {
 public:
  Histograms(prometheus::Family<prometheus::Histogram>& family, std::vector<std::string> names,
             prometheus::Family<prometheus::Counter>& overflow, std::vector<double> buckets)
      : sets_(family, std::move(names), overflow), buckets_(std::move(buckets)) {}
  Histogram bind(const LabelValues& labels) override {
    return Histogram(&sets_.get(labels, buckets_));
  }
  void observe(const LabelValues& labels, double value) override {
    sets_.get(labels, buckets_).Observe(value);
  }
  void remove(const LabelValues& labels) override { sets_.remove(labels); }

 private:
  LabelSets<prometheus::Histogram> sets_;
  std::vector<double> buckets_;
};

}  // namespace

void Counter::add(double amount) const {
  static_cast<prometheus::Counter*>(series_)->Increment(amount);
}
void Gauge::set(double value) const {
  static_cast<prometheus::Gauge*>(series_)->Set(value);
}
void Gauge::add(double amount) const {
  static_cast<prometheus::Gauge*>(series_)->Increment(amount);
}
void Histogram::observe(double value) const {
  static_cast<prometheus::Histogram*>(series_)->Observe(value);
}

struct MetricsRegistry::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& overflow =
      prometheus::BuildCounter()
          .Name("holmes_metrics_label_overflow_total")
          .Help("Label sets beyond the limit of a metric, counted under _other.")
          .Register(registry);
  std::set<std::string> names;
  std::vector<std::unique_ptr<CounterFamily>> counters;
  std::vector<std::unique_ptr<GaugeFamily>> gauges;
  std::vector<std::unique_ptr<HistogramFamily>> histograms;
  std::list<std::function<void()>> refreshes;

  void take_name(const std::string& name) { HOLMES_ASSERT(names.insert(name).second); }
};

MetricsRegistry::MetricsRegistry() : impl_(std::make_unique<Impl>()) {}
MetricsRegistry::~MetricsRegistry() = default;

CounterFamily& MetricsRegistry::counter(const std::string& name, const std::string& help,
                                        std::vector<std::string> label_names) {
  impl_->take_name(name);
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  const bool single = label_names.empty();
  impl_->counters.push_back(
      std::make_unique<Counters>(family, std::move(label_names), impl_->overflow));
  if (single) impl_->counters.back()->add({}, 0);  // an unlabelled series exists from the start
  return *impl_->counters.back();
}

GaugeFamily& MetricsRegistry::gauge(const std::string& name, const std::string& help,
                                    std::vector<std::string> label_names) {
  impl_->take_name(name);
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  const bool single = label_names.empty();
  impl_->gauges.push_back(
      std::make_unique<Gauges>(family, std::move(label_names), impl_->overflow));
  if (single) impl_->gauges.back()->set({}, 0);
  return *impl_->gauges.back();
}

HistogramFamily& MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                            std::vector<double> buckets,
                                            std::vector<std::string> label_names) {
  impl_->take_name(name);
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  impl_->histograms.push_back(std::make_unique<Histograms>(family, std::move(label_names),
                                                           impl_->overflow, std::move(buckets)));
  return *impl_->histograms.back();
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
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
  return out.str();
}

}  // namespace holmes
