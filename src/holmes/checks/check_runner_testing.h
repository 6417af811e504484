// A check runner over scripted models and tools.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "base/json.h"
#include "holmes/checks/check_runner.h"
#include "holmes/checks/fake_tool_testing.h"
#include "holmes/llm/fake_model_testing.h"

namespace holmes {

inline const ToolCall kGet{"c1", "get", R"({"kind":"Pod"})"};

inline FakeModel::Turn verdict(std::string_view verdict,
                               std::string_view rationale = "3 of 3 pods are ready.") {
  return {says(to_text(json::object{{"rationale", rationale}, {"verdict", verdict}}))};
}

class CheckRunnerTest : public testing::Test {
 protected:
  void add_tool(ToolOutcome outcome, std::string text, std::chrono::milliseconds takes = {},
                std::string name = "get") {
    auto tool = std::make_unique<FakeTool>(loop_, std::move(name),
                                           ToolResult{outcome, std::move(text)}, takes);
    tool_ = tool.get();
    tools_.push_back(std::move(tool));
  }

  CheckResponse run(std::vector<FakeModel::Turn> script, Stop stop = {},
                    CheckQuestion question = {"Are all pods healthy?", "shop/frontend", ""}) {
    auto model = std::make_unique<FakeModel>(loop_, std::move(script));
    model_ = model.get();
    model_->known_price = price_;
    model_->said_context_tokens_max = context_tokens_max_;
    std::vector<std::unique_ptr<Model>> models;
    models.push_back(std::move(model));
    models_ = ModelTable(std::move(models));
    if (tools_.empty()) add_tool(ToolOutcome::kAnswered, "3/3 ready");
    table_.emplace(std::exchange(tools_, {}));
    runner_.emplace(loop_, models_, *table_, *metrics_, log_, options_);
    return loop_.run(runner_->run(std::move(question), std::move(stop)));
  }

  // For tests with several runs: nothing is left of the run before.
  void start_over() {
    runner_.reset();
    tools_.clear();
    metrics_.emplace();
  }

  static void expect_error(const CheckResponse& response, ErrorReason reason) {
    EXPECT_EQ(response.status, CheckStatus::kError) << response.message;
    ASSERT_TRUE(response.reason) << response.message;
    EXPECT_EQ(to_string(*response.reason), to_string(reason)) << response.message;
    EXPECT_FALSE(response.error.empty());
    EXPECT_EQ(response.message,
              limit_length("Check errored: " + response.error, kMaxMessageLength));
  }

  VirtualLoop loop_;
  std::optional<MetricsRegistry> metrics_{std::in_place};
  CheckRunnerOptions options_;
  std::optional<Price> price_;
  int64_t context_tokens_max_ = 0;  // of the model
  ModelTable models_;
  std::vector<std::unique_ptr<Tool>> tools_;
  std::optional<ToolTable> table_;
  std::optional<CheckRunner> runner_;
  Logger log_;
  FakeModel* model_ = nullptr;
  FakeTool* tool_ = nullptr;
};

}  // namespace holmes
