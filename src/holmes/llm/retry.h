// A model that asks again when asking again may help.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "api/check.h"
#include "async/loop.h"
#include "async/random.h"
#include "base/log.h"
#include "holmes/llm/model.h"
#include "metrics/registry.h"

namespace holmes {

// Families of the model side, registered once per registry.
struct ModelMetrics {
  CounterFamily& requests;  // holmes_model_requests_total{model,outcome}; each try counts
  CounterFamily& tokens;    // holmes_model_tokens_total{model,kind}: input, cached_input, output,
                            // reasoning
  CounterFamily& retries;   // holmes_model_retries_total{model}

  explicit ModelMetrics(MetricsRegistry& registry);
};

struct RetryOptions {
  int tries_max = 4;
  // The n-th wait is random between wait_min and min(wait_max, wait_min * 2^n), and never shorter
  // than what the provider asked for.
  std::chrono::milliseconds wait_min = std::chrono::seconds(1);
  std::chrono::milliseconds wait_max = std::chrono::seconds(30);
  // A provider that asks for a longer wait is not asked again: no check lasts that long.
  std::chrono::milliseconds provider_wait_max = kMaxCheckTimeout;
};

// Retries what may pass by itself (rate limits, overload, 5xx, no or a broken connection; no used
// up quota) until the stop or tries_max; everything else is returned as it is. A wait that the
// deadline would end is not begun: the error is the one that asked for it, and comes at once.
// Counts requests, tokens and retries.
class RetryingModel final : public Model {
 public:
  RetryingModel(Loop& loop, Random& random, std::unique_ptr<Model> inner, ModelMetrics metrics,
                Logger log, RetryOptions options = {});

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] std::optional<Price> price() const override { return inner_->price(); }
  [[nodiscard]] int64_t context_tokens_max() const override { return inner_->context_tokens_max(); }
  [[nodiscard]] Status room_for(const std::string& ns,
                                std::chrono::nanoseconds patience) const override {
    return inner_->room_for(ns, patience);
  }
  Task<ModelResult> complete(ModelRequest request, Stop stop) override;

 private:
  void count(const ModelResult& reply);
  std::chrono::milliseconds wait_after(const Error& error, int tries);

  Loop& loop_;
  Random& random_;
  std::unique_ptr<Model> inner_;
  ModelMetrics metrics_;
  Logger log_;
  RetryOptions options_;
};

}  // namespace holmes
