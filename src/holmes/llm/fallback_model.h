// A model with others that answer when it cannot.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "base/log.h"
#include "holmes/llm/model.h"

namespace holmes {

// Whether another model may answer what this one could not: it is overloaded, rate limited, out of
// quota, failing, silent or out of reach. What is wrong with the request or the configuration (a
// key, a name) is told instead: a fallback would hide it for ever.
bool another_may_answer(const ModelError& error);

// Asks its models one after the other, each of which retries by itself, until one answers. One that
// would have no room before the check must end (Model::room_for) is not waited for while there is
// another.
//
// A conversation stays with the model that it came to: it is not mixed from two, and an overloaded
// model need not be waited for at each step. What only one model can read (ModelReply::opaque) is
// not sent to another, even one of the same wire format: signatures are those of a model.
class FallbackModel final : public Model {
 public:
  // The first is the one that is asked for, by its name; all outlive this.
  FallbackModel(Loop& loop, std::vector<Model*> models, Logger log);

  [[nodiscard]] const std::string& name() const override { return models_.front()->name(); }
  [[nodiscard]] std::optional<Price> price() const override { return models_.front()->price(); }
  [[nodiscard]] int64_t context_tokens_max() const override {
    return models_.front()->context_tokens_max();
  }
  // There is, when one of them has.
  [[nodiscard]] Status room_for(const std::string& ns,
                                std::chrono::nanoseconds patience) const override;
  // The error is that of the last model, with those before it in its words.
  Task<ModelResult> complete(ModelRequest request, Stop stop) override;

 private:
  [[nodiscard]] bool would_wait_too_long(const Model& model, const ModelRequest& request,
                                         const Stop& stop) const;

  Loop& loop_;
  std::vector<Model*> models_;
  Logger log_;
};

}  // namespace holmes
