#include "holmes/llm/http_model.h"

#include <utility>

#include <fmt/format.h>

#include "holmes/llm/price.h"
#include "holmes/llm/provider_error.h"

namespace holmes {
namespace {

// Each attempt but the last gives up one capability; a request that stays wrong must end.
constexpr int64_t kMaxAttempts = 12;

}  // namespace

HttpModel::HttpModel(Loop& loop, HttpClient& http, std::unique_ptr<Wire> wire, std::string name,
                     Logger log, ModelTuning tuning)
    : loop_(loop),
      http_(http),
      wire_(std::move(wire)),
      name_(std::move(name)),
      log_(std::move(log)),
      tuning_(std::move(tuning)),
      can_(wire_->capabilities()),
      price_(price_with(tuning_.price, find_price(wire_->base_url(), wire_->model_id()))) {
  can_.cache_hints = tuning_.cache_hints.value_or(can_.cache_hints);
}

Task<ModelResult> HttpModel::complete(ModelRequest request, Stop stop) {
  request = tuned(tuning_, std::move(request));
  for (int64_t attempt = 1;; ++attempt) {
    // Another request may learn something while this one is under way.
    const Capabilities can = can_;
    if (!can.tools && !request.tools.empty() && request.may_call_tools) {
      co_return fail(
          ModelErrorKind::kInvalidRequest,
          fmt::format("the model '{}' cannot call tools, and a check needs one that can", name_));
    }
    auto [http, used] = encode(can, request);
    ModelResult reply = co_await ask(std::move(http), request.messages.size(), stop);
    if (reply) {
      reply->usage.model_calls = attempt;
      co_return as_asked(request, *std::move(reply));
    }
    const ModelError& error = reply.error();
    const bool again = attempt < kMaxAttempts && error.kind == ModelErrorKind::kInvalidRequest &&
                       give_up(error.message, wire_->refusal_words(), used, can_);
    if (!again) co_return fail(error.within(fmt::format("asking model '{}'", name_)));
    log_.info("the model's provider refuses a part of the request; leaving it out from now on",
              {{"model", name_}, {"error", static_cast<const Error&>(error)}});
  }
}

// What is sent is not kept in any other form: a thousand may be under way.
HttpModel::Sent HttpModel::encode(const Capabilities& can, const ModelRequest& request) const {
  const ModelRequest sent = within(can, request);
  Sent encoded{wire_->encode(sent, can, loop_.wall_now()), used_by(sent, can)};
  for (const auto& [name, value] : tuning_.headers) encoded.http.headers.set(name, value);
  return encoded;
}

Task<ModelResult> HttpModel::ask(HttpRequest http, size_t turn, Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + tuning_.call_time_max);
  const Result<HttpResponse> response = co_await http_.send(std::move(http), limit.stop());
  if (!response) {
    // The check may have time left, and another try or model be faster.
    if (response.error().code == ErrorCode::kTimeout && !stop.requested()) {
      co_return fail(ModelErrorKind::kTimeout,
                     fmt::format("no answer within {} seconds (LLM_REQUEST_TIMEOUT)",
                                 tuning_.call_time_max.count()));
    }
    // An answer without an end is none; it has nothing to do with the length of the conversation.
    if (response.error().code == ErrorCode::kTooLarge) {
      co_return fail(ModelErrorKind::kUnreadable, response.error().message);
    }
    co_return fail(ModelError(response.error()));
  }
  if (response->status != 200) {
    co_return fail(provider_error(*response, wire_->key_name(), loop_.wall_now()));
  }
  co_return wire_->decode(response->body, turn);
}

}  // namespace holmes
