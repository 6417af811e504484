// A tool for tests: answers what it was told, after as long as it was told.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/wait.h"
#include "base/json.h"
#include "holmes/tools/tool.h"

namespace holmes {

class FakeTool final : public Tool {
 public:
  FakeTool(Loop& loop, std::string name, ToolResult result, std::chrono::milliseconds takes = {})
      : loop_(loop), result_(std::move(result)), takes_(takes) {
    info_.name = std::move(name);
    info_.description = "A tool of the tests.";
    info_.parameters = {{"type", "object"}};
  }

  [[nodiscard]] const ToolInfo& info() const override { return info_; }

  Task<ToolResult> run(json::object arguments, ToolContext context, Stop stop) override {
    namespaces.push_back(std::move(context.ns));
    received.push_back(to_text(arguments));
    if (takes_.count() > 0 && !(co_await sleep_for(loop_, takes_, stop))) {
      ++given_up;
      co_return ToolResult{ToolOutcome::kTimeout, "error: stopped"};
    }
    co_return result_;
  }

  std::vector<std::string> received;    // arguments, in the order of the calls
  std::vector<std::string> namespaces;  // of the calls' contexts
  int given_up = 0;                     // ended by the stop

 private:
  Loop& loop_;
  ToolInfo info_;
  ToolResult result_;
  std::chrono::milliseconds takes_;
};

}  // namespace holmes
