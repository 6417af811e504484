#include "holmes/checks/replay.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "metrics/registry.h"

namespace holmes {
namespace {

class RecordedModel final : public Model {
 public:
  explicit RecordedModel(const Recording& recording) : recording_(recording) {}

  [[nodiscard]] const std::string& name() const override { return recording_.model; }
  Task<ModelResult> complete(ModelRequest /*request*/, Stop /*stop*/) override {
    if (next_ == recording_.turns.size()) {
      co_return fail(ModelErrorKind::kInvalidRequest,
                     "the recording has no further reply of the model");
    }
    co_return recording_.turns[next_++].reply;
  }

 private:
  const Recording& recording_;
  size_t next_ = 0;
};

// The calls of a recording, each answered once: the same call may have got another answer later.
using CallsLeft = std::vector<Recording::Call>;

class RecordedTool final : public Tool {
 public:
  RecordedTool(ToolSpec spec, CallsLeft& left)
      : info_{std::move(spec.name), std::move(spec.description), std::move(spec.parameters)},
        left_(left) {}

  [[nodiscard]] const ToolInfo& info() const override { return info_; }
  Task<ToolResult> run(json::object arguments, ToolContext /*context*/, Stop /*stop*/) override {
    const std::string text = redact(to_text(arguments));
    const auto found = std::ranges::find_if(left_, [&](const Recording::Call& call) {
      return call.tool == info_.name && call.arguments == text;
    });
    if (found == left_.end()) {
      co_return ToolResult{ToolOutcome::kFailed, "error: the recording has no such call"};
    }
    ToolResult result = std::move(found->result);
    left_.erase(found);
    co_return result;
  }

 private:
  ToolInfo info_;
  CallsLeft& left_;
};

}  // namespace

Task<CheckResponse> replay(Loop& loop, Recording recording, CheckRunnerOptions options, Logger log,
                           Stop stop) {
  CallsLeft left = recording.calls;
  std::vector<std::unique_ptr<Tool>> recorded;
  for (ToolSpec& spec : recording.tools) {
    const bool twice = std::ranges::any_of(
        recorded, [&](const auto& tool) { return tool->info().name == spec.name; });
    if (!twice) recorded.push_back(std::make_unique<RecordedTool>(std::move(spec), left));
  }
  const ToolTable tools(std::move(recorded));
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(std::make_unique<RecordedModel>(recording));
  const ModelTable table(std::move(models));
  MetricsRegistry metrics;
  CheckRunner runner(loop, table, tools, metrics, std::move(log), std::move(options));
  co_return co_await runner.run({recording.query, recording.name, ""}, std::move(stop));
}

}  // namespace holmes
