#include "holmes/llm/retry.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "async/wait.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;

bool may_pass_by_itself(const Error& error) {
  return error.code == ErrorCode::kRefused || error.code == ErrorCode::kUnavailable;
}

}  // namespace

ModelMetrics::ModelMetrics(MetricsRegistry& registry)
    : requests(registry.counter("holmes_model_requests_total",
                                "Requests to language models, each try counted.",
                                {"model", "outcome"})),
      tokens(registry.counter("holmes_model_tokens_total",
                              "Tokens of language models; cached_input is a part of input, "
                              "reasoning of output.",
                              {"model", "kind"})),
      retries(registry.counter("holmes_model_retries_total",
                               "Requests to language models that were tried again.", {"model"})) {}

RetryingModel::RetryingModel(Loop& loop, Random& random, std::unique_ptr<Model> inner,
                             ModelMetrics metrics, Logger log, RetryOptions options)
    : loop_(loop),
      random_(random),
      inner_(std::move(inner)),
      metrics_(metrics),
      log_(std::move(log)),
      options_(options) {}

Task<ModelResult> RetryingModel::complete(ModelRequest request, Stop stop) {
  std::chrono::nanoseconds waited{0};
  for (int tries = 1;; ++tries) {
    ModelResult reply = co_await inner_->complete(request, stop);
    count(reply);
    std::chrono::nanoseconds& told = reply ? reply->waited : reply.error().waited;
    waited = told += waited;
    if (reply) {
      reply->usage.model_calls += tries - 1;
      co_return reply;
    }
    ModelError& error = reply.error();
    error.asked = error.asked || tries > 1;
    if (!may_pass_by_itself(error)) co_return reply;
    if (tries > 1) error.message += fmt::format(" (try {})", tries);
    if (tries >= options_.tries_max) co_return reply;
    if (error.retry_after.value_or(milliseconds(0)) > options_.provider_wait_max) co_return reply;

    const milliseconds wait = wait_after(error, tries);
    if (stop.deadline() && loop_.mono_now() + wait >= *stop.deadline()) co_return reply;
    log_.warning("the model could not answer; asking again",
                 {{"model", name()}, {"error", error}, {"wait_ms", wait.count()}});
    const Status slept = co_await sleep_for(loop_, wait, stop);
    if (!slept) co_return fail(slept.error());
    metrics_.retries.add({name()});
  }
}

void RetryingModel::count(const ModelResult& reply) {
  if (!reply && !reply.error().asked) return;
  metrics_.requests.add({name(), reply ? "ok" : std::string(to_string(reply.error().code))});
  if (!reply) return;
  const ModelUsage& usage = reply->usage;
  metrics_.tokens.add({name(), "input"}, static_cast<double>(usage.input_tokens));
  metrics_.tokens.add({name(), "cached_input"}, static_cast<double>(usage.cached_input_tokens));
  metrics_.tokens.add({name(), "output"}, static_cast<double>(usage.output_tokens));
  metrics_.tokens.add({name(), "reasoning"}, static_cast<double>(usage.reasoning_tokens));
}

milliseconds RetryingModel::wait_after(const Error& error, int tries) {
  milliseconds most = options_.wait_min;
  for (int i = 0; i < tries && most < options_.wait_max; ++i) most *= 2;
  most = std::min(most, options_.wait_max);
  const double spread = static_cast<double>((most - options_.wait_min).count()) * random_.unit();
  const milliseconds wait = options_.wait_min + milliseconds(static_cast<int64_t>(spread));
  return std::max(wait, error.retry_after.value_or(milliseconds(0)));
}

}  // namespace holmes
