// A model for tests that says what its script says, turn by turn.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/wait.h"
#include "holmes/llm/model.h"

namespace holmes {

class FakeModel final : public Model {
 public:
  struct Turn {
    ModelResult reply;
    std::chrono::milliseconds takes{0};
  };

  FakeModel(Loop& loop, std::vector<Turn> script, std::string name = "fake")
      : loop_(loop), script_(script.begin(), script.end()), name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::optional<Price> price() const override { return known_price; }
  [[nodiscard]] int64_t context_tokens_max() const override { return said_context_tokens_max; }
  [[nodiscard]] Status room_for(const std::string& /*ns*/,
                                std::chrono::nanoseconds /*patience*/) const override {
    if (full) return fail(ErrorCode::kRefused, "no room");
    return {};
  }

  Task<ModelResult> complete(ModelRequest request, Stop stop) override {
    requests.push_back(std::move(request));
    if (script_.empty()) co_return fail(ErrorCode::kInternal, "the script has ended");
    Turn turn = std::move(script_.front());
    script_.pop_front();
    if (turn.takes.count() > 0) {
      const Status slept = co_await sleep_for(loop_, turn.takes, stop);
      if (!slept) {
        ++given_up;
        co_return fail(slept.error());
      }
    }
    co_return std::move(turn.reply);
  }

  std::vector<ModelRequest> requests;  // as they came, oldest first
  std::optional<Price> known_price;
  int64_t said_context_tokens_max = 0;
  bool full = false;  // has no room for anybody
  int given_up = 0;   // ended by the stop

 private:
  Loop& loop_;
  std::deque<Turn> script_;
  std::string name_;
};

inline ModelReply says(std::string text) {
  ModelReply reply;
  reply.content = std::move(text);
  reply.usage.model_calls = 1;
  return reply;
}

inline ModelReply calls(std::vector<ToolCall> tool_calls) {
  ModelReply reply = says("");
  reply.tool_calls = std::move(tool_calls);
  reply.finish = FinishReason::kToolCalls;
  return reply;
}

}  // namespace holmes
