// Where calls wait for room at one model at one address.
//
// RetryingModel > QueuedModel > HttpModel: a call holds its place only while the provider is asked,
// not while it waits to be tried again. Namespaces with waiting calls take turns, so that one with
// a hundred does not hold up one with a single call. Within a namespace the check goes first that
// began first, or all would pass their deadlines together; of one check, the call that came first.
// How many calls may be under way is model_pace.h's business. Threads: the loop's.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "holmes/llm/http_model.h"
#include "holmes/llm/model.h"
#include "holmes/llm/model_limits.h"
#include "holmes/llm/model_pace.h"
#include "metrics/registry.h"

namespace holmes {

// Families of the queues; `model` is the configured name, the first of those that share a queue.
struct ModelQueueMetrics {
  GaugeFamily& depth;            // holmes_model_queue_depth{model}: calls that wait
  HistogramFamily& wait;         // holmes_model_queue_wait_seconds{model}: also of who gave up
  GaugeFamily& limit;            // holmes_model_concurrency_limit{model}
  GaugeFamily& calls_in_flight;  // holmes_model_calls_in_flight{model}

  explicit ModelQueueMetrics(MetricsRegistry& registry);
};

class ModelQueue {
 public:
  // Loop and registry outlive it, it outlives its calls.
  ModelQueue(Loop& loop, std::string name, const ModelLimits& limits,
             const ModelQueueMetrics& metrics, Logger log);
  ~ModelQueue();  // asserts that nobody waits
  ModelQueue(const ModelQueue&) = delete;
  ModelQueue& operator=(const ModelQueue&) = delete;

  struct Place {
    ModelPace::Call call;
    std::chrono::nanoseconds waited{0};
  };
  // Waits for room for a call of about that many tokens; the place must be left again. When the
  // stop comes first, the call leaves the queue at once and the error says how long it waited, and
  // that nothing was asked.
  Task<std::expected<Place, ModelError>> enter(ModelCaller caller, int64_t tokens, Stop stop);
  // What became of the call; kNoRoom and a provider's wish to be asked later concern all calls.
  void leave(const Place& place, const ModelPace::End& end);

  // See Model::room_for. There is none when as many calls wait as may, unless this namespace has
  // less than its share of them; nor when a call would wait longer than the patience.
  [[nodiscard]] Status room_for(const std::string& ns, std::chrono::nanoseconds patience) const;
  // False: enter() and leave() need not be told tokens.
  [[nodiscard]] bool counts_tokens() const { return pace_.limits_tokens(); }
  // Makes the limits stricter. Before the first call.
  void restrict_to(const ModelLimits& limits);

 private:
  struct Waiting;
  // Of one namespace, by when their checks began, then by arrival.
  using Line = std::map<std::pair<MonoTime, uint64_t>, Waiting*>;
  using Lines = std::map<std::string, Line>;

  void admit();
  Lines::iterator next_line();
  void remove(const Waiting& waiting);
  // Waiting calls that go before one more of this namespace.
  [[nodiscard]] int64_t calls_before(const std::string& ns) const;
  [[nodiscard]] bool is_full_for(const std::string& ns) const;
  void tell() const;

  Loop& loop_;
  const std::string name_;
  ModelLimits limits_;
  Logger log_;
  Gauge depth_metric_;
  Histogram wait_metric_;
  Gauge limit_metric_;
  Gauge calls_in_flight_metric_;
  ModelPace pace_;
  Lines lines_;          // none is empty
  std::string last_ns_;  // whose turn it was
  uint64_t arrivals_ = 0;
  int64_t depth_ = 0;
  Timer next_admission_;
};

// A model that is asked when its queue says so.
class QueuedModel final : public Model {
 public:
  QueuedModel(std::shared_ptr<ModelQueue> queue, std::unique_ptr<Model> inner)
      : queue_(std::move(queue)), inner_(std::move(inner)) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] std::optional<Price> price() const override { return inner_->price(); }
  [[nodiscard]] int64_t context_tokens_max() const override { return inner_->context_tokens_max(); }
  [[nodiscard]] Status room_for(const std::string& ns,
                                std::chrono::nanoseconds patience) const override {
    return queue_->room_for(ns, patience);
  }
  Task<ModelResult> complete(ModelRequest request, Stop stop) override;

 private:
  std::shared_ptr<ModelQueue> queue_;
  std::unique_ptr<Model> inner_;
};

// Makes the queues of a model table: one for each model at one address, whatever its names.
class ModelQueues {
 public:
  // Registers the families with the first queue: use one of these per registry.
  ModelQueues(Loop& loop, MetricsRegistry& registry, Logger log)
      : loop_(loop), registry_(registry), log_(std::move(log)) {}

  // The model behind its queue. Of two names' limits the stricter ones hold. Before the first call.
  std::unique_ptr<Model> put_before(std::unique_ptr<HttpModel> model, const ModelLimits& limits);

 private:
  Loop& loop_;
  MetricsRegistry& registry_;
  Logger log_;
  std::optional<ModelQueueMetrics> metrics_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<ModelQueue>> by_address_;
};

}  // namespace holmes
