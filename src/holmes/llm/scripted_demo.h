// `scripted/demo`: a model without a network, for trying Holmes out.
//
// It computes. From the question it picks the calls of the Kubernetes tools (demo_question.h), from
// their answers its findings (demo_reading.h), and from the findings the verdict. It knows a few
// kinds of questions by their words; any other it declines, and says how to get a real model.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "holmes/llm/model.h"

namespace holmes {

inline constexpr std::string_view kScriptedDemo = "scripted/demo";

struct ScriptedDemoOptions {
  std::chrono::milliseconds delay{0};  // of each answer, so that people can watch it
};

// Keeps nothing between requests: it reads the conversation anew each time.
class ScriptedDemo final : public Model {
 public:
  // The loop outlives it.
  explicit ScriptedDemo(Loop& loop, ScriptedDemoOptions options = {});

  [[nodiscard]] const std::string& name() const override { return name_; }
  // Fails by the stop only. A question that it does not understand is a refusal; tokens are 0.
  Task<ModelResult> complete(ModelRequest request, Stop stop) override;

 private:
  Loop& loop_;
  ScriptedDemoOptions options_;
  std::string name_{kScriptedDemo};
};

// Its answer at once. Pure.
ModelReply scripted_demo_reply(const ModelRequest& request);

}  // namespace holmes
