#include "holmes/checks/model_calls.h"

#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/llm/price.h"
#include "holmes/tools/tool.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 500;
constexpr std::chrono::milliseconds kWaitWorthTelling{100};

std::string used(std::string_view what, int64_t amount, int64_t limit) {
  return fmt::format("the check used {} {}, its limit is {}", amount, what, limit);
}

}  // namespace

ModelCalls::ModelCalls(Model& model, const CheckBudget& budget, DailySpending& day, Stop stop)
    : model_(model), budget_(budget), day_(day), stop_(std::move(stop)) {}

Task<Answer<ModelReply>> ModelCalls::ask(ModelRequest request) {
  too_long_ = false;
  if (stop_.requested()) co_return std::unexpected(failure(stop_.error("asking the model")));
  if (auto why = used_up()) co_return none(ErrorReason::kBudgetExceeded, *std::move(why));
  ++begun_;
  if (on_call) on_call();
  request.stand_in = stand_in_;
  request.caller = caller;
  const ModelResult reply = co_await model_.complete(request, stop_);
  waited_ += reply ? reply->waited : reply.error().waited;
  if (recording != nullptr) recording->add(request, reply);
  if (!reply) {
    if (reply.error().asked) ++usage_.model_calls;
    too_long_ = reply.error().kind == ModelErrorKind::kContextTooLong;
    co_return std::unexpected(failure(reply.error()));
  }
  stand_in_ = reply->stand_in ? reply->stand_in->name : "";
  add(reply->usage, request, *reply);
  if (!reply->refusal.empty()) {
    const std::string refusal = cut(redact(to_valid_utf8(reply->refusal)), kMaxQuotedBytes);
    co_return none(ErrorReason::kUnparsable, "the model declined to answer: " + refusal);
  }
  if (reply->finish != FinishReason::kStop && reply->finish != FinishReason::kToolCalls) {
    co_return none(ErrorReason::kUnparsable,
                   fmt::format("the model's text is unfinished ({})", to_string(reply->finish)));
  }
  co_return *reply;
}

Usage ModelCalls::usage() const {
  Usage usage;
  usage.model_calls = usage_.model_calls;
  usage.input_tokens = usage_.input_tokens;
  usage.cached_input_tokens = usage_.cached_input_tokens;
  usage.output_tokens = usage_.output_tokens;
  const bool priced = answered_ ? !unpriced_ : model_.price().has_value();
  if (priced) usage.cost_usd = format_usd(micro_usd_);
  return usage;
}

std::optional<std::string> ModelCalls::used_up() const {
  if (left() <= 0) return used("model calls", usage_.model_calls, budget_.model_calls_max);
  if (input_tokens_ >= budget_.input_tokens_max) {
    return used("input tokens", input_tokens_, budget_.input_tokens_max);
  }
  if (output_tokens_ >= budget_.output_tokens_max) {
    return used("output tokens", output_tokens_, budget_.output_tokens_max);
  }
  if (budget_.micro_usd_max > 0 && micro_usd_ >= budget_.micro_usd_max) {
    return fmt::format("the check cost {} USD, its limit is {} USD", format_usd(micro_usd_),
                       format_usd(budget_.micro_usd_max));
  }
  if (day_.used_up()) {
    return fmt::format("all checks of this day (UTC) used up the server's daily limit of {} USD",
                       format_usd(day_.micro_usd_max()));
  }
  return std::nullopt;
}

void ModelCalls::add(const ModelUsage& told, const ModelRequest& request, const ModelReply& reply) {
  usage_.model_calls += told.model_calls;
  usage_.input_tokens += told.input_tokens;
  usage_.cached_input_tokens += told.cached_input_tokens;
  usage_.cache_write_tokens += told.cache_write_tokens;
  usage_.output_tokens += told.output_tokens;
  usage_.reasoning_tokens += told.reasoning_tokens;
  // Budgets hold for providers that do not tell their usage, too.
  ModelUsage charged = told;
  if (told.input_tokens + told.output_tokens == 0) {
    charged.input_tokens = estimate_tokens(request);
    charged.output_tokens = estimate_tokens(reply);
  }
  input_tokens_ += charged.input_tokens;
  output_tokens_ += charged.output_tokens;
  const std::optional<Price> price = reply.stand_in ? reply.stand_in->price : model_.price();
  answered_ = true;
  unpriced_ |= !price.has_value();
  if (!price) return;
  const int64_t cost = cost_micro_usd(*price, charged);
  micro_usd_ += cost;
  day_.add(cost);
}

Failure ModelCalls::failure(const ModelError& error) const {
  if (stop_.reason() == StopReason::kCancelled) {
    return {ErrorReason::kCancelled, "the check was cancelled", ""};
  }
  if (error.code == ErrorCode::kTimeout && stop_.requested()) {
    std::string why = "the check's time limit passed before there was a verdict";
    if (waited_ >= kWaitWorthTelling) {
      why += fmt::format("; it waited {:.1f} s for room at the model '{}'",
                         std::chrono::duration<double>(waited_).count(), model_.name());
    }
    return {ErrorReason::kTimeout, std::move(why), ""};
  }
  if (error.code == ErrorCode::kTooLarge) return {ErrorReason::kBudgetExceeded, error.message, ""};
  if (error.kind == ModelErrorKind::kContentRefused) {
    return {ErrorReason::kUnparsable, error.message, ""};
  }
  return {ErrorReason::kModelUnavailable, error.message, ""};
}

}  // namespace holmes
