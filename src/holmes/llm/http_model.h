// A model behind HTTP: any provider whose wire format is known (wire.h).
#pragma once

#include <memory>
#include <string>

#include "async/loop.h"
#include "base/log.h"
#include "holmes/llm/model.h"
#include "holmes/llm/model_tuning.h"
#include "holmes/llm/wire.h"
#include "net/http.h"

namespace holmes {

// Sends each request once; only when the provider refuses something it need not be told
// (capabilities.h), the request goes out again at once without that, which is remembered.
// Loop and client outlive it. There is one of these for each entry of the model list.
class HttpModel final : public Model {
 public:
  // `name` is the configured one.
  HttpModel(Loop& loop, HttpClient& http, std::unique_ptr<Wire> wire, std::string name, Logger log,
            ModelTuning tuning = {});

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::optional<Price> price() const override { return price_; }
  [[nodiscard]] int64_t context_tokens_max() const override { return tuning_.context_tokens_max; }
  [[nodiscard]] const Wire& wire() const { return *wire_; }
  Task<ModelResult> complete(ModelRequest request, Stop stop) override;

 private:
  struct Sent {
    HttpRequest http;
    Capabilities used;
  };
  [[nodiscard]] Sent encode(const Capabilities& can, const ModelRequest& request) const;
  Task<ModelResult> ask(HttpRequest http, size_t turn, Stop stop);

  Loop& loop_;
  HttpClient& http_;
  std::unique_ptr<Wire> wire_;
  std::string name_;
  Logger log_;
  ModelTuning tuning_;
  Capabilities can_;
  std::optional<Price> price_;
};

}  // namespace holmes
