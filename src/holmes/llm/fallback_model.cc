#include "holmes/llm/fallback_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"

namespace holmes {
namespace {

// Whose opaque content a message has, as a member beside it.
constexpr std::string_view kAuthor = "model";

ModelRequest readable_for(const Model& model, ModelRequest request) {
  // Whoever shares the messages keeps sharing them while there is nothing to take out.
  for (size_t i = 0; i < request.messages.size(); ++i) {
    const json::value& opaque = request.messages[i].opaque;
    const bool readable = opaque.is_null() || json_string(opaque, {kAuthor}) == model.name();
    if (!readable) request.messages.change()[i].opaque = nullptr;
  }
  return request;
}

}  // namespace

bool another_may_answer(const ModelError& error) {
  switch (error.kind) {
    case ModelErrorKind::kQuotaExhausted:
    case ModelErrorKind::kRateLimited:
    case ModelErrorKind::kOverloaded:
    case ModelErrorKind::kServerError:
    case ModelErrorKind::kNoConnection:
    case ModelErrorKind::kTimeout:
      return true;
    default:
      return false;
  }
}

FallbackModel::FallbackModel(Loop& loop, std::vector<Model*> models, Logger log)
    : loop_(loop), models_(std::move(models)), log_(std::move(log)) {
  HOLMES_ASSERT(!models_.empty());
}

Status FallbackModel::room_for(const std::string& ns, std::chrono::nanoseconds patience) const {
  Status first = models_.front()->room_for(ns, patience);
  const bool any = first || std::ranges::any_of(models_, [&](const Model* model) {
                     return model->room_for(ns, patience).has_value();
                   });
  if (any) return {};
  return first;
}

bool FallbackModel::would_wait_too_long(const Model& model, const ModelRequest& request,
                                        const Stop& stop) const {
  if (!stop.deadline()) return false;
  return !model.room_for(request.caller.ns, *stop.deadline() - loop_.mono_now());
}

Task<ModelResult> FallbackModel::complete(ModelRequest request, Stop stop) {
  const auto known = std::ranges::find(models_, request.stand_in, &Model::name);
  size_t at = known == models_.end() ? 0 : static_cast<size_t>(known - models_.begin());
  int64_t failed = 0;
  std::chrono::nanoseconds waited{0};
  for (std::string before;; ++at) {
    Model& model = *models_[at];
    const bool last = at + 1 == models_.size();
    if (!last && would_wait_too_long(model, request, stop)) {
      before = fmt::format("; before it: the model '{}' has no room{}", model.name(), before);
      continue;
    }
    ModelResult reply = co_await model.complete(readable_for(model, request), stop);
    std::chrono::nanoseconds& told = reply ? reply->waited : reply.error().waited;
    waited = told += waited;
    if (reply) {
      reply->usage.model_calls += failed;
      if (json::object* opaque = reply->opaque.if_object()) (*opaque)[kAuthor] = model.name();
      if (at > 0) reply->stand_in = StandIn{model.name(), model.price()};
      co_return reply;
    }
    ModelError& error = reply.error();
    if (error.asked) ++failed;
    if (last || stop.requested() || !another_may_answer(error)) {
      error.message += before;
      error.asked = failed > 0;
      co_return reply;
    }
    log_.warning("the model could not answer; asking another one",
                 {{"model", model.name()},
                  {"fallback", models_[at + 1]->name()},
                  {"error", static_cast<const Error&>(error)}});
    before = fmt::format("; before it: {}{}", error.message, before);
  }
}

}  // namespace holmes
