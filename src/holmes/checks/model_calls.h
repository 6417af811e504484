// The model calls of one check: asks within stop and budget, and counts what they cost.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "holmes/checks/budget.h"
#include "holmes/checks/failure.h"
#include "holmes/checks/recording.h"
#include "holmes/llm/model.h"
#include "holmes/llm/token_estimate.h"

namespace holmes {

// Lives for one run, on the loop's thread; what is given by reference outlives it.
class ModelCalls {
 public:
  ModelCalls(Model& model, const CheckBudget& budget, DailySpending& day, Stop stop);

  // Told when a call begins; may be empty.
  std::function<void()> on_call{};
  Recording* recording = nullptr;  // is told of each reply
  ModelCaller caller{};            // for whom the model is asked

  // One reply with a finished text. Failures have the reasons of docs/verdicts.md; the model is not
  // asked when the stop came or a budget is used up.
  Task<Answer<ModelReply>> ask(ModelRequest request);

  // The name of the model that answered last; of the one that was asked when none did.
  [[nodiscard]] const std::string& answered_by() const {
    return stand_in_.empty() ? model_.name() : stand_in_;
  }
  // Calls that were begun; the last one may be under way.
  [[nodiscard]] int64_t begun() const { return begun_; }
  // How many more the budget has.
  [[nodiscard]] int64_t left() const { return budget_.model_calls_max - usage_.model_calls; }
  // Sums as providers told them, and the cost when all prices are known.
  [[nodiscard]] Usage usage() const;
  // Whether the last failure was a conversation that the model cannot read as a whole.
  [[nodiscard]] bool too_long() const { return too_long_; }

 private:
  [[nodiscard]] std::optional<std::string> used_up() const;
  void add(const ModelUsage& usage, const ModelRequest& request, const ModelReply& reply);
  [[nodiscard]] Failure failure(const ModelError& error) const;

  Model& model_;
  const CheckBudget& budget_;
  DailySpending& day_;
  Stop stop_;
  std::string stand_in_;  // who answers in place of the model
  bool answered_ = false;
  bool unpriced_ = false;  // a part of what was used has no known price: then the sum has none
  ModelUsage usage_;
  int64_t begun_ = 0;
  int64_t input_tokens_ = 0;  // against the budget: told or estimated
  int64_t output_tokens_ = 0;
  int64_t micro_usd_ = 0;
  std::chrono::nanoseconds waited_{0};  // for room at the model
  bool too_long_ = false;
};

}  // namespace holmes
